import type { Windowed } from '../serde/windowed';
import { BY_KEY_END, BY_TIME_END, INDEX_END, timeBound } from '../serde/timed-keys';
import type { Sessions, SlidingWindow } from '../serde/window-lists';
import type { EpochStore } from '../state/epoch-store';
import type { WindowAggregateOperator, WindowDefinition } from '../topology/window-operators';

/** The result of one window. */
export interface WindowResult<K, V> {
  readonly key: Windowed<K>;
  readonly value: V;
  /** The highest timestamp of its records; a session's is its end. */
  readonly timestamp: number;
}

type AnyStore = EpochStore<unknown, unknown>;

/** What the tasks have of a windowed aggregation's store. Windows that have expired may still be there, until they are removed. */
abstract class ReadableWindows<K, V> {
  constructor(
    readonly name: string,
    protected readonly parts: readonly AnyStore[],
    protected readonly operator: WindowAggregateOperator,
  ) {}

  /** Every window. Those of one partition are in the order of their starts; sessions in that of their keys. */
  abstract all(): AsyncIterable<WindowResult<K, V>>;

  protected async collect(accepts: (window: Windowed<K>) => boolean): Promise<WindowResult<K, V>[]> {
    const found: WindowResult<K, V>[] = [];
    for await (const result of this.all()) if (accepts(result.key)) found.push(result);
    return found;
  }

  protected hasKey(key: K): (window: Windowed<K>) => boolean {
    const { keySerde } = this.operator;
    const bytes = keySerde.serialize(key);
    return (window) => keySerde.serialize(window.key).equals(bytes);
  }
}

/** The store of tumbling, hopping or sliding windows. */
export class TestWindowStore<K, V> extends ReadableWindows<K, V> {
  /** The value of one window. */
  fetch(key: K, start: number): Promise<V | undefined>;
  /** The windows of a key that begin within `from` and `to`, both inclusive. */
  fetch(key: K, from: number, to: number): Promise<readonly WindowResult<K, V>[]>;
  async fetch(key: K, from: number, to?: number): Promise<unknown> {
    const isOfKey = this.hasKey(key);
    const last = to ?? from;
    const found = await this.collect((window) => window.start >= from && window.start <= last && isOfKey(window));
    return to === undefined ? found[0]?.value : found;
  }

  async *all(): AsyncGenerator<WindowResult<K, V>> {
    const { window } = this.operator;
    for (const part of this.parts) {
      for await (const [key, value, timestamp] of part.entriesBetween(timeBound(0), BY_TIME_END)) {
        if (window.type === 'sliding') yield* slidingResults<K, V>(window.timeDifferenceMs, key, value);
        else yield { key: key as Windowed<K>, value: value as V, timestamp };
      }
    }
  }
}

function* slidingResults<K, V>(length: number, bucket: unknown, list: unknown): Generator<WindowResult<K, V>> {
  const { key } = bucket as { readonly key: K };
  for (const { start, timestamp, value } of list as SlidingWindow[]) {
    yield { key: { key, start, end: start + length }, value: value as V, timestamp };
  }
}

/** The store of session windows. */
export class TestSessionStore<K, V> extends ReadableWindows<K, V> {
  /** The sessions of a key, the earliest first. */
  async fetch(key: K): Promise<readonly WindowResult<K, V>[]> {
    return this.collect(this.hasKey(key));
  }

  /** The value of one session. */
  async fetchSession(key: K, start: number, end: number): Promise<V | undefined> {
    const isOfKey = this.hasKey(key);
    const found = await this.collect((window) => window.start === start && window.end === end && isOfKey(window));
    return found[0]?.value;
  }

  async *all(): AsyncGenerator<WindowResult<K, V>> {
    for (const part of this.parts) {
      for await (const [byKey, list] of part.entriesBetween(INDEX_END, BY_KEY_END)) {
        const { key } = byKey as { readonly key: K };
        for (const { start, end, value } of (list as Sessions).sessions) {
          yield { key: { key, start, end }, value: value as V, timestamp: end };
        }
      }
    }
  }
}

/** Whether a window's results are in a session store. */
export function isSession(window: WindowDefinition): boolean {
  return window.type === 'session';
}
