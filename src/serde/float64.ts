import { checkLength, fixedLength } from './fixed-length';
import { hideShortcuts } from './hide-shortcuts';
import type { Serde } from './serde';

const NAME = 'float64';

/**
 * Any number in eight bytes, IEEE 754 big endian: the format of Java's DoubleSerializer.
 *
 * Every NaN is written with the same bytes. As keys 0 and -0 are two, as they are in Java: their bytes differ.
 */
export const float64: Serde<number> = hideShortcuts({
  name: NAME,
  ...fixedLength(8, (value, target, start) => target.writeDoubleBE(value === value ? value : NaN, start)),
  deserialize: (bytes) => read(bytes, 0, bytes.length),
  deserializeRange: read,
});

function read(bytes: Buffer, start: number, end: number): number {
  checkLength(NAME, 8, start, end);
  return bytes.readDoubleBE(start);
}
