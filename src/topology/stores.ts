import type { Serde } from '../serde/serde';
import type { StoreDefinition } from './graph';
import type { KeyValueStore, TimestampedKeyValueStore } from './processor-api';
import type { SessionStore, StoreOf, WindowStore } from './store-api';
import { storageOf, type StoreOptions } from './store-options';
import { sessionStore, windowStore } from './window-store-definitions';
import type { SessionStoreOptions, WindowStoreOptions } from './window-store-definitions';
import { versionedEntrySerde, versionedKeySerde } from './versioned-serdes';

export type { StoreOptions } from './store-options';

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
  keyValue<K, V>(options: KeyValueStoreOptions<K, V>): StoreDefinition & StoreOf<KeyValueStore<K, V>> {
    return {
      kind: 'key-value',
      name: options.name,
      keySerde: options.key,
      valueSerde: options.value,
      ...storageOf(options),
    };
  },

  /**
   * A store that holds one value for each key, with a timestamp that the processor gives it.
   *
   * @example
   * builder.addStore(stores.timestampedKeyValue({ name: 'latest', key: serdes.string, value: serdes.float64 }));
   */
  timestampedKeyValue<K, V>(
    options: KeyValueStoreOptions<K, V>,
  ): StoreDefinition & StoreOf<TimestampedKeyValueStore<K, V>> {
    return {
      kind: 'timestamped-key-value',
      name: options.name,
      keySerde: options.key,
      valueSerde: options.value,
      ...storageOf(options),
      showsTimestamps: true,
    };
  },

  /**
   * A store that holds values for each key and window, and forgets them after a time.
   *
   * @example
   * builder.addStore(stores.window({
   *   name: 'readings', key: serdes.string, value: serdes.float64, retentionMs: 3_600_000, windowSizeMs: 60_000,
   * }));
   */
  window<K, V>(options: WindowStoreOptions<K, V>): StoreDefinition & StoreOf<WindowStore<K, V>> {
    return windowStore(options);
  },

  /**
   * A store that holds values for each key and session, and forgets them after a time.
   *
   * @example
   * builder.addStore(stores.session({ name: 'visits', key: serdes.string, value: serdes.json<Visit>(), retentionMs: 86_400_000 }));
   */
  session<K, V>(options: SessionStoreOptions<K, V>): StoreDefinition & StoreOf<SessionStore<K, V>> {
    return sessionStore(options);
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
      ...storageOf(options),
    };
  },
});
