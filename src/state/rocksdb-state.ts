import { releaseDirectory, type DatabaseSnapshot } from './database-snapshot';
import { makeDirectory, makeDirectoryNow } from './make-directory';
import { namedStore } from './named-store';
import { NumberedStore } from './numbered-store';
import { binding, type NativeHandle } from './rocksdb-binding';
import { guardDirectory, stateFailure } from './rocksdb-failure';
import { checkFiles } from './rocksdb-files';
import {
  checkFormat,
  encodeFormat,
  encodeStores,
  FORMAT_KEY,
  POSITIONS_KEY,
  registerStores,
  STORES_KEY,
} from './rocksdb-layout';
import { closeNative, openNative, readNative, writeNative } from './rocksdb-native';
import { decodePositions, isUnwritten } from './rocksdb-positions';
import { scanRocksDb } from './rocksdb-scan';
import { RocksDbSnapshots } from './rocksdb-snapshot';
import { checkTableBlocks, type TableFile } from './rocksdb-tables';
import { RocksDbWrite } from './rocksdb-write';
import type { ScanBounds, StateDatabase, StateWrite, StoreFormat, StoreHandle } from './state-database';
import { StateDatabaseClosedError } from './state-database-errors';
import { StateDirectoryError } from './state-directory-errors';
import { StatePositions } from './state-positions';

export interface RocksDbOptions {
  /** Bytes of blocks kept uncompressed in memory for reads. */
  readonly blockCacheBytes: number;
  /** Bytes of writes collected in memory before they become a file. Up to twice as many are held while one is written. */
  readonly writeBufferBytes: number;
  /**
   * Table files that may be open at a time. Each open one keeps its index and filter in memory: 1.3 to 2 bytes for each of its
   * entries, and a file has up to 64 MB.
   */
  readonly maxOpenFiles: number;
}

/** One `getMany` runs on one thread of libuv's pool; a large one is worth two. */
const SPLIT_READS_FROM = 512;

/** How often a write that is not done yet looks whether it ever will be. */
const STALL_CHECK_MS = 500;

/**
 * Opens, or begins, the state of a task in a directory of its own.
 *
 * @throws {StateFormatError} a newer Millrace wrote it
 * @throws {StateIncompatibleError} a store's kind or serde is not what it was
 * @throws {StateCorruptedError} files are damaged or missing
 * @throws {StateDirectoryError} the directory cannot be written
 * @throws {StateDirectoryLockedError} it is open already
 */
export async function openRocksDbState(
  directory: string,
  stores: readonly StoreFormat[],
  options: RocksDbOptions,
): Promise<StateDatabase> {
  return guardDirectory(directory, async () => {
    await makeDirectory(directory);
    const manifest = await checkFiles(directory);
    const isNew = manifest === undefined;
    const native = await openNative(directory, {
      createIfMissing: isNew,
      errorIfExists: isNew,
      readOnly: false,
      cacheSize: options.blockCacheBytes,
      writeBufferSize: options.writeBufferBytes,
      maxOpenFiles: options.maxOpenFiles,
    });
    try {
      return await loadState(directory, native, manifest?.tables, stores);
    } catch (error) {
      await closeNative(directory, native);
      throw error;
    }
  });
}

async function loadState(
  directory: string,
  native: NativeHandle,
  /** Of the database that was there. */
  found: readonly TableFile[] | undefined,
  declared: readonly StoreFormat[],
): Promise<RocksDbState> {
  const [format, storedStores, storedPositions] = await readNative(directory, native, [
    FORMAT_KEY,
    STORES_KEY,
    POSITIONS_KEY,
  ]);
  const tables = found === undefined || isUnwritten(found, format, storedPositions) ? undefined : found;
  const isNew = tables === undefined;
  if (!isNew) checkFormat(directory, format);
  const { stores, added } = registerStores(directory, storedStores, declared);
  const positions = isNew ? new StatePositions() : decodePositions(directory, storedPositions);
  const state = new RocksDbState(
    directory,
    native,
    tables,
    new Map(stores.map(({ name, number }) => [name, new NumberedStore(name, number)])),
    positions,
  );
  if (isNew || added) await state.initialize(encodeStores(stores));
  return state;
}

class RocksDbState implements StateDatabase {
  /** What the next write will say: ahead of `positions` while writes are under way. */
  private readonly nextPositions = new StatePositions();
  private readonly spareBatches: NativeHandle[] = [];
  /** Settles when the last write so far is done. */
  private lastCommit: Promise<void> = Promise.resolve();
  private closing: Promise<void> | undefined;
  /** What an earlier process left behind must be checked before it is scanned. */
  private blocksChecked: Promise<void> | undefined;
  private readonly snapshots: RocksDbSnapshots;

  constructor(
    private readonly directory: string,
    private readonly native: NativeHandle,
    /** That an earlier process left behind; undefined when the database is new. */
    private readonly tables: readonly TableFile[] | undefined,
    private readonly stores: ReadonlyMap<string, NumberedStore>,
    private readonly positions: StatePositions,
  ) {
    this.nextPositions.merge(positions);
    this.snapshots = new RocksDbSnapshots(directory);
  }

