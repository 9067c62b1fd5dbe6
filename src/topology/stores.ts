import type { Serde } from '../serde/serde';
import type { StoreDefinition } from './graph';
import { versionedEntrySerde, versionedKeySerde } from './versioned-serdes';

/** How a store keeps its data. */
export interface StoreOptions {
  /**
   * `rocksdb` keeps the state on the local disk and only what was used lately in memory. `memory` keeps all of it in memory
   * and reads all of it from the changelog at every start.
   *
   * @default 'rocksdb'
   */
  readonly backend?: 'rocksdb' | 'memory' | undefined;
  /**
   * Whether every change also goes to the topic `<application id>-<store>-changelog`. Without it the state is lost with the
   * local disk.
   *
   * @default true
   */
  readonly changelog?: boolean | undefined;
}

/** What {@link stores.keyValue} needs to know. */
export interface KeyValueStoreOptions<K, V> extends StoreOptions {
  /** Names the store where it is used, and its changelog topic. */
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}

/** What {@link stores.versionedKeyValue} needs to know. */
export interface VersionedKeyValueStoreOptions<K, V> extends KeyValueStoreOptions<K, V> {
  /** For how long a value can be looked up after it was replaced, in milliseconds of the store's time. */
  readonly historyRetentionMs: number;
}

/** Makes definitions of stores for `StreamsBuilder.addStore`. */
export const stores = Object.freeze({
  /**
   * A store that holds one value for each key.
   *
   * @example
   * builder.addStore(stores.keyValue({ name: 'balances', key: serdes.string, value: serdes.float64 }));
   */
  keyValue<K, V>(options: KeyValueStoreOptions<K, V>): StoreDefinition {
    return {
      kind: 'key-value',
      name: options.name,
      keySerde: options.key,
      valueSerde: options.value,
      changelog: options.changelog ?? true,
      backend: options.backend ?? 'rocksdb',
    };
  },

  /**
   * A store that knows the values that its keys had in the past. Its time is the highest timestamp of what was put in.
   *
   * @throws RangeError when `historyRetentionMs` is not a whole number from 0 up
   * @example
   * builder.addStore(stores.versionedKeyValue({
   *   name: 'prices', key: serdes.string, value: serdes.float64, historyRetentionMs: 3_600_000,
   * }));
   */
  versionedKeyValue<K, V>(options: VersionedKeyValueStoreOptions<K, V>): StoreDefinition {
    const { historyRetentionMs } = options;
    if (!(Number.isSafeInteger(historyRetentionMs) && historyRetentionMs >= 0)) {
      throw new RangeError(
        `The store '${options.name}' has historyRetentionMs: ${historyRetentionMs}. Give a whole number of milliseconds from 0 up.`,
      );
    }
    return {
      kind: 'versioned-key-value',
      name: options.name,
      keySerde: versionedKeySerde(options.key, historyRetentionMs),
      valueSerde: versionedEntrySerde(options.value),
      versioned: { keySerde: options.key, historyRetentionMs },
      changelog: options.changelog ?? true,
      backend: options.backend ?? 'rocksdb',
    };
  },
});
