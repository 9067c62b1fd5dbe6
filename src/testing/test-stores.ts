import type { KeyValueStore } from '../topology/processor-api';

/** The parts of a store that several tasks have, as one. Writes go to the part that has the key, or else to the first. */
export class TestStores<K, V> implements KeyValueStore<K, V> {
  constructor(
    readonly name: string,
    private readonly parts: readonly KeyValueStore<K, V>[],
  ) {}

  async get(key: K): Promise<V | undefined> {
    for (const part of this.parts) {
      const value = await part.get(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  put(key: K, value: V): void {
    this.parts[0]!.put(key, value);
  }

  delete(key: K): void {
    for (const part of this.parts) part.delete(key);
  }

  async *range(from: K | undefined, to: K | undefined): AsyncGenerator<readonly [K, V]> {
    for (const part of this.parts) yield* part.range(from, to);
  }

  async putIfAbsent(key: K, value: V): Promise<V | undefined> {
    const found = await this.get(key);
    if (found === undefined) this.put(key, value);
    return found;
  }

  async *reverseRange(from: K | undefined, to: K | undefined): AsyncGenerator<readonly [K, V]> {
    for (const part of this.parts) yield* part.reverseRange(from, to);
  }

  reverseAll(): AsyncIterable<readonly [K, V]> {
    return this.reverseRange(undefined, undefined);
  }

  async *prefixScan(prefix: K | Uint8Array): AsyncGenerator<readonly [K, V]> {
    for (const part of this.parts) yield* part.prefixScan(prefix);
  }

  all(): AsyncIterable<readonly [K, V]> {
    return this.range(undefined, undefined);
  }
}
