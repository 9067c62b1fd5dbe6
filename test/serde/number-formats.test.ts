import fc from 'fast-check';
import { DeserializationError, SerializationError, serdes } from '../../src/index';
import type { Serde } from '../../src/index';

/* The hexadecimal bytes were written by the serializers of Apache Kafka's Java client 4.1.0. */

const int64Vectors: readonly (readonly [bigint, string])[] = [
  [0n, '0000000000000000'],
  [1n, '0000000000000001'],
  [-1n, 'ffffffffffffffff'],
  [255n, '00000000000000ff'],
  [256n, '0000000000000100'],
  [4294967295n, '00000000ffffffff'],
  [4294967296n, '0000000100000000'],
  [-4294967297n, 'fffffffeffffffff'],
  [9007199254740991n, '001fffffffffffff'],
  [-9007199254740991n, 'ffe0000000000001'],
  [9223372036854775807n, '7fffffffffffffff'],
  [-9223372036854775808n, '8000000000000000'],
];

describe('int64', () => {
  test.each(int64Vectors)("writes %s as Java's LongSerializer does", (value, bytes) => {
    expect(serdes.int64.serialize(value).toString('hex')).toBe(bytes);
    expect(readBothWays(serdes.int64, Buffer.from(bytes, 'hex'))).toBe(value);
  });

  test('gives every 64-bit number back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => roundTrips(serdes.int64, value)),
    );
  });

  test.each([2n ** 63n, -(2n ** 63n) - 1n])('refuses %s, which takes more than 64 bits', (value) => {
    expect(() => serdes.int64.serialize(value)).toThrow(SerializationError);
  });

  test.each([0, 7, 9])('refuses to read %d bytes', (length) => {
    expect(() => serdes.int64.deserialize(Buffer.alloc(length))).toThrow(DeserializationError);
  });
});

describe('int64AsNumber', () => {
  test.each(int64Vectors.slice(0, 10))("writes %s as Java's LongSerializer does", (value, bytes) => {
    expect(serdes.int64AsNumber.serialize(Number(value)).toString('hex')).toBe(bytes);
    expect(readBothWays(serdes.int64AsNumber, Buffer.from(bytes, 'hex'))).toBe(Number(value));
  });

  test('has the bytes of int64 for every safe integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(serdes.int64AsNumber.serialize(value)).toEqual(serdes.int64.serialize(BigInt(value)));
        roundTrips(serdes.int64AsNumber, value);
      }),
    );
  });

  test('has the name of int64, because the format is the same', () => {
    expect(serdes.int64AsNumber.name).toBe(serdes.int64.name);
  });

  test.each([2 ** 53, -(2 ** 53), 0.5, NaN, Infinity])('refuses %d, which is no safe integer', (value) => {
    expect(() => serdes.int64AsNumber.serialize(value)).toThrow(SerializationError);
  });

  test.each([2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)])('refuses to read %s as a number', (value) => {
    expect(() => serdes.int64AsNumber.deserialize(serdes.int64.serialize(value))).toThrow(DeserializationError);
  });
});

describe('int32', () => {
  test.each([
    [0, '00000000'],
    [1, '00000001'],
    [-1, 'ffffffff'],
    [65536, '00010000'],
    [2147483647, '7fffffff'],
    [-2147483648, '80000000'],
  ])("writes %d as Java's IntegerSerializer does", (value, bytes) => {
    expect(serdes.int32.serialize(value).toString('hex')).toBe(bytes);
    expect(readBothWays(serdes.int32, Buffer.from(bytes, 'hex'))).toBe(value);
  });

  test('gives every 32-bit number back', () => {
    fc.assert(fc.property(fc.integer(), (value) => roundTrips(serdes.int32, value)));
  });

  test('keeps the order of numbers that are not negative in the order of the bytes', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (one, other) => {
        const order = Buffer.compare(serdes.int32.serialize(one), serdes.int32.serialize(other));
        expect(order).toBe(Math.sign(one - other));
      }),
    );
  });

  test.each([2 ** 31, -(2 ** 31) - 1, 0.5, NaN, Infinity])('refuses %d, which is no 32-bit number', (value) => {
    expect(() => serdes.int32.serialize(value)).toThrow(SerializationError);
  });

  test.each([0, 3, 5])('refuses to read %d bytes', (length) => {
    expect(() => serdes.int32.deserialize(Buffer.alloc(length))).toThrow(DeserializationError);
  });
});

describe('float64', () => {
  test.each([
    [0, '0000000000000000'],
    [-0, '8000000000000000'],
    [1.5, '3ff8000000000000'],
    [-1.5, 'bff8000000000000'],
    [Math.PI, '400921fb54442d18'],
    [Number.MAX_VALUE, '7fefffffffffffff'],
    [Number.MIN_VALUE, '0000000000000001'],
    [Infinity, '7ff0000000000000'],
    [-Infinity, 'fff0000000000000'],
    [NaN, '7ff8000000000000'],
  ])("writes %d as Java's DoubleSerializer does", (value, bytes) => {
    expect(serdes.float64.serialize(value).toString('hex')).toBe(bytes);
    expect(readBothWays(serdes.float64, Buffer.from(bytes, 'hex'))).toBe(value);
  });

  test('gives every number back', () => {
    fc.assert(fc.property(fc.double(), (value) => roundTrips(serdes.float64, value)));
  });

  test('writes a NaN of any bits with the bytes of the one NaN', () => {
    const oddNaN = Buffer.from('fff8000000000001', 'hex').readDoubleBE();
    expect(serdes.float64.serialize(oddNaN).toString('hex')).toBe('7ff8000000000000');
  });

  test('refuses to read seven bytes', () => {
    expect(() => serdes.float64.deserialize(Buffer.alloc(7))).toThrow(DeserializationError);
  });
});

describe('decimalText', () => {
  test.each([
    [0, '0'],
    [42, '42'],
    [-0.5, '-0.5'],
    [1e21, '1e+21'],
    [5e-324, '5e-324'],
  ])('writes %d as a person would read it', (value, text) => {
    expect(serdes.decimalText.serialize(value).toString()).toBe(text);
    expect(readBothWays(serdes.decimalText, Buffer.from(text))).toBe(value);
  });

  test('gives every finite number back', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0));
    fc.assert(fc.property(finite, (value) => roundTrips(serdes.decimalText, value)));
  });

  test.each([NaN, Infinity, -Infinity])('refuses to write %d', (value) => {
    expect(() => serdes.decimalText.serialize(value)).toThrow(SerializationError);
  });

  test.each(['', ' ', '1 ', ' 1', '+1', '01', '0x10', '1_000', '.5', '5.', 'NaN', 'Infinity', '1e5', '１'])(
    'refuses to read %j',
    (text) => {
      expect(() => serdes.decimalText.deserialize(Buffer.from(text))).toThrow(DeserializationError);
    },
  );
});

function roundTrips<T>(serde: Serde<T>, value: T): void {
  expect(Object.is(readBothWays(serde, serde.serialize(value)), value)).toBe(true);
}

/** Reads bytes alone and out of the middle of others, which must come to the same. */
function readBothWays<T>(serde: Serde<T>, bytes: Buffer): T {
  const alone = serde.deserialize(bytes);
  const surrounded = Buffer.concat([Buffer.from('around'), bytes, Buffer.from('it')]);
  expect(serde.deserializeRange!(surrounded, 6, 6 + bytes.length)).toEqual(alone);
  return alone;
}
