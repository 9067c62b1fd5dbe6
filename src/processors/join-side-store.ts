import type { CompositeKey } from '../serde/composite-key';
import type { Serde } from '../serde/serde';
import { asChunk, emptyRecords, isFlagged, TimedRecordReader, withoutFlag, withRecord } from '../serde/timed-records';
import { BucketExpiry } from '../state/bucket-expiry';
import { BucketKeys } from '../state/bucket-keys';
import type { EpochStore } from '../state/epoch-store';
import type { StoreEntry } from '../state/store-entry';

/** A list that is longer is put aside, so that a key with many records costs what it adds and not what it has. */
const LONGEST_LIST = 16;
const MOST_CHUNKS = 0xffff - 1;
const TIME_UNITS = 4;
/** Memory for knowing which keys the newest buckets have, beside the store's cache and as a part of its limit. */
const PART_FOR_KEYS = 1 / 16;
const HEAD = '\u0000';
const LOWEST = '\u0000\u0000\u0000\u0000\u0000';
const TIME_KEY = '\uffff\uffff\uffff\uffff\uffff';

export type JoinEntry = StoreEntry<string, Buffer>;

/** A stored record that is within a window. */
export interface StoredRecord {
  readonly time: number;
  readonly entry: JoinEntry;
  /** Where in the entry's list it is. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

const EMPTY = emptyRecords(0);
const NOTHING: readonly StoredRecord[] = [];

/**
 * The records of one side of a join, by time and key.
 *
 * An entry holds the records of one key in one bucket of time, so that all records of a key within a window are found by two or
 * three lookups. Records that are older than the retention, measured by the newest record of this side, are not seen any more;
 * they are removed a bucket at a time.
 */
export class JoinSideStore {
  /** The highest timestamp of this side; -1 before its first record. */
  observedTime = -1;
  private timeEntry: StoreEntry<string, Buffer> | undefined;
  private readonly reader: TimedRecordReader;
  private readonly expiry: BucketExpiry<Buffer>;
  /** Most records are the first of their key in a bucket, or the other side has none: nothing needs to be read for these. */
  private bucketKeys: BucketKeys;
  private expiredBucket = 0;

  constructor(
    private readonly store: EpochStore<string, Buffer>,
    private readonly keys: CompositeKey<unknown>,
    private readonly valueSerde: Serde<unknown>,
    private readonly bucketMs: number,
    private readonly retentionMs: number,
  ) {
    this.expiry = new BucketExpiry(store, (time) => keys.time(time) + LOWEST.slice(4));
    this.bucketKeys = this.keysFrom(0);
    this.reader = new TimedRecordReader(store.definition.valueSerde.name);
  }

  private keysFrom(bucket: number): BucketKeys {
    return new BucketKeys(bucket, () => this.store.cacheLimitBytes * PART_FOR_KEYS);
  }

  async init(): Promise<void> {
    const { value } = await this.store.load(TIME_KEY);
    if (value === undefined) return;
    this.observedTime = value.readDoubleBE();
    this.bucketKeys = this.keysFrom(this.bucketOf(this.observedTime) + 1);
  }

  /** The timestamp of the oldest record that can still be seen. */
  private get oldest(): number {
    return Math.max(0, this.observedTime - this.retentionMs + 1);
  }

  private bucketOf(time: number): number {
    return time - (time % this.bucketMs);
  }

  /** Says that records of these times will be looked up. */
  request(keyText: string, from: number, to: number): void {
    for (let bucket = this.bucketOf(Math.max(from, this.oldest)); bucket <= to; bucket += this.bucketMs) {
      if (this.bucketKeys.mayHave(bucket, keyText)) this.store.request(this.keys.time(bucket) + HEAD + keyText);
    }
  }

  load(): Promise<void> {
    return this.store.loadRequested() ?? Promise.resolve();
  }

  /**
   * The records of a key from `from` to `to`, by timestamp, equal ones in the order in which they came. Undefined when some of it
   * has to be loaded first, which is then requested.
   */
  find(keyText: string, from: number, to: number): readonly StoredRecord[] | undefined {
    let found: StoredRecord[] | undefined;
    let missing = false;
    const { store, keys } = this;
    const oldest = Math.max(from, this.oldest);
    for (let bucket = this.bucketOf(oldest); bucket <= to; bucket += this.bucketMs) {
      if (!this.bucketKeys.mayHave(bucket, keyText)) continue;
      const time = keys.time(bucket);
      const head = store.lookup(time + HEAD + keyText);
      if (head === undefined) {
        store.request(time + HEAD + keyText);
        missing = true;
        continue;
      }
      const list = head.value;
      if (list === undefined) continue;
      this.reader.open(list);
      const { chunks } = this.reader;
      for (let chunk = 1; chunk <= chunks; chunk++) {
        const composite = time + keys.small(chunk) + keyText;
        const entry = store.lookup(composite);
        if (entry === undefined) {
          store.request(composite);
          missing = true;
        } else found = this.collect(entry, bucket, oldest, to, found);
      }
      found = this.collect(head, bucket, oldest, to, found);
    }
    if (missing) return undefined;
    return found === undefined ? NOTHING : inTimeOrder(found);
  }

