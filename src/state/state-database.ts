import type { StoreDefinition } from '../topology/graph';
import type { DatabaseSnapshot } from './database-snapshot';

/** What the database must know of a store: enough to refuse state that another kind of store or another format wrote. */
export interface StoreFormat {
  readonly name: string;
  readonly kind: StoreDefinition['kind'];
  readonly keySerde: { readonly name: string };
  readonly valueSerde: { readonly name: string };
}

/**
 * One store within a task's database.
 *
 * All stores of a task share one database, so every key begins with the store's prefix there. A _stored key_ is the prefix and
 * the serialized key; whoever serializes a key makes it with `prefixed`, once, and uses it for reads and writes alike.
 */
export interface StoreHandle {
  readonly name: string;
  /** Bytes before the serialized key in a stored key; the same for every store. */
  readonly prefixLength: number;
  /** The stored key of a serialized key, as a new buffer. */
  prefixed(key: Uint8Array): Buffer;
}

/** Bounds of a scan, as stored keys of that store. Without a bound it runs to the store's end. */
export interface ScanBounds {
  readonly gte?: Buffer;
  readonly gt?: Buffer;
  readonly lt?: Buffer;
  readonly lte?: Buffer;
  /** From the greatest key to the smallest. */
  readonly reverse?: boolean;
}

/**
 * Changes that become visible and durable together.
 *
 * Keys and values are copied by the call that takes them, so their buffers may be reused at once.
 */
export interface StateWrite {
  put(store: StoreHandle, storedKey: Buffer, value: Buffer): void;
  delete(store: StoreHandle, storedKey: Buffer): void;
  /** The next offset of the input partition to process. */
  setInputOffset(topic: string, partition: number, offset: number): void;
  /** The next offset of the store's changelog to read: everything before it is in the database once this write is. */
  setChangelogPosition(store: string, offset: number): void;
  /**
   * Writes everything at once. Writes take effect in the order of their `commit` calls, and after one has failed all later
   * ones fail with the same error: what the database holds is always a prefix of whole writes.
   *
   * The write survives the death of the process, not that of the machine (there it may lose whole writes, the latest first).
   *
   * @throws {StateDirectoryError} the disk is full, or cannot be written
   * @throws {StateCorruptedError} the database's files are damaged
   */
  commit(): Promise<void>;
}

/**
 * The state of one task: the entries of all its stores, and how far inputs and changelogs have been applied to them.
 *
 * After `close` reading, writing and scanning throw `StateDatabaseClosedError`; the positions stay readable.
 */
export interface StateDatabase {
  /** Nothing was there when it was opened. */
  readonly isNew: boolean;
  /** @throws {Error} when no store of that name was named at opening */
  store(name: string): StoreHandle;
  /** The next offset to process, as the last write said. */
  inputOffset(topic: string, partition: number): number | undefined;
  /** The next changelog offset to read, as the last write said; undefined when the store was never written. */
  changelogPosition(store: string): number | undefined;
  /**
   * The values of stored keys, in the order asked for; undefined where there is none. Sees all writes whose commit was done.
   *
   * @throws {StateCorruptedError} the database's files are damaged
   */
  getMany(store: StoreHandle, storedKeys: readonly Buffer[]): Promise<(Buffer | undefined)[]>;
  /** A new, empty write. */
  write(): StateWrite;
  /**
   * The entries of a store in the order of their stored keys, as they are when the first one is asked for: writes after that do
   * not show. Ending the loop early frees what the scan holds.
   *
   * @throws {StateCorruptedError} the database's files are damaged
   */
  scan(store: StoreHandle, bounds?: ScanBounds): AsyncIterable<readonly [storedKey: Buffer, value: Buffer]>;
  /**
   * Keeps the state as it is now, in files in a directory that is made for it, on the file system of the database. No write may be
   * under way; writes may begin again when the promise resolves.
   *
   * @throws {StateSnapshotError} the database's files changed all the time
   * @throws {StateCorruptedError} the database's files are damaged
   * @throws {StateDirectoryError} the directory cannot be written
   */
  snapshot(directory: string): Promise<DatabaseSnapshot>;
  /** About how many entries all stores have together. */
  approximateEntries(): number;
  /** Waits for what is under way, then closes. Calling it again does nothing. */
  close(): Promise<void>;
}
