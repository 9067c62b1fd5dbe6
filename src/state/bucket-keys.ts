// Once: in a vm context, as tests run in, each use of a global costs more than the hash.
const { imul } = Math;

const FIRST_SLOTS = 16;
const BYTES_PER_SLOT = 4;
/** What a bucket is counted as beside its slots. */
const BUCKET_BYTES = 256;

/** Hashes of keys, in an open-addressing table; 0 is an empty slot. */
interface HashSet {
  slots: Int32Array;
  count: number;
}

/**
 * Which keys the newest buckets of time have in a store, so that the store is not asked for those that they have not.
 *
 * It knows the buckets that were begun after the store was opened: whatever these have was written since. Of each key only a hash is
 * kept, so it may take a key for one that is there, and never one that is there for absent. Where its limit is reached it forgets
 * the oldest bucket.
 */
export class BucketKeys {
  private readonly buckets = new Map<number, HashSet>();
  private sizeInBytes = 0;

  /**
   * @param floor - the first bucket of which it knows everything
   * @param limitBytes - upper bound of the memory that it takes
   */
  constructor(
    private floor: number,
    private readonly limitBytes: () => number,
  ) {}

  /** Whether the bucket may have the key. False is certain. */
  mayHave(bucket: number, key: string): boolean {
    if (bucket < this.floor) return true;
    const known = this.buckets.get(bucket);
    return known !== undefined && contains(known.slots, hashText(key));
  }

  add(bucket: number, key: string): void {
    if (bucket < this.floor) return;
    let known = this.buckets.get(bucket);
    if (known === undefined) {
      known = { slots: new Int32Array(FIRST_SLOTS), count: 0 };
      this.buckets.set(bucket, known);
      this.sizeInBytes += BUCKET_BYTES + FIRST_SLOTS * BYTES_PER_SLOT;
    }
    const hash = hashText(key);
    if (contains(known.slots, hash)) return;
    insert(known.slots, hash);
    known.count++;
    if (known.count * 4 > known.slots.length * 3) this.grow(known);
    while (this.sizeInBytes > this.limitBytes() && this.buckets.size > 0) this.forgetOldest();
  }

  private grow(known: HashSet): void {
    const grown = new Int32Array(known.slots.length * 2);
    for (const hash of known.slots) if (hash !== 0) insert(grown, hash);
    this.sizeInBytes += known.slots.length * BYTES_PER_SLOT;
    known.slots = grown;
  }

  private forgetOldest(): void {
    let oldest = Infinity;
    for (const bucket of this.buckets.keys()) if (bucket < oldest) oldest = bucket;
    this.forget(oldest);
    this.floor = oldest + 1;
  }

  /** Buckets before this one are not asked for any more. */
  forgetBefore(floor: number): void {
    for (const bucket of this.buckets.keys()) if (bucket < floor) this.forget(bucket);
    if (floor > this.floor) this.floor = floor;
  }

  private forget(bucket: number): void {
    this.sizeInBytes -= BUCKET_BYTES + this.buckets.get(bucket)!.slots.length * BYTES_PER_SLOT;
    this.buckets.delete(bucket);
  }
}

function contains(slots: Int32Array, hash: number): boolean {
  const mask = slots.length - 1;
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const found = slots[slot];
    if (found === hash) return true;
    if (found === 0) return false;
  }
}

function insert(slots: Int32Array, hash: number): void {
  const mask = slots.length - 1;
  let slot = hash & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = hash;
}

/** MurmurHash3's mixing over the text's characters; never 0. */
function hashText(text: string): number {
  let hash = text.length | 0;
  for (let index = 0; index < text.length; index++) {
    let word = imul(text.charCodeAt(index), 0xcc9e2d51);
    word = (word << 15) | (word >>> 17);
    hash ^= imul(word, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= hash >>> 16;
  hash = imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash === 0 ? 1 : hash;
}
