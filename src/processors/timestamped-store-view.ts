import type { EpochStore } from '../state/epoch-store';
import type { StoreEntry } from '../state/store-entry';
import type { Awaitable } from '../topology/awaitable';
import type { TimestampedKeyValueStore, ValueAndTimestamp } from '../topology/processor-api';

/** Behind {@link TimestampedKeyValueStore}. */
export class TimestampedStoreView<K, V> implements TimestampedKeyValueStore<K, V> {
  constructor(private readonly store: EpochStore<K, V>) {}

  get name(): string {
    return this.store.name;
  }

  get(key: K): Awaitable<ValueAndTimestamp<V> | undefined> {
    const entry = this.store.lookup(key);
    return entry === undefined ? this.store.load(key).then(withTimestamp) : withTimestamp(entry);
  }

  put(key: K, { value, timestamp }: ValueAndTimestamp<V>): void {
    this.store.putAt(key, value, timestamp);
  }

  delete(key: K): void {
    this.store.delete(key);
  }

  putIfAbsent(key: K, value: ValueAndTimestamp<V>): Awaitable<ValueAndTimestamp<V> | undefined> {
    const found = this.get(key);
    return found instanceof Promise
      ? found.then((loaded) => this.putUnless(loaded, key, value))
      : this.putUnless(found, key, value);
  }

  private putUnless(
    found: ValueAndTimestamp<V> | undefined,
    key: K,
    value: ValueAndTimestamp<V>,
  ): ValueAndTimestamp<V> | undefined {
    if (found === undefined) this.put(key, value);
    return found;
  }

  range(from: K | undefined, to: K | undefined): AsyncIterable<readonly [K, ValueAndTimestamp<V>]> {
    return pairs(this.store.scan({ from, to }));
  }

  reverseRange(from: K | undefined, to: K | undefined): AsyncIterable<readonly [K, ValueAndTimestamp<V>]> {
    return pairs(this.store.scan({ from, to, reverse: true }));
  }

  all(): AsyncIterable<readonly [K, ValueAndTimestamp<V>]> {
    return this.range(undefined, undefined);
  }

  reverseAll(): AsyncIterable<readonly [K, ValueAndTimestamp<V>]> {
    return this.reverseRange(undefined, undefined);
  }

  prefixScan(prefix: K | Uint8Array): AsyncIterable<readonly [K, ValueAndTimestamp<V>]> {
    return pairs(this.store.scanPrefix(prefix));
  }
}

function withTimestamp<V>({ value, timestamp }: StoreEntry<unknown, V>): ValueAndTimestamp<V> | undefined {
  return value === undefined ? undefined : { value, timestamp };
}

async function* pairs<K, V>(
  entries: AsyncIterable<readonly [K, V, number]>,
): AsyncGenerator<readonly [K, ValueAndTimestamp<V>]> {
  for await (const [key, value, timestamp] of entries) yield [key, { value, timestamp }];
}
