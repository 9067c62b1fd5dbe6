import { releaseDirectory, type DatabaseSnapshot } from './database-snapshot';
import { makeDirectory } from './make-directory';
import { writeMemoryFile } from './memory-file';
import { namedStore } from './named-store';
import { NumberedStore } from './numbered-store';
import { guardDirectory } from './rocksdb-failure';
import type { ScanBounds, StateDatabase, StateWrite, StoreFormat, StoreHandle } from './state-database';
import { StateDatabaseClosedError } from './state-database-errors';
import { StatePositions } from './state-positions';

type Entry = readonly [storedKey: Buffer, value: Buffer];

/** The entries of one store, by their stored keys as latin1 text, whose order is that of the bytes. */
class MemoryStore {
  private readonly entries = new Map<string, Entry>();
  private sorted: readonly Entry[] | undefined;

  get size(): number {
    return this.entries.size;
  }

  get(storedKey: Buffer): Buffer | undefined {
    return this.entries.get(storedKey.toString('latin1'))?.[1];
  }

  set(key: string, entry: Entry | undefined): void {
    if (entry === undefined) this.entries.delete(key);
    else this.entries.set(key, entry);
    this.sorted = undefined;
  }

  /** In no order. The array is never changed later. */
  all(): readonly Entry[] {
    return this.sorted ?? [...this.entries.values()];
  }

  /** In key order. The array is never changed later. */
  inOrder(): readonly Entry[] {
    this.sorted ??= [...this.entries.values()].sort(([a], [b]) => Buffer.compare(a, b));
    return this.sorted;
  }
}

/**
 * A task's state in memory. It is new at every start, and rebuilt from the changelogs.
 *
 * @param name - says in errors whose state it is
 */
export function openMemoryState(name: string, stores: readonly StoreFormat[]): StateDatabase {
  return new MemoryState(name, stores);
}

class MemoryState implements StateDatabase {
  readonly isNew = true;
  private readonly handles: ReadonlyMap<string, NumberedStore>;
  private readonly stores = new Map<string, MemoryStore>();
  private readonly positions = new StatePositions();
  private closed = false;

  constructor(
    private readonly name: string,
    private readonly formats: readonly StoreFormat[],
  ) {
    this.handles = new Map(formats.map((store, index) => [store.name, new NumberedStore(store.name, index + 1)]));
    for (const { name: storeName } of formats) this.stores.set(storeName, new MemoryStore());
  }

  store(name: string): StoreHandle {
    return namedStore(this.handles, name, this.name);
  }

  inputOffset(topic: string, partition: number): number | undefined {
    return this.positions.inputOffset(topic, partition);
  }

  changelogPosition(store: string): number | undefined {
    return this.positions.changelogPosition(store);
  }

  async getMany(store: StoreHandle, storedKeys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    this.checkOpen();
    const entries = this.entries(store);
    return storedKeys.map((key) => entries.get(key));
  }

  write(): StateWrite {
    this.checkOpen();
    return new MemoryWrite((changes, positions) => {
      this.checkOpen();
      for (const { store, key, entry } of changes) this.entries(store).set(key, entry);
      this.positions.merge(positions);
    });
  }

  async *scan(store: StoreHandle, { gte, gt, lt, lte, reverse }: ScanBounds = {}): AsyncGenerator<Entry> {
    this.checkOpen();
    const all = this.entries(store).inOrder();
    const start = Math.max(
      gte === undefined ? 0 : position(all, gte, false),
      gt === undefined ? 0 : position(all, gt, true),
    );
    const end = Math.min(
      lt === undefined ? all.length : position(all, lt, false),
      lte === undefined ? all.length : position(all, lte, true),
    );
    for (let step = 0; step < end - start; step++) {
      this.checkOpen();
      yield all[reverse === true ? end - 1 - step : start + step]!;
    }
  }

  approximateEntries(): number {
    this.checkOpen();
    let entries = 0;
    for (const store of this.stores.values()) entries += store.size;
    return entries;
  }

  /** Only lists the entries before it resolves. They are written beside the processing. */
  async snapshot(directory: string): Promise<DatabaseSnapshot> {
    this.checkOpen();
    const entries = [...this.stores.values()].map((store) => store.all());
    const positions = this.positions.copy();
    const written = guardDirectory(directory, async () => {
      await makeDirectory(directory);
      return [await writeMemoryFile(directory, this.formats, positions, entries)];
    });
    written.catch(() => undefined);
    return { directory, files: () => written, release: () => releaseDirectory(directory, written) };
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stores.clear();
  }

  private entries(store: StoreHandle): MemoryStore {
    return namedStore(this.stores, store.name, this.name);
  }

  private checkOpen(): void {
    if (this.closed) throw new StateDatabaseClosedError(this.name);
  }
}

interface MemoryChange {
  readonly store: StoreHandle;
  readonly key: string;
  readonly entry: Entry | undefined;
}

class MemoryWrite implements StateWrite {
  private changes: MemoryChange[] | undefined = [];
  private readonly positions = new StatePositions();

  constructor(private readonly apply: (changes: readonly MemoryChange[], positions: StatePositions) => void) {}

  put(store: StoreHandle, storedKey: Buffer, value: Buffer): void {
    const entry: Entry = [Buffer.from(storedKey), Buffer.from(value)];
    this.open().push({ store, key: storedKey.toString('latin1'), entry });
  }

  delete(store: StoreHandle, storedKey: Buffer): void {
    this.open().push({ store, key: storedKey.toString('latin1'), entry: undefined });
  }

  setInputOffset(topic: string, partition: number, offset: number): void {
    this.positions.setInputOffset(topic, partition, offset);
  }

  setChangelogPosition(store: string, offset: number): void {
    this.positions.setChangelogPosition(store, offset);
  }

  async commit(): Promise<void> {
    const changes = this.open();
    this.changes = undefined;
    this.apply(changes, this.positions);
  }

  private open(): MemoryChange[] {
    if (this.changes === undefined) throw new Error('This write was committed already; make a new one.');
    return this.changes;
  }
}

/** How many entries are before `key`, or with `after` up to and including it. */
function position(entries: readonly Entry[], key: Buffer, after: boolean): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = Buffer.compare(entries[middle]![0], key);
    if (order < 0 || (after && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}