  get isNew(): boolean {
    return this.tables === undefined;
  }

  initialize(stores: Buffer): Promise<void> {
    const batch = this.takeBatch();
    binding.batch_put(batch, FORMAT_KEY, encodeFormat());
    binding.batch_put(batch, STORES_KEY, stores);
    return this.commit(batch, new StatePositions());
  }

  store(name: string): StoreHandle {
    return this.numbered(name);
  }

  private numbered(name: string): NumberedStore {
    return namedStore(this.stores, name, this.directory);
  }

  inputOffset(topic: string, partition: number): number | undefined {
    return this.positions.inputOffset(topic, partition);
  }

  changelogPosition(store: string): number | undefined {
    return this.positions.changelogPosition(store);
  }

  async getMany(store: StoreHandle, storedKeys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    this.checkOpen();
    if (storedKeys.length < SPLIT_READS_FROM) return readNative(this.directory, this.native, storedKeys, store.name);
    const middle = storedKeys.length >>> 1;
    const [first, second] = await Promise.all([
      readNative(this.directory, this.native, storedKeys.slice(0, middle), store.name),
      readNative(this.directory, this.native, storedKeys.slice(middle), store.name),
    ]);
    return first.concat(second);
  }

  write(): StateWrite {
    this.checkOpen();
    return new RocksDbWrite(this.takeBatch(), (batch, positions) => this.commit(batch, positions));
  }

  private takeBatch(): NativeHandle {
    return this.spareBatches.pop() ?? binding.batch_init(this.native);
  }

  private commit(batch: NativeHandle, changes: StatePositions): Promise<void> {
    this.checkOpen();
    this.nextPositions.merge(changes);
    binding.batch_put(batch, POSITIONS_KEY, this.nextPositions.encode());
    const commit = this.lastCommit.then(async () => {
      await this.unlessStalled(writeNative(this.directory, batch));
      await this.checkBackgroundWork();
      this.positions.merge(changes);
      // A batch keeps its memory, outside of V8's sight, until it is collected; so it is used again.
      binding.batch_clear(batch);
      this.spareBatches.push(batch);
    });
    this.lastCommit = commit;
    // Whoever committed learns of a failure; nobody else must handle it here.
    commit.catch(() => undefined);
    return commit;
  }

  /** A write that waits for background work which fails again and again would never be done. */
  private async unlessStalled(write: Promise<void>): Promise<void> {
    let look: NodeJS.Timeout | undefined;
    const stalled = new Promise<never>((_, reject) => {
      look = setInterval(() => void this.checkBackgroundWork().catch(reject), STALL_CHECK_MS);
    });
    try {
      await Promise.race([write, stalled]);
    } finally {
      clearInterval(look);
    }
  }

  /**
   * Files are written in the background. As the `rocksdb` package opens it, RocksDB only counts what goes wrong there and tries
   * again, until there are so many files that writes stop for good.
   */
  private async checkBackgroundWork(): Promise<void> {
    if (binding.db_get_property(this.native, 'rocksdb.background-errors') === '0') return;
    await this.checkBlocks();
    throw new StateDirectoryError(this.directory, 'RocksDB could not write its files in the background');
  }

  private checkBlocks(): Promise<void> {
    return guardDirectory(this.directory, () => checkTableBlocks(this.directory, this.tables ?? []));
  }

  async *scan(store: StoreHandle, bounds: ScanBounds = {}): AsyncGenerator<readonly [Buffer, Buffer]> {
    this.checkOpen();
    await (this.blocksChecked ??= this.checkBlocks());
    this.checkOpen();
    try {
      yield* scanRocksDb(this.native, this.numbered(store.name), bounds, () => this.closing === undefined);
    } catch (error) {
      this.checkOpen();
      throw stateFailure(this.directory, error as Error, store.name);
    }
    this.checkOpen();
  }

  approximateEntries(): number {
    this.checkOpen();
    return Number(binding.db_get_property(this.native, 'rocksdb.estimate-num-keys'));
  }

  async snapshot(directory: string): Promise<DatabaseSnapshot> {
    this.checkOpen();
    const cut = this.lastCommit.then(() =>
      guardDirectory(directory, async () => {
        makeDirectoryNow(directory);
        return this.snapshots.cut(directory);
      }),
    );
    // A write that is committed meanwhile waits, and so does closing.
    this.lastCommit = this.lastCommit.then(() =>
      cut.then(
        () => undefined,
        () => undefined,
      ),
    );
    this.lastCommit.catch(() => undefined);
    try {
      const files = await cut;
      return { directory, files: async () => files, release: () => releaseDirectory(directory, cut) };
    } catch (error) {
      await releaseDirectory(directory, cut);
      throw error;
    }
  }

  close(): Promise<void> {
    this.closing ??= this.lastCommit.catch(() => undefined).then(() => closeNative(this.directory, this.native));
    return this.closing;
  }

  private checkOpen(): void {
    if (this.closing !== undefined) throw new StateDatabaseClosedError(this.directory);
  }
}
