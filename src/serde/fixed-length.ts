import { DeserializationError } from './errors';
import type { Serde } from './serde';

/** Checks that a range holds exactly the bytes of a fixed-length format. */
export function checkLength(format: string, expected: number, start: number, end: number): void {
  if (end - start !== expected) {
    throw new DeserializationError(format, `expected ${expected} bytes, found ${end - start}`);
  }
}

/** What writes a format whose values all have the same length. */
export function fixedLength<T>(
  length: number,
  write: (value: T, target: Buffer, start: number) => void,
): Required<Pick<Serde<T>, 'serialize' | 'serializeInto'>> {
  return {
    serialize: (value) => {
      const bytes = Buffer.allocUnsafe(length);
      write(value, bytes, 0);
      return bytes;
    },
    serializeInto: (value, target, start) => {
      if (start + length > target.length) return -1;
      write(value, target, start);
      return length;
    },
  };
}
