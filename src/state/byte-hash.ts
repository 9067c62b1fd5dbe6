// Once: in a vm context, as tests run in, each use of a global costs more than the hash.
const { imul } = Math;

/**
 * A 32-bit hash of bytes, for hash tables within one process: MurmurHash3's mixing over words of four bytes. It is not stored, and
 * not meant to withstand keys that were chosen to collide.
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = (end - start) | 0;
  let position = start;
  for (const last = end - 3; position < last; position += 4) {
    let word =
      bytes[position]! | (bytes[position + 1]! << 8) | (bytes[position + 2]! << 16) | (bytes[position + 3]! << 24);
    word = imul(word, 0xcc9e2d51);
    word = (word << 15) | (word >>> 17);
    hash ^= imul(word, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (position < end) {
    let word = 0;
    for (; position < end; position++) word = (word << 8) | bytes[position]!;
    word = imul(word, 0xcc9e2d51);
    word = (word << 15) | (word >>> 17);
    hash ^= imul(word, 0x1b873593);
  }
  hash ^= hash >>> 16;
  hash = imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
