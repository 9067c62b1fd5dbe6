import { SerializationError } from './errors';
import { checkLength } from './fixed-length';
import type { Serde } from './serde';

const NAME = 'int32';

/**
 * A whole number from -2^31 to 2^31 - 1 in four bytes, big endian: the format of Java's IntegerSerializer. In stores the
 * negative numbers come after the others, because keys are ordered by their bytes.
 */
export const int32: Serde<number> = {
  name: NAME,
  comparesByValue: true,
  serialize: (value) => {
    if (value !== (value | 0)) throw new SerializationError(NAME, 'it is not a whole number from -2^31 to 2^31 - 1');
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(value);
    return bytes;
  },
  deserialize: (bytes) => read(bytes, 0, bytes.length),
  deserializeRange: read,
};

function read(bytes: Buffer, start: number, end: number): number {
  checkLength(NAME, 4, start, end);
  return bytes.readInt32BE(start);
}
