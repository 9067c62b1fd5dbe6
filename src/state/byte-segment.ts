// The header of an entry, one 32-bit word: length of the key (11 bits), whether it was used since the last sweep (1 bit),
// length of the value and 1, or 0 for "not in the database" (20 bits).
export const KEY_LENGTH_SHIFT = 21;
export const USED = 1 << 20;
export const VALUE_LENGTH_MASK = USED - 1;
export const HEADER_BYTES = 4;
export const MAX_KEY_BYTES = (1 << 11) - 1;
export const MAX_VALUE_BYTES = VALUE_LENGTH_MASK - 1;

/** Copying fewer bytes than this in a loop is faster than calling into native code. */
const NATIVE_COPY_FROM = 48;

/** What `Segment.bytes` is after its memory was given back. */
export const NO_BYTES = Buffer.alloc(0);
const NO_WORDS = new Int32Array(0);

/** One piece of the cache's memory. */
export class Segment {
  bytes: Buffer;
  words: Int32Array;
  usedWords = 0;
  /** Words of entries that are neither replaced nor deleted. */
  liveWords = 0;
  /** The greater, the later it became the head. */
  age = 0;
  released = false;

  constructor(
    readonly number: number,
    size: number,
  ) {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.words = new Int32Array(this.bytes.buffer, 0, size / HEADER_BYTES);
  }

  release(): void {
    this.released = true;
    this.bytes = NO_BYTES;
    this.words = NO_WORDS;
  }
}

export function entryWords(keyLength: number, valueLength: number): number {
  return (HEADER_BYTES + keyLength + (valueLength < 0 ? 0 : valueLength) + 3) >>> 2;
}

export function encodeHeader(keyLength: number, valueLength: number): number {
  return (keyLength << KEY_LENGTH_SHIFT) | (valueLength + 1);
}

export function headerWords(header: number): number {
  return entryWords(header >>> KEY_LENGTH_SHIFT, (header & VALUE_LENGTH_MASK) - 1);
}

export function copyBytes(from: Uint8Array, to: Buffer, at: number): void {
  const { length } = from;
  if (length < NATIVE_COPY_FROM) for (let offset = 0; offset < length; offset++) to[at + offset] = from[offset]!;
  else to.set(from, at);
}
