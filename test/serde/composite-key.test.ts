import fc from 'fast-check';
import { serdes } from '../../src';
import { CompositeKey } from '../../src/serde/composite-key';
import { emptyTimedList, timedLists } from '../../src/serde/timed-list';

const time = fc.oneof(fc.nat(100), fc.maxSafeNat());
const text = fc.oneof(fc.string(), fc.constantFrom('\u{1f600}', '\uffee', '\u00ff'));

describe('a composite key', () => {
  it.each([false, true])(
    'is text in memory and bytes in the store, and both say the same (byte order: %p)',
    (order) => {
      const keys = new CompositeKey('test', 5, serdes.string, order);
      fc.assert(
        fc.property(time, fc.nat(0xffff), text, (at, small, key) => {
          const composite = keys.time(at) + keys.small(small) + keys.key(key);
          const bytes = keys.serde.serialize(composite);
          expect(bytes.readBigUInt64BE()).toBe(BigInt(at));
          expect(bytes.readUInt16BE(8)).toBe(small);
          expect(bytes.subarray(10)).toEqual(Buffer.from(key));
          expect(keys.serde.deserialize(bytes)).toBe(composite);
          expect(keys.timeOf(composite, 0)).toBe(at);
          expect(keys.keyOf(composite)).toBe(key);
        }),
      );
    },
  );

  it('of a key that is no text has its bytes', () => {
    const keys = new CompositeKey('test', 4, serdes.json<{ id: number }>());
    const composite = keys.time(5) + keys.key({ id: 7 });
    expect(keys.serde.serialize(composite).subarray(8).toString()).toBe('{"id":7}');
    expect(keys.keyOf(keys.serde.deserialize(keys.serde.serialize(composite)))).toEqual({ id: 7 });
    expect(keys.serde.name).toBe('test(json)');
  });

  it('has the order of its bytes where asked to', () => {
    const keys = new CompositeKey('test', 4, serdes.string, true);
    fc.assert(
      fc.property(fc.tuple(time, text), fc.tuple(time, text), ([at, key], [otherAt, otherKey]) => {
        const one = keys.time(at) + keys.key(key);
        const other = keys.time(otherAt) + keys.key(otherKey);
        const order = Buffer.compare(keys.serde.serialize(one), keys.serde.serialize(other));
        expect(one < other ? -1 : one > other ? 1 : 0).toBe(order);
      }),
    );
  });

  it('does not take a key of another type for text', () => {
    const keys = new CompositeKey<unknown>('test', 4, serdes.string);
    expect(() => keys.key(7)).toThrow();
  });
});

describe('a list of values with timestamps', () => {
  const serde = timedLists('test');
  const item = fc.record({ at: fc.nat(2 ** 50), flag: fc.boolean(), value: fc.uint8Array({ maxLength: 300 }) });

  it('is what it was after it was stored', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.array(item), (chunks, items) => {
        const list = emptyTimedList();
        list.chunks = chunks;
        for (const { at, flag, value } of items) {
          list.times.push(at);
          list.flags.push(flag);
          list.values.push(Buffer.from(value));
        }
        expect(serde.deserialize(serde.serialize(list))).toEqual(list);
      }),
    );
  });

  it('is an error where it ends too early', () => {
    const list = { ...emptyTimedList(), times: [5], flags: [false], values: [Buffer.from('abc')] };
    const bytes = serde.serialize(list);
    expect(() => serde.deserialize(bytes.subarray(0, -1))).toThrow('in the middle of a value');
    expect(() => serde.deserialize(Buffer.from([0x80]))).toThrow('in the middle of a number');
  });
});
