import { DeserializationError } from './errors';

/** Checks that a range holds exactly the bytes of a fixed-length format. */
export function checkLength(format: string, expected: number, start: number, end: number): void {
  if (end - start !== expected) {
    throw new DeserializationError(format, `expected ${expected} bytes, found ${end - start}`);
  }
}
