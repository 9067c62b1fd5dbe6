import type { Serde } from '../serde/serde';
import type { StoreDefinition } from '../topology/graph';
import type { Awaitable } from '../topology/processor-api';
import { ByteCache } from './byte-cache';
import { decodedCost, DecodedEntries } from './decoded-entries';
import { EntryCodec } from './entry-codec';
import { keysAndValues, mergeScan, prefixBounds, storedBounds, type KeyBounds } from './merge-scan';
import { StateSerializationError } from './state-serialization-error';
import type { StoreEntry } from './store-entry';
import type { StateKeySerde } from '../serde/timed-keys';
import type { RecordTime } from './record-time';
import type { ScanBounds, StateDatabase, StateWrite, StoreHandle } from './state-database';

/** Is told what an epoch changed, as the changelog has it. Key and value (null: deleted) are valid during the call only. */
export type ChangeLog = (timestamp: number, key: Buffer, value: Buffer | null) => void;

/** How much of a store's cache may keep entries in their serialized form. What these leave of it keeps entries decoded. */
const SERIALIZED_PART = 0.875;

/**
 * A store of one task, as its operators see it: the open epoch's writes over the sealed epoch's writes over a cache over the
 * database.
 *
 * The entries in use are objects ({@link DecodedEntries}). Behind them a {@link ByteCache} keeps many more in their serialized form.
 */
export class EpochStore<K, V> {
  readonly name: string;
  readonly keySerde: Serde<K>;
  readonly handle: StoreHandle;
  private readonly codec: EntryCodec<K, V>;
  private readonly comparesByValue: boolean;
  /** Of keys that have a map key of their own: neither themselves nor their bytes. */
  private readonly ownMapKey: ((key: K) => unknown) | undefined;

  private readonly decoded = new DecodedEntries<K, V>();
  private dirty: StoreEntry<K, V>[] = [];
  private sealedEntries: readonly StoreEntry<K, V>[] = [];
  private averageEntryBytes = 64;
  private cache: ByteCache;
  private requested = new Map<unknown, K>();
  hits = 0;
  misses = 0;
  /** How many epochs are in the database since the store was opened. */
  writtenEpochs = 0;

  constructor(
    readonly definition: StoreDefinition,
    private readonly database: StateDatabase,
    private readonly time: RecordTime,
    private cacheBytes: number,
    databaseIsEmpty: boolean,
  ) {
    this.cache = new ByteCache(Math.floor(cacheBytes * SERIALIZED_PART), databaseIsEmpty);
    this.name = definition.name;
    this.handle = database.store(definition.name);
    this.keySerde = definition.keySerde as Serde<K>;
    this.codec = new EntryCodec(this.handle, definition);
    this.comparesByValue = this.keySerde.comparesByValue === true;
    this.ownMapKey = (this.keySerde as Partial<StateKeySerde<K>>).mapKey;
  }

  /** Changes when entries may have been dropped from memory: one looked up before must not be written to any more. */
  get generation(): number {
    return this.decoded.turns;
  }

  /** Bytes that the open epoch will add to its commit, about. */
  get dirtyBytes(): number {
    return this.dirty.length * this.averageEntryBytes;
  }

  /** Upper bound of the memory that its caches take, about. */
  get cacheLimitBytes(): number {
    return this.cacheBytes;
  }

  /** Another limit means beginning with an empty cache of serialized entries. */
  resizeCache(bytes: number): void {
    if (bytes === this.cacheBytes) return;
    this.cacheBytes = bytes;
    this.cache = new ByteCache(Math.floor(bytes * SERIALIZED_PART), false);
  }

  /** The entry, if it is known without asking the database. */
  lookup(key: K): StoreEntry<K, V> | undefined {
    return this.find(this.mapKey(key), key);
  }

  private find(mapKey: unknown, key: K): StoreEntry<K, V> | undefined {
    return this.decoded.find(mapKey) ?? this.findSerialized(mapKey, key);
  }

  private findSerialized(mapKey: unknown, key: K): StoreEntry<K, V> | undefined {
    const { cache, codec } = this;
    const stored = codec.encodeReusedKey(key);
    if (cache.get(stored, 0, stored.length)) {
      if (cache.isAbsent) return this.addEntry(mapKey, key, undefined, 0, stored.length);
      return this.addEntry(
        mapKey,
        key,
        codec.decodeBorrowedValue(cache.valueBytes, cache.valueStart, cache.valueEnd),
        codec.decodeTimestamp(cache.valueBytes, cache.valueStart),
        stored.length + cache.valueEnd - cache.valueStart,
      );
    }
    return cache.isComplete ? this.addEntry(mapKey, key, undefined, 0, stored.length) : undefined;
  }

  /** The entry, not read from the database: what that has does not matter, or the caller knows that it has nothing. */
  lookupNew(key: K): StoreEntry<K, V> {
    const mapKey = this.mapKey(key);
    return this.decoded.find(mapKey) ?? this.addEntry(mapKey, key, undefined, 0, 0);
  }

