import { HIGHEST, LOWEST, type PairKey } from '../../serde/pair-key';
import type { Serde } from '../../serde/serde';
import type { TimedValue } from '../../serde/timed-value';
import type { MapState } from '../../topology/keyed-state';
import type { Awaitable } from '../../topology/processor-api';
import type { EpochStore } from '../epoch-store';
import type { CurrentKey } from './current-key';
import type { TimeToLive } from './time-to-live';

/** Behind {@link MapState}: an entry of the store for each entry of the map, all those of a key side by side. */
export class StoredMapState<K, V> implements MapState<K, V> {
  constructor(
    private readonly name: string,
    private readonly store: EpochStore<PairKey, V | TimedValue<V>>,
    private readonly currentKey: CurrentKey,
    private readonly keySerde: Serde<unknown>,
    private readonly ttl: TimeToLive | undefined,
  ) {}

  get(key: K): Awaitable<V | undefined> {
    const pair = this.pair(key);
    const stored = this.store.get(pair);
    return stored instanceof Promise ? stored.then((value) => this.read(pair, value)) : this.read(pair, stored);
  }

  contains(key: K): Awaitable<boolean> {
    const value = this.get(key);
    return value instanceof Promise ? value.then((known) => known !== undefined) : value !== undefined;
  }

  put(key: K, value: V): void {
    this.write(this.pair(key), value);
  }

  remove(key: K): void {
    this.store.delete(this.pair(key));
  }

  async *entries(): AsyncIterable<readonly [K, V]> {
    for await (const [pair, stored] of this.stored()) {
      const value = this.read(pair, stored);
      if (value !== undefined) yield [pair.second as K, value];
    }
  }

  async *keys(): AsyncIterable<K> {
    for await (const [key] of this.entries()) yield key;
  }

  async *values(): AsyncIterable<V> {
    for await (const [, value] of this.entries()) yield value;
  }

  async isEmpty(): Promise<boolean> {
    for await (const _ of this.entries()) return false;
    return true;
  }

  async clear(): Promise<void> {
    for await (const [pair] of this.stored()) this.store.delete(pair);
  }

  private async *stored(): AsyncIterable<readonly [PairKey, V | TimedValue<V>]> {
    const first = this.currentKey.of(this.name);
    const keyBytes = this.keySerde.serialize(first);
    for await (const entry of this.store.range({ first, second: LOWEST }, { first, second: HIGHEST })) {
      // What ends a key's range may be the first entry of another key.
      if (this.keySerde.serialize(entry[0].first).equals(keyBytes)) yield entry;
    }
  }

  private pair(second: K): PairKey {
    return { first: this.currentKey.of(this.name), second };
  }

  private read(pair: PairKey, stored: V | TimedValue<V> | undefined): V | undefined {
    const { ttl } = this;
    if (stored === undefined || ttl === undefined) return stored as V | undefined;
    const { value, at } = stored as TimedValue<V>;
    if (ttl.hasExpired(at)) {
      this.store.delete(pair);
      return ttl.showsExpired ? value : undefined;
    }
    if (ttl.prolongedByReads) this.write(pair, value);
    return value;
  }

  private write(pair: PairKey, value: V): void {
    const { ttl } = this;
    this.store.put(pair, ttl === undefined ? value : { value, at: ttl.now() });
  }
}
