import { hashBytes } from './byte-hash';
import {
  copyBytes,
  encodeHeader,
  entryWords,
  HEADER_BYTES,
  headerWords,
  KEY_LENGTH_SHIFT,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
  NO_BYTES,
  Segment,
  USED,
  VALUE_LENGTH_MASK,
} from './byte-segment';

const MIN_SEGMENT_BYTES = 1 << 12;
const MAX_SEGMENT_BYTES = 1 << 22;
/** Memory is taken in steps of about this part of the limit. */
const SEGMENTS_PER_LIMIT = 64;
const BYTES_PER_SLOT = 4;
/**
 * How much of the limit the index has from the first entry on, at most. Being a power of two it has at least the half, which is enough for
 * entries of 40 bytes, so that it hardly ever grows: to move hundreds of thousands of entries to a larger one takes tens of milliseconds
 * in the midst of the work.
 */
const INDEX_PART = 1 / 4;
const MIN_INDEX_SLOTS = 16;
/** References are 31 bits at most, so that a bit of the hash is left beside one, and count words of four bytes. */
const MAX_LIMIT_BYTES = 2 ** 33 - 4;

/** A segment with less than this part of live entries is swept without losing any. */
const WORTH_COMPACTING = 0.8;

/**
 * A bounded cache of serialized entries: millions of them without an object each, so the garbage collector has nothing to do.
 *
 * It also remembers that a key is _not_ in the database, and knows whether it still holds everything the database has
 * ({@link isComplete}): then a miss means that there is no such key.
 *
 * Entries are appended to segments of equal size and found by an open-addressing index, one word an entry: where it is, and in the bits
 * that are left a part of its key's hash, which spares most comparisons with other keys. When the limit is reached a segment is
 * swept to be written again: one with enough garbage in it keeps all its entries; else the oldest one keeps, at most half full, those
 * that were used since it was filled.
 *
 * @example
 * if (cache.get(key, 0, key.length)) {
 *   if (!cache.isAbsent) decode(cache.valueBytes, cache.valueStart, cache.valueEnd);
 * } else if (!cache.isComplete) await askTheDatabase(key);
 */
export class ByteCache {
  /** After a `get` that returned true: the cache knows that the database has no such key, and there is no value. */
  isAbsent = false;
  /** After a `get` that returned true: the value is `valueBytes` from `valueStart` to `valueEnd`. Valid until the next `set`. */
  valueBytes: Buffer = NO_BYTES;
  valueStart = 0;
  valueEnd = 0;

  private complete: boolean;
  private count = 0;

  /** A slot is 0 when it is empty; else a reference, which is the entry's position and 1, below the first bits of the key's hash. */
  private index = new Int32Array(0);
  private slotMask = -1;

  readonly limitBytes: number;
  private readonly referenceMask: number;
  private readonly hashMask: number;
  private readonly segmentBytes: number;
  /** Positions are segment number times words per segment, plus word within the segment. */
  private readonly wordShift: number;
  private readonly wordMask: number;
  private readonly segments: Segment[] = [];
  /** Numbers of segments whose memory was given back. */
  private readonly freeNumbers: number[] = [];
  private head: Segment | undefined;
  private age = 0;
  private segmentCount = 0;

  /**
   * @param limitBytes - upper bound of the memory it takes, index included; 0 caches nothing, more than 8 GiB are not used
   * @param complete - whether the database is empty now, so that it holds everything there is
   */
  constructor(limitBytes: number, complete: boolean) {
    this.limitBytes = Math.min(limitBytes, MAX_LIMIT_BYTES);
    this.complete = complete;
    let segmentBytes = MIN_SEGMENT_BYTES;
    while (segmentBytes < MAX_SEGMENT_BYTES && segmentBytes * 2 * SEGMENTS_PER_LIMIT <= this.limitBytes)
      segmentBytes *= 2;
    this.segmentBytes = segmentBytes;
    this.wordShift = Math.log2(segmentBytes / HEADER_BYTES);
    this.wordMask = (1 << this.wordShift) - 1;
    const referenceBits = 32 - Math.clz32(this.limitBytes / HEADER_BYTES);
    this.referenceMask = 2 ** referenceBits - 1;
    this.hashMask = ~this.referenceMask;
  }

