import type { DatabaseSnapshot } from './database-snapshot';
import type { ScanBounds, StateDatabase, StateWrite, StoreHandle } from './state-database';

/**
 * The state of a task that has stores of both backends. What survives a restart is written first, and input offsets go with it;
 * what is in memory is rebuilt from its changelog at every start.
 */
export class SplitState implements StateDatabase {
  constructor(
    private readonly durable: StateDatabase,
    private readonly memory: StateDatabase,
    private readonly memoryStores: ReadonlySet<string>,
  ) {}

  get isNew(): boolean {
    return this.durable.isNew;
  }

  private of(store: string): StateDatabase {
    return this.memoryStores.has(store) ? this.memory : this.durable;
  }

  store(name: string): StoreHandle {
    return this.of(name).store(name);
  }

  inputOffset(topic: string, partition: number): number | undefined {
    return this.durable.inputOffset(topic, partition);
  }

  changelogPosition(store: string): number | undefined {
    return this.of(store).changelogPosition(store);
  }

  getMany(store: StoreHandle, storedKeys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return this.of(store.name).getMany(store, storedKeys);
  }

  write(): StateWrite {
    const durable = this.durable.write();
    const memory = this.memory.write();
    const of = (store: string): StateWrite => (this.memoryStores.has(store) ? memory : durable);
    return {
      put: (store, key, value) => of(store.name).put(store, key, value),
      delete: (store, key) => of(store.name).delete(store, key),
      setInputOffset: (topic, partition, offset) => durable.setInputOffset(topic, partition, offset),
      setChangelogPosition: (store, offset) => of(store).setChangelogPosition(store, offset),
      commit: async () => {
        await durable.commit();
        await memory.commit();
      },
    };
  }

  scan(store: StoreHandle, bounds?: ScanBounds): AsyncIterable<readonly [Buffer, Buffer]> {
    return this.of(store.name).scan(store, bounds);
  }

  approximateEntries(): number {
    return this.durable.approximateEntries() + this.memory.approximateEntries();
  }

  /** What is in memory goes into the same directory. */
  async snapshot(directory: string): Promise<DatabaseSnapshot> {
    const durable = await this.durable.snapshot(directory);
    try {
      const memory = await this.memory.snapshot(directory);
      return {
        directory,
        files: async () => [...(await durable.files()), ...(await memory.files())],
        release: () => memory.release(),
      };
    } catch (error) {
      await durable.release();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.durable.close();
    await this.memory.close();
  }
}
