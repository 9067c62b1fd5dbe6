import type { Serde } from '../serde/serde';
import type { StoreDefinition } from './graph';
import type { StoreOptions } from './store-options';

export type { StoreOptions };

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
