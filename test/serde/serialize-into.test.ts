import fc from 'fast-check';
import { serdes, type Serde } from '../../src/index';
import { MARKER, orMarker } from '../../src/serde/marker';
import { ReusedBytes } from '../../src/serde/reused-bytes';
import { windowKeys } from '../../src/serde/timed-keys';

const text = fc.oneof(
  fc.constant('half of a pair \ud800'),
  fc.string({ unit: 'binary-ascii', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', minLength: 60, maxLength: 300 }),
);
const wholeNumber = fc.oneof(fc.maxSafeInteger(), fc.constant(NaN), fc.constant(0.5));

const formats: readonly (readonly [name: string, serde: Serde<unknown>, values: fc.Arbitrary<unknown>])[] = [
  ['string', serdes.string, text],
  ['int32', serdes.int32, fc.oneof(fc.integer(), fc.constant(2 ** 31))],
  ['int64', serdes.int64, fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }))],
  ['int64AsNumber', serdes.int64AsNumber, wholeNumber],
  ['float64', serdes.float64, fc.double()],
  ['decimalText', serdes.decimalText, fc.double()],
  ['a number or a marker', orMarker(serdes.int64AsNumber), fc.oneof(wholeNumber, fc.constant(MARKER))],
  [
    'a windowed key',
    windowKeys(serdes.string, 10),
    fc.record({ key: text, start: fc.integer({ min: -1 }), end: fc.constant(0) }),
  ],
];

function bytesOrError(serialize: () => Buffer): string {
  try {
    return serialize().toString('hex');
  } catch (error) {
    return String(error);
  }
}

describe.each(formats)('serializeInto of %s', (_, serde, values) => {
  it('writes what serialize gives, and nothing before it, or leaves it to serialize', () => {
    fc.assert(
      fc.property(values, fc.nat(20), fc.nat(600), (value, start, room) => {
        const target = Buffer.alloc(start + room, 0xee);
        const written = bytesOrError(() => {
          const length = serde.serializeInto!(value, target, start);
          return length < 0 ? serde.serialize(value) : target.subarray(start, start + length);
        });
        expect(written).toBe(bytesOrError(() => serde.serialize(value)));
        expect(target.subarray(0, start).every((byte) => byte === 0xee)).toBe(true);
      }),
    );
  });
});

describe('ReusedBytes', () => {
  it.each([
    ['a serde that writes into it', serdes.string],
    ['any other', { ...serdes.string }],
  ])('gives the bytes behind the same head each time, short or long, with %s', (_, serde) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10 }), fc.array(text), (head, values) => {
        const reused = new ReusedBytes(head);
        for (const value of values) {
          const body = bytesOrError(() => serde.serialize(value));
          const whole = bytesOrError(() => reused.serialize(serde, value));
          expect(whole).toBe(body.startsWith('Ser') ? body : Buffer.from(head).toString('hex') + body);
          if (whole === body) continue;
          expect(reused.whole.toString('hex')).toBe(whole);
          expect(reused.body.toString('hex')).toBe(body);
        }
      }),
    );
  });

  it('gives the same memory again for what is short', () => {
    const reused = new ReusedBytes(Buffer.of(1));
    const first = reused.serialize(serdes.string, 'abc');
    expect(reused.serialize(serdes.string, 'xyz')).toBe(first);
    expect(first.toString('latin1')).toBe('\u0001xyz');
  });
});