  /** The entry, read from the database if need be. */
  async load(key: K): Promise<StoreEntry<K, V>> {
    for (;;) {
      const known = this.lookup(key);
      if (known !== undefined) return known;
      this.requested.set(this.mapKey(key), key);
      await this.loadRequested();
    }
  }

  /** Says that a record of the next batch will look this key up. */
  request(key: K): void {
    const mapKey = this.mapKey(key);
    if (this.find(mapKey, key) !== undefined) this.hits++;
    else if (!this.requested.has(mapKey)) {
      this.misses++;
      this.requested.set(mapKey, key);
    }
  }

  /** Reads all requested keys at once. Undefined when there is nothing to read. */
  loadRequested(): Promise<void> | undefined {
    if (this.requested.size === 0) return undefined;
    const requested = this.requested;
    this.requested = new Map();
    return this.readMany(requested);
  }

  private async readMany(requested: ReadonlyMap<unknown, K>): Promise<void> {
    let missing = requested;
    while (missing.size > 0) {
      const turnsBefore = this.decoded.turns;
      const keys = Array.from(missing.values(), (key) => this.codec.encodeKey(key));
      const values = await this.database.getMany(this.handle, keys);
      if (this.decoded.turns - turnsBefore >= 2) {
        // A key may have been written, committed and dropped since the read began, so what was read may be old.
        missing = new Map([...missing].filter(([mapKey]) => !this.decoded.has(mapKey)));
        continue;
      }
      let index = 0;
      for (const [mapKey, key] of missing) {
        const stored = keys[index]!;
        const value = values[index++];
        if (this.decoded.has(mapKey)) continue;
        this.cache.set(stored, value);
        if (value === undefined) this.addEntry(mapKey, key, undefined, 0, stored.length);
        else {
          const decoded = this.codec.decodeValue(value, 0, value.length);
          this.addEntry(mapKey, key, decoded, this.codec.decodeTimestamp(value, 0), stored.length + value.length);
        }
      }
      return;
    }
  }

  /** Sets the value of an entry that `lookup` or `load` gave; undefined deletes the key. */
  write(entry: StoreEntry<K, V>, value: V | undefined, timestamp: number): void {
    if (!entry.dirty) {
      entry.dirty = true;
      this.dirty.push(entry);
    }
    entry.value = value;
    entry.timestamp = timestamp;
  }

  get(key: K): Awaitable<V | undefined> {
    const entry = this.lookup(key);
    return entry === undefined ? this.load(key).then((loaded) => loaded.value) : entry.value;
  }

  put(key: K, value: V | undefined): void {
    this.putAt(key, value, this.time.timestamp);
  }

  /** `put` with a timestamp of its own. */
  putAt(key: K, value: V | undefined, timestamp: number): void {
    this.write(this.lookupNew(key), value ?? undefined, timestamp);
  }

  /** `put` of a key that the store does not have. Deleted in the same epoch, it leaves no trace. */
  putNew(key: K, value: V): void {
    const entry = this.lookupNew(key);
    if (!entry.dirty) entry.isNew = true;
    this.write(entry, value, this.time.timestamp);
  }

  delete(key: K): void {
    this.put(key, undefined);
  }

  /** Writes the value where the key has none, and returns the one that it has. */
  putIfAbsent(key: K, value: V): Awaitable<V | undefined> {
    const entry = this.lookup(key);
    if (entry === undefined) return this.load(key).then((loaded) => this.writeIfAbsent(loaded, value));
    return this.writeIfAbsent(entry, value);
  }

  private writeIfAbsent(entry: StoreEntry<K, V>, value: V): V | undefined {
    const found = entry.value;
    if (found === undefined) this.write(entry, value, this.time.timestamp);
    return found;
  }

  range(from: K | undefined, to: K | undefined): AsyncIterable<readonly [K, V]> {
    return keysAndValues(this.scan({ from, to }));
  }

  reverseRange(from: K | undefined, to: K | undefined): AsyncIterable<readonly [K, V]> {
    return keysAndValues(this.scan({ from, to, reverse: true }));
  }

  /** Entries as the database has them, without what is not in it yet, after a stored key or from the start. */
  async *written(after: Buffer | undefined): AsyncIterable<readonly [stored: Buffer, key: K, value: V]> {
    const { codec, database, handle } = this;
    for await (const [stored, value] of database.scan(handle, after === undefined ? {} : { gt: after }))
      yield [stored, codec.decodeKey(stored), codec.decodeValue(value, 0, value.length)];
  }

  all(): AsyncIterable<readonly [K, V]> {
    return this.range(undefined, undefined);
  }

  reverseAll(): AsyncIterable<readonly [K, V]> {
    return this.reverseRange(undefined, undefined);
  }

  prefixScan(prefix: K | Uint8Array): AsyncIterable<readonly [K, V]> {
    return keysAndValues(this.scanPrefix(prefix));
  }

  /** `prefixScan` with timestamps. */
  scanPrefix(prefix: K | Uint8Array): AsyncGenerator<readonly [K, V, number]> {
    const bytes = prefix instanceof Uint8Array ? prefix : this.keySerde.serialize(prefix);
    return this.scanStored(prefixBounds(this.handle, bytes));
  }

