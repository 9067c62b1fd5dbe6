import { SerializationError } from './errors';
import { checkLength, fixedLength } from './fixed-length';
import { hideShortcuts } from './hide-shortcuts';
import type { Serde } from './serde';

const NAME = 'int64';

/**
 * A whole number from -2^63 to 2^63 - 1 as a bigint, in eight bytes, big endian: the format of Java's LongSerializer. In
 * stores the negative numbers come after the others, because keys are ordered by their bytes.
 */
export const int64: Serde<bigint> = hideShortcuts({
  name: NAME,
  comparesByValue: true,
  ...fixedLength(8, write),
  deserialize: (bytes) => read(bytes, 0, bytes.length),
  deserializeRange: read,
});

function write(value: bigint, target: Buffer, start: number): void {
  if (BigInt.asIntN(64, value) !== value) {
    throw new SerializationError(NAME, 'it is not a whole number from -2^63 to 2^63 - 1');
  }
  target.writeBigInt64BE(value, start);
}

function read(bytes: Buffer, start: number, end: number): bigint {
  checkLength(NAME, 8, start, end);
  return bytes.readBigInt64BE(start);
}
