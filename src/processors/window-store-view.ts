import type { Awaitable } from '../topology/awaitable';
import type { Retention } from '../topology/retention';
import type { WindowStore } from '../topology/store-api';
import type { Windowed } from '../serde/windowed';
import { InvalidWindowError } from './invalid-window-error';
import type { SegmentedStore } from './segmented-store';

/** Behind {@link WindowStore}. The numbers of an entry: window start, and where there are duplicates, which one. */
export class WindowStoreView<K, V> implements WindowStore<K, V> {
  constructor(
    readonly name: string,
    readonly segments: SegmentedStore<K>,
    private readonly retention: Retention,
    private readonly dropped: () => void,
  ) {}

  put(key: K, value: V | null | undefined, windowStart: number): void {
    checkTime(this.name, 'window start', windowStart);
    const { retainDuplicates, innerValueSerde } = this.retention;
    const deletes = value === null || value === undefined;
    if (deletes && retainDuplicates) return;
    const bytes = deletes ? undefined : innerValueSerde.serialize(value);
    if (!this.segments.observe(windowStart)) {
      this.dropped();
      return;
    }
    const numbers = retainDuplicates ? [windowStart, this.segments.nextSequence()] : [windowStart];
    this.segments.put(key, numbers, bytes);
  }

  fetch(key: K, windowStart: number): Awaitable<V | undefined>;
  fetch(key: K, from: number, to: number): AsyncIterable<readonly [number, V]>;
  fetch(key: K, from: number, to?: number): Awaitable<V | undefined> | AsyncIterable<readonly [number, V]> {
    if (to !== undefined) return this.scanKey(key, from, to, false);
    if (this.retention.retainDuplicates) {
      throw new InvalidWindowError(this.name, 'has several values for a window: ask with fetch(key, from, to)');
    }
    const found = this.segments.get(key, [from]);
    return found instanceof Promise ? found.then((bytes) => this.decode(bytes)) : this.decode(found);
  }

  backwardFetch(key: K, from: number, to: number): AsyncIterable<readonly [number, V]> {
    return this.scanKey(key, from, to, true);
  }

  fetchAll(from: number, to: number): AsyncIterable<readonly [Windowed<K>, V]> {
    return this.scanAll(from, to, false);
  }

  backwardFetchAll(from: number, to: number): AsyncIterable<readonly [Windowed<K>, V]> {
    return this.scanAll(from, to, true);
  }

  all(): AsyncIterable<readonly [Windowed<K>, V]> {
    return this.scanAll(0, Infinity, false);
  }

  backwardAll(): AsyncIterable<readonly [Windowed<K>, V]> {
    return this.scanAll(0, Infinity, true);
  }

  private async *scanKey(key: K, from: number, to: number, reverse: boolean): AsyncGenerator<readonly [number, V]> {
    for await (const { numbers, value } of this.segments.scan(key, from, to, reverse)) {
      yield [numbers[0]!, this.decode(value)!];
    }
  }

  private async *scanAll(from: number, to: number, reverse: boolean): AsyncGenerator<readonly [Windowed<K>, V]> {
    for await (const { key, numbers, value } of this.segments.scan(undefined, from, to, reverse)) {
      const start = numbers[0]!;
      yield [{ key, start, end: start + this.retention.windowSizeMs! }, this.decode(value)!];
    }
  }

  private decode(bytes: Buffer | undefined): V | undefined {
    return bytes === undefined ? undefined : (this.retention.innerValueSerde.deserialize(bytes) as V);
  }
}

/** @throws InvalidWindowError */
export function checkTime(store: string, what: string, time: number): void {
  if (Number.isSafeInteger(time) && time >= 0) return;
  throw new InvalidWindowError(store, `was given the ${what} ${time}: give whole milliseconds from 0 up`);
}
