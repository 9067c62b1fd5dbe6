import type { StoreDefinition } from '../topology/graph';
import { changelogKey, changelogTimestamp, changelogValue } from './entry-codec';
import type { MemoryEntry } from './memory-file';
import { openMemoryFile, type MemoryFile } from './memory-file-reader';
import { NumberedStore } from './numbered-store';
import type { NativeHandle } from './rocksdb-binding';
import { guardDirectory, stateFailure } from './rocksdb-failure';
import { checkFormat, encodeStores, FORMAT_KEY, knownStores, STORES_KEY } from './rocksdb-layout';
import { closeNative, readNative } from './rocksdb-native';
import { openFound } from './rocksdb-positions';
import { scanRocksDb } from './rocksdb-scan';
import { checkTableBlocks } from './rocksdb-tables';

/** An entry of a store, as its changelog has it. */
export interface SnapshotEntry {
  readonly key: Buffer;
  readonly value: Buffer;
  /** Milliseconds since 1970; undefined for stores that keep none. */
  readonly timestamp: number | undefined;
}

/**
 * What is in the files of a task's snapshot, to be read without its task. They must lie in a directory of their own, at the sizes
 * of the snapshot, and are not changed. Close it.
 *
 * @example
 * const snapshot = await SnapshotEntries.open(directory, stores);
 * try {
 *   for (const store of stores) for await (const { key, value, timestamp } of snapshot.of(store)) await write(store, key, value, timestamp);
 * } finally {
 *   await snapshot.close();
 * }
 */
export class SnapshotEntries {
  private constructor(
    private readonly directory: string,
    private readonly native: NativeHandle | undefined,
    private readonly memory: MemoryFile | undefined,
    /** By name. */
    private readonly onDisk: ReadonlyMap<string, NumberedStore>,
    private readonly inMemory: ReadonlyMap<string, NumberedStore>,
  ) {}

  /**
   * @param stores - of the task, as the topology has them
   * @throws {StateCorruptedError} the files are damaged
   * @throws {StateFormatError} a newer Millrace wrote them
   * @throws {StateIncompatibleError} a store's kind or serde is not what it was
   * @throws {StateDirectoryError} the files cannot be read
   */
  static open(directory: string, stores: readonly StoreDefinition[]): Promise<SnapshotEntries> {
    return guardDirectory(directory, async () => {
      const memory = await openMemoryFile(directory);
      const inMemory = numberedStores(
        directory,
        memory === undefined ? undefined : encodeStores(memory.stores),
        stores,
      );
      const found = await openFound(directory, true);
      if (found === undefined) return new SnapshotEntries(directory, undefined, memory, new Map(), inMemory);
      try {
        const [format, storedStores] = await readNative(directory, found.native, [FORMAT_KEY, STORES_KEY]);
        checkFormat(directory, format);
        await checkTableBlocks(directory, found.manifest.tables);
        const onDisk = numberedStores(directory, storedStores, stores);
        return new SnapshotEntries(directory, found.native, memory, onDisk, inMemory);
      } catch (error) {
        await closeNative(directory, found.native);
        throw error;
      }
    });
  }

  /** All entries of a store, in no order. None when the snapshot does not know the store. */
  async *of(store: StoreDefinition): AsyncGenerator<SnapshotEntry> {
    const inMemory = this.inMemory.get(store.name);
    const handle = inMemory ?? this.onDisk.get(store.name);
    if (handle === undefined) return;
    const entries = inMemory === undefined ? this.onDiskEntries(handle) : this.inMemoryEntries(handle);
    for await (const [storedKey, value] of entries)
      yield {
        key: changelogKey(handle, storedKey),
        value: changelogValue(store, value),
        timestamp: changelogTimestamp(store, value),
      };
  }

  private async *onDiskEntries(handle: NumberedStore): AsyncGenerator<MemoryEntry> {
    try {
      yield* scanRocksDb(this.native!, handle, {}, () => true);
    } catch (error) {
      throw stateFailure(this.directory, error as Error, handle.name);
    }
  }

  private async *inMemoryEntries(handle: NumberedStore): AsyncGenerator<MemoryEntry> {
    for await (const entry of this.memory!.entries()) if (entry[0].readUInt16BE() === handle.number) yield entry;
  }

  async close(): Promise<void> {
    if (this.native !== undefined) await closeNative(this.directory, this.native);
  }
}

function numberedStores(
  directory: string,
  written: Buffer | undefined,
  declared: readonly StoreDefinition[],
): ReadonlyMap<string, NumberedStore> {
  const known = knownStores(directory, written, declared);
  return new Map(known.map(({ name, number }) => [name, new NumberedStore(name, number)]));
}