  /** Whether every entry of the database is in the cache, so that a miss means that the database has no such key. */
  get isComplete(): boolean {
    return this.complete;
  }

  /** Entries and absent markers held. */
  get size(): number {
    return this.count;
  }

  /** Memory taken, never more than the limit. */
  get sizeInBytes(): number {
    return this.index.length * BYTES_PER_SLOT + this.segmentCount * this.segmentBytes;
  }

  /** Looks up the key that is `bytes` from `start` to `end`; on true, the fields say what is known of it. */
  get(bytes: Uint8Array, start: number, end: number): boolean {
    const slot = this.find(bytes, start, end, hashBytes(bytes, start, end));
    if (slot < 0) return false;
    const position = this.positionIn(slot);
    const segment = this.segments[position >>> this.wordShift]!;
    const word = position & this.wordMask;
    const header = segment.words[word]!;
    if ((header & USED) === 0) segment.words[word] = header | USED;
    const valueLength = (header & VALUE_LENGTH_MASK) - 1;
    this.isAbsent = valueLength < 0;
    if (valueLength >= 0) {
      this.valueBytes = segment.bytes;
      this.valueStart = word * HEADER_BYTES + HEADER_BYTES + end - start;
      this.valueEnd = this.valueStart + valueLength;
    }
    return true;
  }

  /** Takes over what the database has, or will have, for a key; `undefined` when that is nothing. */
  set(key: Uint8Array, value: Uint8Array | undefined): void {
    if (value === undefined && this.complete) {
      // A miss says the same, for less.
      this.remove(key);
      return;
    }
    const valueLength = value === undefined ? -1 : value.length;
    const words = entryWords(key.length, valueLength);
    if (
      key.length > MAX_KEY_BYTES ||
      valueLength > MAX_VALUE_BYTES ||
      words * HEADER_BYTES > this.segmentBytes >>> 2 ||
      !this.makeRoom(words)
    ) {
      this.remove(key);
      this.complete = false;
      return;
    }
    const hash = hashBytes(key, 0, key.length);
    const found = this.find(key, 0, key.length, hash);
    if (found < 0) {
      this.insert(hash, this.append(key, value, words));
      this.count++;
      return;
    }
    const position = this.positionIn(found);
    const segment = this.segments[position >>> this.wordShift]!;
    const word = position & this.wordMask;
    const oldWords = headerWords(segment.words[word]!);
    if (oldWords === words) {
      segment.words[word] = encodeHeader(key.length, valueLength) | USED;
      if (value !== undefined) copyBytes(value, segment.bytes, word * HEADER_BYTES + HEADER_BYTES + key.length);
    } else {
      segment.liveWords -= oldWords;
      this.index[found] = this.append(key, value, words) | (hash & this.hashMask);
    }
  }

  /** Forgets what is known of a key. The cache is not complete after that, unless the key was unknown to it. */
  delete(key: Uint8Array): void {
    if (this.remove(key)) this.complete = false;
  }

  /** Forgets everything, and gives the memory back. The cache is not complete after that. */
  clear(): void {
    this.complete = false;
    this.count = 0;
    this.index = new Int32Array(0);
    this.slotMask = -1;
    this.segments.length = 0;
    this.freeNumbers.length = 0;
    this.segmentCount = 0;
    this.head = undefined;
    this.valueBytes = NO_BYTES;
  }

  private remove(key: Uint8Array): boolean {
    const slot = this.find(key, 0, key.length, hashBytes(key, 0, key.length));
    if (slot < 0) return false;
    this.removeSlot(slot);
    return true;
  }