  private collect(
    entry: JoinEntry,
    bucket: number,
    from: number,
    to: number,
    found: StoredRecord[] | undefined,
  ): StoredRecord[] | undefined {
    if (entry.value === undefined) return found;
    const { reader } = this;
    let into = found;
    reader.open(entry.value);
    while (reader.next()) {
      const time = bucket + reader.time;
      if (time < from || time > to) continue;
      (into ??= []).push({ time, entry, at: reader.at, start: reader.start, end: reader.end });
    }
    return into;
  }

  valueOf({ entry, start, end }: StoredRecord): unknown {
    const { valueSerde } = this;
    return valueSerde.deserializeRange !== undefined
      ? valueSerde.deserializeRange(entry.value!, start, end)
      : valueSerde.deserialize(entry.value!.subarray(start, end));
  }

  isFlagged({ entry, at }: StoredRecord): boolean {
    return isFlagged(entry.value!, at);
  }

  clearFlag({ entry, at }: StoredRecord): void {
    this.store.write(entry, withoutFlag(entry.value!, at), entry.timestamp);
  }

  /** The entry that `put` changes. Undefined when it has to be loaded first; it is then requested. */
  entryFor(keyText: string, time: number): JoinEntry | undefined {
    const bucket = this.bucketOf(time);
    const composite = this.keys.time(bucket) + HEAD + keyText;
    if (!this.bucketKeys.mayHave(bucket, keyText)) return this.store.lookupNew(composite);
    const entry = this.store.lookup(composite);
    if (entry === undefined) this.store.request(composite);
    return entry;
  }

  /** Whether there may be a flagged record of that time among those of an entry. */
  hasFlagged({ value }: JoinEntry, time: number): boolean {
    if (value === undefined) return false;
    const { reader } = this;
    const inBucket = time - this.bucketOf(time);
    reader.open(value);
    if (reader.chunks > 0) return true;
    while (reader.next()) if (reader.flag && reader.time === inBucket) return true;
    return false;
  }

  /**
   * Stores a record.
   *
   * @returns false when it is too old to be kept
   */
  put(entry: JoinEntry, time: number, value: Uint8Array, flag: boolean): boolean {
    if (time > this.observedTime) this.observe(time);
    if (!this.keeps(time)) return false;
    const { store } = this;
    const bucket = this.bucketOf(time);
    let list = entry.value;
    if (list === undefined) {
      this.bucketKeys.add(bucket, entry.key.slice(TIME_UNITS + 1));
      list = EMPTY;
    } else if (this.isFull(list)) list = this.putAside(entry.key, list);
    store.write(entry, withRecord(list, time - bucket, value, flag), time);
    return true;
  }

  private isFull(list: Buffer): boolean {
    const { reader } = this;
    reader.open(list);
    let length = 0;
    while (length < LONGEST_LIST && reader.next()) length++;
    return length === LONGEST_LIST && reader.chunks < MOST_CHUNKS;
  }

  /** Stores a full list under a key of its own; gives the empty one that follows. */
  private putAside(composite: string, list: Buffer): Buffer {
    const { reader, store, keys } = this;
    reader.open(list);
    const chunks = reader.chunks + 1;
    const place = composite.slice(0, TIME_UNITS) + keys.small(chunks) + composite.slice(TIME_UNITS + 1);
    store.put(place, asChunk(list, reader.chunks));
    return emptyRecords(chunks);
  }

  /** Whether a record of that time is new enough to be stored. */
  keeps(time: number): boolean {
    return time > this.observedTime - this.retentionMs;
  }

  private observe(time: number): void {
    this.observedTime = time;
    const { timeEntry } = this;
    if (timeEntry?.dirty === true) {
      // Nobody has it but the open epoch.
      timeEntry.value!.writeDoubleBE(time);
      return;
    }
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleBE(time);
    this.store.put(TIME_KEY, bytes);
    this.timeEntry = this.store.lookup(TIME_KEY);
  }

  /** Removes some of what nobody can see any more. A promise where there is any. */
  expire(): Promise<void> | undefined {
    const bucket = this.bucketOf(this.oldest);
    if (bucket === this.expiredBucket) return undefined;
    this.bucketKeys.forgetBefore(bucket);
    const removing = this.expiry.advance(bucket);
    if (removing === undefined) this.expiredBucket = bucket;
    return removing;
  }
}

function inTimeOrder(records: StoredRecord[]): readonly StoredRecord[] {
  for (let index = 1; index < records.length; index++) {
    if (records[index]!.time < records[index - 1]!.time) return records.sort((a, b) => a.time - b.time);
  }
  return records;
}
