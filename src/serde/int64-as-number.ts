import { DeserializationError, SerializationError } from './errors';
import { checkLength, fixedLength } from './fixed-length';
import { readInt64, writeInt64 } from './int64-bytes';
import { hideShortcuts } from './hide-shortcuts';
import type { Serde } from './serde';

/** The bytes are those of `int64`, so the two can stand for one another on the same data. */
const NAME = 'int64';

/**
 * A whole number from -(2^53 - 1) to 2^53 - 1 as a number, in the eight bytes of Java's LongSerializer. Numbers beyond that
 * cannot be told apart as a JavaScript number, so they are an error in both directions; `int64` takes them.
 */
export const int64AsNumber: Serde<number> = hideShortcuts({
  name: NAME,
  comparesByValue: true,
  ...fixedLength(8, write),
  deserialize: (bytes) => read(bytes, 0, bytes.length),
  deserializeRange: read,
});

function write(value: number, target: Buffer, start: number): void {
  if (!Number.isSafeInteger(value)) {
    throw new SerializationError(NAME, 'it is not a whole number from -(2^53 - 1) to 2^53 - 1');
  }
  writeInt64(target, value, start);
}

function read(bytes: Buffer, start: number, end: number): number {
  checkLength(NAME, 8, start, end);
  const value = readInt64(bytes, start);
  if (!Number.isSafeInteger(value)) {
    throw new DeserializationError(NAME, 'the number is beyond 2^53 - 1; read it with serdes.int64, as a bigint');
  }
  return value;
}
