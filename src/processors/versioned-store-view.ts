import type { EpochStore } from '../state/epoch-store';
import { VersionedTable } from '../state/versioned-table';
import type { VersionedKeyValueStore, VersionedRecord } from '../topology/versioned-store-api';

/** A versioned store as processors see it. */
export class VersionedStoreView<K, V> implements VersionedKeyValueStore<K, V> {
  readonly name: string;
  private readonly table: VersionedTable;

  constructor(store: EpochStore<unknown, unknown>) {
    const { keySerde, historyRetentionMs } = store.definition.versioned!;
    this.name = store.name;
    this.table = new VersionedTable(store, keySerde, historyRetentionMs);
  }

  async get(key: K, asOf?: number): Promise<VersionedRecord<V> | undefined> {
    const { value, timestamp } =
      asOf === undefined ? await this.table.loadLatest(key) : await this.table.loadAsOf(key, asOf);
    return value === undefined ? undefined : { value: value as V, timestamp };
  }

  async put(key: K, value: V, timestamp: number): Promise<boolean> {
    const { result } = await this.table.put(key, value ?? undefined, timestamp);
    return result !== 'expired';
  }

  delete(key: K, timestamp: number): Promise<boolean> {
    return this.put(key, undefined as V, timestamp);
  }
}
