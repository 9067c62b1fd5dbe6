import type { Serde } from '../serde/serde';
import type { StoreDefinition } from './graph';

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
});
