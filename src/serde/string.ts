import { isUtf8 } from 'node:buffer';
import { DeserializationError, SerializationError } from './errors';
import { hideShortcuts } from './hide-shortcuts';
import type { Serde } from './serde';

const NAME = 'string';

/** Up to this length a loop over the characters is faster than a call into Node. */
const SHORT = 40;

/** Of UTF-8, for one unit of UTF-16. */
const MAX_BYTES_PER_UNIT = 3;

/** What a decoder puts where bytes are not UTF-8. */
const REPLACEMENT = '\uFFFD';
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Text as UTF-8, the format of Kafka's own StringSerializer.
 *
 * Bytes that are not UTF-8 are an error and never become replacement characters: two different keys could become one.
 * For the same reason a string with half of a surrogate pair cannot be written.
 */
export const string: Serde<string> = hideShortcuts({
  name: NAME,
  comparesByValue: true,
  serialize: (value) => (value.length <= SHORT ? serializeShort(value) : serializeAny(value)),
  serializeInto: (value, target, start) => {
    const { length } = value;
    if (start + length * MAX_BYTES_PER_UNIT > target.length) return -1;
    if (length <= SHORT && writeAscii(value, target, start)) return length;
    const written = target.write(value, start, 'utf8');
    checkSurrogates(value, written);
    return written;
  },
  deserialize: (bytes) => decode(bytes, 0, bytes.length),
  deserializeRange: decode,
});

function serializeShort(value: string): Buffer {
  const bytes = Buffer.allocUnsafe(value.length);
  return writeAscii(value, bytes, 0) ? bytes : serializeAny(value);
}

function serializeAny(value: string): Buffer {
  const bytes = Buffer.from(value);
  checkSurrogates(value, bytes.length);
  return bytes;
}

/** False where the text is not ASCII. */
function writeAscii(value: string, target: Buffer, start: number): boolean {
  const length = value.length;
  for (let index = 0; index < length; index += 1) {
    const character = value.charCodeAt(index);
    if (character > 0x7f) return false;
    target[start + index] = character;
  }
  return true;
}

function checkSurrogates(value: string, bytes: number): void {
  // Only text beyond ASCII has more bytes than characters, and only such text can have surrogates.
  if (bytes !== value.length && LONE_SURROGATE.test(value)) {
    throw new SerializationError(NAME, 'the string has half of a surrogate pair, which UTF-8 cannot say');
  }
}

function decode(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  // The search costs next to nothing where the text is Latin-1. A replacement character may also be in the bytes themselves.
  if (text.includes(REPLACEMENT) && !isUtf8(bytes.subarray(start, end))) {
    throw new DeserializationError(NAME, 'the bytes are not valid UTF-8');
  }
  return text;
}
