import type { CompositeKey } from '../serde/composite-key';
import type { Serde } from '../serde/serde';
import { emptyTimedList, type TimedList } from '../serde/timed-list';
import { BucketExpiry } from '../state/bucket-expiry';
import { BucketKeys } from '../state/bucket-keys';
import type { EpochStore } from '../state/epoch-store';
import type { StoreEntry } from '../state/store-entry';

/** A list that is longer is put aside, so that a key with many records costs what it adds and not what it has. */
const LONGEST_LIST = 16;
const MOST_CHUNKS = 0xffff - 1;
const TIME_UNITS = 4;
/** How much of the store's cache may be used to know which keys the newest buckets have. */
const PART_FOR_KEYS = 1 / 16;
const HEAD = '\u0000';
const LOWEST = '\u0000\u0000\u0000\u0000\u0000';
const TIME_KEY = '\uffff\uffff\uffff\uffff\uffff';

export type JoinEntry = StoreEntry<string, TimedList>;

/** A stored record that is within a window. */
export interface StoredRecord {
  readonly time: number;
  readonly entry: JoinEntry;
  readonly index: number;
}

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
  private timeEntry: StoreEntry<string, TimedList> | undefined;
  private readonly timeList: TimedList = emptyTimedList();
  private readonly expiry: BucketExpiry<TimedList>;
  /** Most records are the first of their key in a bucket, or the other side has none: nothing needs to be read for these. */
  private bucketKeys: BucketKeys;
  private expiredBucket = 0;

  constructor(
    private readonly store: EpochStore<string, TimedList>,
    private readonly keys: CompositeKey<unknown>,
    private readonly valueSerde: Serde<unknown>,
    private readonly bucketMs: number,
    private readonly retentionMs: number,
  ) {
    this.expiry = new BucketExpiry(store, (time) => keys.time(time) + LOWEST.slice(4));
    this.bucketKeys = this.keysFrom(0);
    this.timeList.values.push(Buffer.alloc(0));
    this.timeList.flags.push(false);
  }

  private keysFrom(bucket: number): BucketKeys {
    return new BucketKeys(bucket, () => this.store.cacheLimitBytes * PART_FOR_KEYS);
  }

  async init(): Promise<void> {
    const { value } = await this.store.load(TIME_KEY);
    if (value === undefined) return;
    this.observedTime = value.times[0]!;
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
      for (let chunk = 1; chunk <= list.chunks; chunk++) {
        const composite = time + keys.small(chunk) + keyText;
        const entry = store.lookup(composite);
        if (entry === undefined) {
          store.request(composite);
          missing = true;
        } else found = collect(entry, oldest, to, found);
      }
      found = collect(head, oldest, to, found);
    }
    if (missing) return undefined;
    return found === undefined ? NOTHING : inTimeOrder(found);
  }

  valueOf({ entry, index }: StoredRecord): unknown {
    const { decoded, values } = entry.value!;
    const known = decoded[index];
    if (known !== undefined) return known;
    const value = this.valueSerde.deserialize(values[index]!);
    // Only what nobody can change is kept: a joiner may hand on the very object.
    if (this.valueSerde.comparesByValue === true) decoded[index] = value;
    return value;
  }

  isFlagged({ entry, index }: StoredRecord): boolean {
    return entry.value!.flags[index] === true;
  }

  clearFlag({ entry, index }: StoredRecord): void {
    entry.value!.flags[index] = false;
    this.store.write(entry, entry.value, entry.timestamp);
  }

  serialize(value: unknown): Buffer {
    const bytes = this.valueSerde.serialize(value);
    // What hands its input on may hold on to a whole fetched batch.
    return bytes === value ? Buffer.from(bytes) : bytes;
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

  /** Whether there is a flagged record of that time among those of an entry. */
  hasFlagged({ value }: JoinEntry, time: number): boolean {
    if (value === undefined) return false;
    if (value.chunks > 0) return true;
    return value.times.some((other, index) => other === time && value.flags[index] === true);
  }

  /**
   * Stores a record.
   *
   * @returns false when it is too old to be kept
   */
  put(entry: JoinEntry, time: number, value: unknown, bytes: Buffer, flag: boolean): boolean {
    if (time > this.observedTime) this.observe(time);
    if (!this.keeps(time)) return false;
    const { store, keys } = this;
    if (entry.value === undefined) this.bucketKeys.add(this.bucketOf(time), entry.key.slice(TIME_UNITS + 1));
    let list = entry.value ?? emptyTimedList();
    if (list.times.length >= LONGEST_LIST && list.chunks < MOST_CHUNKS) {
      const chunks = list.chunks + 1;
      list.chunks = 0;
      store.put(entry.key.slice(0, TIME_UNITS) + keys.small(chunks) + entry.key.slice(TIME_UNITS + 1), list);
      list = { ...emptyTimedList(), chunks };
    }
    const length = list.times.push(time);
    list.values.push(bytes);
    list.flags.push(flag);
    if (this.valueSerde.comparesByValue === true) list.decoded[length - 1] = value;
    store.write(entry, list, time);
    return true;
  }

  /** Whether a record of that time is new enough to be stored. */
  keeps(time: number): boolean {
    return time > this.observedTime - this.retentionMs;
  }

  private observe(time: number): void {
    this.observedTime = time;
    this.timeList.times[0] = time;
    if (this.timeEntry?.dirty === true) return;
    this.store.put(TIME_KEY, this.timeList);
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

function collect(
  entry: StoreEntry<string, TimedList>,
  from: number,
  to: number,
  found: StoredRecord[] | undefined,
): StoredRecord[] | undefined {
  const times = entry.value?.times;
  if (times === undefined) return found;
  let into = found;
  for (let index = 0; index < times.length; index++) {
    const time = times[index]!;
    if (time >= from && time <= to) (into ??= []).push({ time, entry, index });
  }
  return into;
}

function inTimeOrder(records: StoredRecord[]): readonly StoredRecord[] {
  for (let index = 1; index < records.length; index++) {
    if (records[index]!.time < records[index - 1]!.time) return records.sort((a, b) => a.time - b.time);
  }
  return records;
}
