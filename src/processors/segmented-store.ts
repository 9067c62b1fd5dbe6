import type { Retention } from '../topology/retention';
import { BucketExpiry } from '../state/bucket-expiry';
import type { EpochStore } from '../state/epoch-store';
import type { StoreEntry } from '../state/store-entry';

/** Bytes of a number in a key, which is a text of one character a byte. */
const NUMBER_BYTES = 8;
const TIME_KEY = '\u00ff'.repeat(NUMBER_BYTES);
const REMEMBERED_KEYS = 64;

/** A stored entry: the user's key, the numbers behind it, the serialized value. */
export interface SegmentEntry<K> {
  readonly key: K;
  readonly numbers: readonly number[];
  readonly value: Buffer;
}

/**
 * What window and session stores have in common: keys of the form segment start, user's key, some numbers; the first number says in
 * which segment an entry is. Old segments are removed as stream time goes on.
 */
export class SegmentedStore<K> {
  /** The highest first number that was put, which is stream time to this store; -1 before the first. */
  observedTime = -1;
  /** Distinguishes entries that are otherwise equal. */
  private sequence = 0;
  private timeEntry: StoreEntry<string, Buffer> | undefined;
  private readonly expiry: BucketExpiry<Buffer>;
  private expiredSegment = 0;
  private readonly encodedKeys = new Map<K, string>();

  constructor(
    private readonly store: EpochStore<string, Buffer>,
    private readonly retention: Retention,
    private readonly numberCount: number,
  ) {
    this.expiry = new BucketExpiry(store, encodeNumber);
  }

  async init(): Promise<void> {
    const { value } = await this.store.load(TIME_KEY);
    if (value === undefined) return;
    this.observedTime = decodeNumber(value.toString('latin1'), 0);
    this.sequence = decodeNumber(value.toString('latin1'), NUMBER_BYTES);
  }

  /** The lowest first number that is not forgotten. */
  get oldest(): number {
    return Math.max(0, this.observedTime - this.retention.retentionMs + 1);
  }

  nextSequence(): number {
    this.sequence++;
    this.saveTime();
    return this.sequence;
  }

  /** @returns whether an entry of that time is kept */
  observe(time: number): boolean {
    if (time > this.observedTime) {
      this.observedTime = time;
      this.saveTime();
    }
    return time >= this.oldest;
  }

  private saveTime(): void {
    const value = Buffer.from(encodeNumber(this.observedTime) + encodeNumber(this.sequence), 'latin1');
    if (this.timeEntry?.dirty === true) {
      this.store.write(this.timeEntry, value, this.observedTime);
      return;
    }
    this.store.putAt(TIME_KEY, value, this.observedTime);
    this.timeEntry = this.store.lookup(TIME_KEY);
  }

  put(key: K, numbers: readonly number[], value: Buffer | undefined): void {
    this.store.putAt(this.encode(key, numbers), value, numbers[0]!);
  }

  get(key: K, numbers: readonly number[]): Buffer | undefined | Promise<Buffer | undefined> {
    if (numbers[0]! < this.oldest) return undefined;
    return this.store.get(this.encode(key, numbers));
  }

  private segmentOf(time: number): number {
    return time - (time % this.retention.segmentMs);
  }

  private encode(key: K, numbers: readonly number[]): string {
    let encoded = encodeNumber(this.segmentOf(numbers[0]!)) + this.encodeKey(key);
    for (const number of numbers) encoded += encodeNumber(number);
    return encoded;
  }

  private encodeKey(key: K): string {
    let encoded = this.encodedKeys.get(key);
    if (encoded === undefined) {
      encoded = this.retention.innerKeySerde.serialize(key).toString('latin1');
      if (this.retention.innerKeySerde.comparesByValue !== true) return encoded;
      if (this.encodedKeys.size >= REMEMBERED_KEYS) this.encodedKeys.clear();
      this.encodedKeys.set(key, encoded);
    }
    return encoded;
  }

  /** Entries of one key, or of all, whose first number is from `from` to `to`. */
  async *scan(key: K | undefined, from: number, to: number, reverse: boolean): AsyncGenerator<SegmentEntry<K>> {
    const first = Math.max(Math.ceil(from), this.oldest);
    const last = Math.min(Math.floor(to), this.observedTime);
    const segments: number[] = [];
    for (let segment = this.segmentOf(first); segment <= last; segment += this.retention.segmentMs)
      segments.push(segment);
    if (reverse) segments.reverse();
    const keyBytes = key === undefined ? '' : this.encodeKey(key);
    for (const segment of segments) {
      const prefix = encodeNumber(segment) + keyBytes;
      const bounds =
        key === undefined
          ? { from: prefix, before: encodeNumber(segment + this.retention.segmentMs) }
          : { from: prefix + encodeNumber(first), before: prefix + encodeNumber(last + 1) };
      for await (const [encoded, value] of this.store.scan({ ...bounds, reverse })) {
        const keyEnd = encoded.length - this.numberCount * NUMBER_BYTES;
        // Between two entries of a key there can be some of longer keys.
        if (key !== undefined && keyEnd !== prefix.length) continue;
        const numbers = Array.from({ length: this.numberCount }, (_, index) =>
          decodeNumber(encoded, keyEnd + index * NUMBER_BYTES),
        );
        if (numbers[0]! < first || numbers[0]! > last) continue;
        yield { key: key ?? this.decodeKey(encoded.slice(NUMBER_BYTES, keyEnd)), numbers, value };
      }
    }
  }

  private decodeKey(encoded: string): K {
    return this.retention.innerKeySerde.deserialize(Buffer.from(encoded, 'latin1')) as K;
  }

  /** Removes some of what is forgotten. A promise where there is any. */
  expire(): Promise<void> | undefined {
    const segment = this.segmentOf(this.oldest);
    if (segment === this.expiredSegment) return undefined;
    const removing = this.expiry.advance(segment);
    if (removing === undefined) this.expiredSegment = segment;
    return removing;
  }
}

function encodeNumber(value: number): string {
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes.toString('latin1');
}

function decodeNumber(encoded: string, from: number): number {
  return Number(Buffer.from(encoded.slice(from, from + NUMBER_BYTES), 'latin1').readBigUInt64BE());
}