  /** Keys, values and timestamps within bounds, with the open epoch's writes. */
  scan(bounds: KeyBounds<K>): AsyncGenerator<readonly [K, V, number]> {
    return this.scanStored(storedBounds(this.codec, bounds), bounds.isOutside);
  }

  private scanStored(bounds: ScanBounds, isOutside?: (key: K) => boolean): AsyncGenerator<readonly [K, V, number]> {
    let unwritten: readonly StoreEntry<K, V>[] = [...this.sealedEntries, ...this.dirty];
    if (isOutside !== undefined) unwritten = unwritten.filter(({ key }) => !isOutside(key));
    return mergeScan(this.codec, this.database, this.handle, unwritten, bounds);
  }

  /**
   * The keys that are in the database, with neither the open epoch's writes nor the sealed one's.
   *
   * @param from - bytes of a serialized key, inclusive
   * @param to - exclusive
   */
  async *committedKeys(from: Uint8Array, to: Uint8Array): AsyncGenerator<K> {
    const { codec, handle } = this;
    const bounds = { gte: handle.prefixed(from), lt: handle.prefixed(to) };
    for await (const [storedKey] of this.database.scan(handle, bounds)) yield codec.decodeKey(storedKey);
  }

  /** Entries between two serialized keys, in their order, the open epoch's writes included. `from` is inclusive, `to` is not. */
  entriesBetween(from: Uint8Array, to: Uint8Array): AsyncGenerator<readonly [K, V, number]> {
    return this.scanStored({ gte: this.handle.prefixed(from), lt: this.handle.prefixed(to) });
  }

  /**
   * Ends the open epoch: serializes what it wrote, once per key, into a write that is committed when the epoch is.
   *
   * @returns false when it wrote nothing
   */
  seal(write: StateWrite, log?: ChangeLog): boolean {
    const entries = this.takeDirty();
    if (entries.length === 0) {
      // What was only read fills the memory too.
      if (this.sealedEntries.length === 0) {
        this.decoded.endEpoch(this.decodedLimit);
        this.decoded.epochCommitted(this.decodedLimit);
      }
      return false;
    }
    this.sealedEntries = entries;
    let bytes = 0;
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index]!;
      entry.sealed = true;
      const size = this.sealEntry(entry, write, log);
      bytes += size;
      this.decoded.resize(entry, size);
    }
    this.averageEntryBytes = Math.ceil(bytes / entries.length);
    this.decoded.endEpoch(this.decodedLimit);
    return true;
  }

  /** @returns how many bytes the entry has in the database */
  private sealEntry(entry: StoreEntry<K, V>, write: StateWrite, log: ChangeLog | undefined): number {
    const { codec, cache, handle } = this;
    const key = codec.encodeReusedKey(entry.key);
    const value = this.encodeValue(entry);
    cache.set(key, value);
    if (value === undefined) write.delete(handle, key);
    else write.put(handle, key, value);
    log?.(entry.timestamp, codec.reusedKeyBody, value === undefined ? null : codec.reusedValueBody);
    return key.length + (value === undefined ? 0 : value.length);
  }

  /** The open epoch's writes, without those that came and went in it. */
  private takeDirty(): StoreEntry<K, V>[] {
    const { dirty } = this;
    this.dirty = [];
    let kept = 0;
    for (let index = 0; index < dirty.length; index++) {
      const entry = dirty[index]!;
      entry.dirty = false;
      if (entry.value !== undefined || !entry.isNew) dirty[kept++] = entry;
      entry.isNew = false;
    }
    dirty.length = kept;
    return dirty;
  }

  private encodeValue({ value, timestamp }: StoreEntry<K, V>): Buffer | undefined {
    if (value === undefined) return undefined;
    try {
      return this.codec.encodeReusedValue(value, timestamp);
    } catch (error) {
      throw new StateSerializationError(this.name, this.definition.valueSerde.name, error);
    }
  }

  /** The sealed epoch is in the database now: its entries may be dropped from memory. */
  sealedWritten(): void {
    for (const entry of this.sealedEntries) entry.sealed = false;
    this.sealedEntries = [];
    this.writtenEpochs++;
    this.decoded.epochCommitted(this.decodedLimit);
  }

  /** What the cache of serialized entries leaves. */
  private get decodedLimit(): number {
    return this.cacheBytes - this.cache.sizeInBytes;
  }

  private addEntry(mapKey: unknown, key: K, value: V | undefined, timestamp: number, bytes: number): StoreEntry<K, V> {
    const entry = { key, value, timestamp, dirty: false, isNew: false, sealed: false, cost: decodedCost(bytes) };
    this.decoded.add(mapKey, entry);
    return entry;
  }

  private mapKey(key: K): unknown {
    if (this.comparesByValue) return key;
    return this.ownMapKey !== undefined ? this.ownMapKey(key) : this.keySerde.serialize(key).toString('latin1');
  }
}