  /** Where in the index the key's slot is, or -1. */
  private find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    if (this.count === 0) return -1;
    const { index, slotMask, hashMask } = this;
    let slot = hash & slotMask;
    for (;;) {
      const content = index[slot]!;
      if (content === 0) return -1;
      if (((content ^ hash) & hashMask) === 0 && this.hasKey(this.positionIn(slot), bytes, start, end)) return slot;
      slot = (slot + 1) & slotMask;
    }
  }

  /** Of the entry that a slot in use refers to. */
  private positionIn(slot: number): number {
    return (this.index[slot]! & this.referenceMask) - 1;
  }

  private hashAt(position: number): number {
    const segment = this.segments[position >>> this.wordShift]!;
    const word = position & this.wordMask;
    const start = (word + 1) * HEADER_BYTES;
    return hashBytes(segment.bytes, start, start + (segment.words[word]! >>> KEY_LENGTH_SHIFT));
  }

  private hasKey(position: number, bytes: Uint8Array, start: number, end: number): boolean {
    const segment = this.segments[position >>> this.wordShift]!;
    const word = position & this.wordMask;
    const length = end - start;
    if (segment.words[word]! >>> KEY_LENGTH_SHIFT !== length) return false;
    const own = segment.bytes;
    const from = (word + 1) * HEADER_BYTES;
    for (let offset = 0; offset < length; offset++) {
      if (own[from + offset] !== bytes[start + offset]) return false;
    }
    return true;
  }

  private insert(hash: number, reference: number): void {
    const { index, slotMask } = this;
    let slot = hash & slotMask;
    while (index[slot] !== 0) slot = (slot + 1) & slotMask;
    index[slot] = reference | (hash & this.hashMask);
  }

  /** Empties a slot, and moves those behind it up that could not be found across the gap. */
  private removeSlot(slot: number): void {
    const { index, slotMask } = this;
    const position = this.positionIn(slot);
    const segment = this.segments[position >>> this.wordShift]!;
    segment.liveWords -= headerWords(segment.words[position & this.wordMask]!);
    this.count--;
    let gap = slot;
    for (let next = (slot + 1) & slotMask; index[next] !== 0; next = (next + 1) & slotMask) {
      const home = this.hashAt(this.positionIn(next)) & slotMask;
      if (((next - home) & slotMask) < ((next - gap) & slotMask)) continue;
      index[gap] = index[next]!;
      gap = next;
    }
    index[gap] = 0;
  }

  /** Writes an entry into the head segment, where `makeRoom` has made room, and returns its reference for the index. */
  private append(key: Uint8Array, value: Uint8Array | undefined, words: number): number {
    const head = this.head!;
    const word = head.usedWords;
    head.usedWords += words;
    head.liveWords += words;
    head.words[word] = encodeHeader(key.length, value === undefined ? -1 : value.length);
    const start = (word + 1) * HEADER_BYTES;
    copyBytes(key, head.bytes, start);
    if (value !== undefined) copyBytes(value, head.bytes, start + key.length);
    return ((head.number << this.wordShift) | word) + 1;
  }

  /** Makes sure that one more entry of that size fits into the head segment and the index. False when the limit is too small. */
  private makeRoom(words: number): boolean {
    while ((this.count + 1) * 4 > (this.slotMask + 1) * 3) {
      if (!this.growIndex() && !(this.indexMayGrow() ? this.releaseOldest() : this.thinOldest())) return false;
    }
    const head = this.head;
    if (head !== undefined && head.usedWords + words <= head.words.length) return true;
    const next = this.allocate() ?? this.sweep(words);
    if (next === undefined) return false;
    this.becomeHead(next);
    return true;
  }

  private becomeHead(segment: Segment): void {
    segment.age = ++this.age;
    this.head = segment;
  }

  private get nextIndexSlots(): number {
    if (this.slotMask >= 0) return (this.slotMask + 1) * 2;
    const slots = (this.limitBytes * INDEX_PART) / BYTES_PER_SLOT;
    return slots < MIN_INDEX_SLOTS ? MIN_INDEX_SLOTS : 2 ** Math.floor(Math.log2(slots));
  }

  /** Whether a larger index would leave enough for the entries. The old one is in memory too while entries move over. */
  private indexMayGrow(): boolean {
    return this.index.length * BYTES_PER_SLOT + this.nextIndexSlots * BYTES_PER_SLOT <= this.limitBytes / 2;
  }

  private growIndex(): boolean {
    const slots = this.nextIndexSlots;
    if (this.sizeInBytes + slots * BYTES_PER_SLOT > this.limitBytes) return false;
    const old = this.index;
    this.index = new Int32Array(slots);
    this.slotMask = slots - 1;
    for (const content of old) {
      if (content === 0) continue;
      const reference = content & this.referenceMask;
      this.insert(this.hashAt(reference - 1), reference);
    }
    return true;
  }

  private allocate(): Segment | undefined {
    if (this.sizeInBytes + this.segmentBytes > this.limitBytes) return undefined;
    const segment = new Segment(this.freeNumbers.pop() ?? this.segments.length, this.segmentBytes);
    this.segments[segment.number] = segment;
    this.segmentCount++;
    return segment;
  }

  /** Makes room within the segments that there are. */
  private sweep(words: number): Segment | undefined {
    let emptiest: Segment | undefined;
    for (const segment of this.segments) {
      if (!segment.released && (emptiest === undefined || segment.liveWords < emptiest.liveWords)) emptiest = segment;
    }
    if (emptiest === undefined) return undefined;
    const capacity = emptiest.words.length;
    if (emptiest.liveWords + words <= capacity && emptiest.liveWords < capacity * WORTH_COMPACTING) {
      this.compact(emptiest, capacity, false);
      return emptiest;
    }
    const oldest = this.oldest()!;
    this.compact(oldest, capacity >>> 1, true);
    return oldest;
  }

  /** Lets entries of the oldest segment go, for an index that is full and cannot grow. */
  private thinOldest(): boolean {
    const oldest = this.oldest();
    if (oldest === undefined) return false;
    this.compact(oldest, Math.min(oldest.words.length >>> 1, (oldest.liveWords * 3) >>> 2), true);
    this.becomeHead(oldest);
    return true;
  }

  private oldest(): Segment | undefined {
    let oldest: Segment | undefined;
    for (const segment of this.segments) {
      if (!segment.released && (oldest === undefined || segment.age < oldest.age)) oldest = segment;
    }
    return oldest;
  }

  /** Moves the entries of a segment that stay to its beginning. */
  private compact(segment: Segment, keepWords: number, usedOnly: boolean): void {
    const { words, bytes } = segment;
    let target = 0;
    for (let word = 0; word < segment.usedWords;) {
      const header = words[word]!;
      const size = headerWords(header);
      const slot = this.slotOf((segment.number << this.wordShift) | word);
      if (slot >= 0) {
        if ((!usedOnly || (header & USED) !== 0) && target + size <= keepWords) {
          bytes.copyWithin(target * HEADER_BYTES, word * HEADER_BYTES, (word + size) * HEADER_BYTES);
          words[target] = header & ~USED;
          this.index[slot] = (this.index[slot]! & this.hashMask) | (((segment.number << this.wordShift) | target) + 1);
          target += size;
        } else {
          this.complete = false;
          this.removeSlot(slot);
        }
      }
      word += size;
    }
    segment.usedWords = target;
    segment.liveWords = target;
  }

  /** The slot that refers to the entry at that place, or -1 when the entry was replaced or deleted. */
  private slotOf(position: number): number {
    if (this.count === 0) return -1;
    const hash = this.hashAt(position);
    const wanted = (position + 1) | (hash & this.hashMask);
    const { index, slotMask } = this;
    let slot = hash & slotMask;
    for (;;) {
      const content = index[slot]!;
      if (content === 0) return -1;
      if (content === wanted) return slot;
      slot = (slot + 1) & slotMask;
    }
  }

  /** Gives the memory of the oldest segment back, for the index. */
  private releaseOldest(): boolean {
    const oldest = this.oldest();
    if (oldest === undefined) return false;
    this.compact(oldest, 0, false);
    oldest.release();
    this.freeNumbers.push(oldest.number);
    this.segmentCount--;
    if (this.head === oldest) this.head = undefined;
    return true;
  }
}
