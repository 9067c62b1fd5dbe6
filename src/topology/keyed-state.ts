import type { Awaitable } from './awaitable';

/*
 * State of a processor for the key of the record that is being processed, or of the timer that fires. Its names and meanings are
 * Flink's. Except for maps, the state of the current key is in memory when the processor is called, so nothing has to be awaited.
 *
 * Objects that come out of a state are its own: do not change them without writing them back.
 */

/** One value for each key. Flink: `ValueState`. */
export interface ValueState<V> {
  /** Undefined where there is none. */
  value(): V | undefined;
  /** Null or undefined clears it. */
  update(value: V | null | undefined): void;
  clear(): void;
}

/** A list for each key, kept as one value: for lists that are short, or read whole. Flink: `ListState`. */
export interface ListState<V> {
  /** A copy, in the order of adding; empty where there is none. */
  get(): V[];
  add(value: V): void;
  addAll(values: Iterable<V>): void;
  /** Replaces the list; an empty one clears it. */
  update(values: Iterable<V>): void;
  clear(): void;
}

/** A map for each key, kept entry by entry: a change costs what it changes, however large the map is. Flink: `MapState`. */
export interface MapState<K, V> {
  get(key: K): Awaitable<V | undefined>;
  contains(key: K): Awaitable<boolean>;
  put(key: K, value: V): void;
  remove(key: K): void;
  /** In the order of the serialized keys. */
  entries(): AsyncIterable<readonly [K, V]>;
  keys(): AsyncIterable<K>;
  values(): AsyncIterable<V>;
  isEmpty(): Promise<boolean>;
  clear(): Promise<void>;
}

/** What a function makes of all values that were added. Flink: `ReducingState`. */
export interface ReducingState<V> {
  get(): V | undefined;
  add(value: V): void;
  clear(): void;
}

/** A result that is computed from an accumulator, which need not be of the type of what is added. Flink: `AggregatingState`. */
export interface AggregatingState<In, Out> {
  get(): Out | undefined;
  add(value: In): void;
  clear(): void;
}

/** One value for each task, beside its keyed state. Flink: operator state of a `CheckpointedFunction`. */
export interface OperatorState<V> {
  /** What the last commit has: at `init` what there is to restore, undefined at the very first start. */
  value(): V | undefined;
  /** Becomes durable with the next commit. A value whose bytes are the same as before writes nothing. */
  update(value: V): void;
}
