import { DeserializationError, SerializationError } from './errors';
import { checkLength } from './fixed-length';
import type { Serde } from './serde';

/** The bytes are those of `int64`, so the two can stand for one another on the same data. */
const NAME = 'int64';
const TWO_TO_32 = 0x1_0000_0000;

/**
 * A whole number from -(2^53 - 1) to 2^53 - 1 as a number, in the eight bytes of Java's LongSerializer. Numbers beyond that
 * cannot be told apart as a JavaScript number, so they are an error in both directions; `int64` takes them.
 */
export const int64AsNumber: Serde<number> = {
  name: NAME,
  comparesByValue: true,
  serialize: (value) => {
    if (!Number.isSafeInteger(value)) {
      throw new SerializationError(NAME, 'it is not a whole number from -(2^53 - 1) to 2^53 - 1');
    }
    const high = Math.floor(value / TWO_TO_32);
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeInt32BE(high, 0);
    bytes.writeUInt32BE(value - high * TWO_TO_32, 4);
    return bytes;
  },
  deserialize: (bytes) => read(bytes, 0, bytes.length),
  deserializeRange: read,
};

function read(bytes: Buffer, start: number, end: number): number {
  checkLength(NAME, 8, start, end);
  const value = bytes.readInt32BE(start) * TWO_TO_32 + bytes.readUInt32BE(start + 4);
  if (!Number.isSafeInteger(value)) {
    throw new DeserializationError(NAME, 'the number is beyond 2^53 - 1; read it with serdes.int64, as a bigint');
  }
  return value;
}
