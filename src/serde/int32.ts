import { SerializationError } from './errors';
import { checkLength, fixedLength } from './fixed-length';
import { hideShortcuts } from './hide-shortcuts';
import type { Serde } from './serde';

const NAME = 'int32';

/**
 * A whole number from -2^31 to 2^31 - 1 in four bytes, big endian: the format of Java's IntegerSerializer. In stores the
 * negative numbers come after the others, because keys are ordered by their bytes.
 */
export const int32: Serde<number> = hideShortcuts({
  name: NAME,
  comparesByValue: true,
  ...fixedLength(4, write),
  deserialize: (bytes) => read(bytes, 0, bytes.length),
  deserializeRange: read,
});

function write(value: number, target: Buffer, start: number): void {
  if (value !== (value | 0)) throw new SerializationError(NAME, 'it is not a whole number from -2^31 to 2^31 - 1');
  target.writeInt32BE(value, start);
}

function read(bytes: Buffer, start: number, end: number): number {
  checkLength(NAME, 4, start, end);
  return bytes.readInt32BE(start);
}
