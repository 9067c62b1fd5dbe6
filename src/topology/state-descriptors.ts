import type { Serde } from '../serde/serde';
import type { AggregatingState, ListState, MapState, OperatorState, ReducingState, ValueState } from './keyed-state';
import type { StoreOptions } from './store-options';

declare const handle: unique symbol;

/** How long a state lives after its last update. */
export interface StateTtl {
  /** Milliseconds, at least 1. */
  readonly ms: number;
  /**
   * What prolongs it: writes only, or reads as well. Prolonging by a read is a change, which goes to the changelog.
   *
   * @default 'on-create-and-write'
   */
  readonly update?: 'on-create-and-write' | 'on-read-and-write' | undefined;
  /**
   * Whether a value that has expired and is still there may be seen, once.
   *
   * @default 'never-return-expired'
   */
  readonly visibility?: 'never-return-expired' | 'return-expired-if-not-cleaned-up' | undefined;
  /**
   * The clock that it lives by: the wall clock, or the task's stream time.
   *
   * @default 'processing-time'
   */
  readonly time?: 'processing-time' | 'event-time' | undefined;
  /**
   * How many entries of the store are looked at for each record, to remove those that have expired. It is done some hundred entries
   * at a time. 0: an entry is removed only when it is read.
   *
   * @default 5
   */
  readonly cleanupPerRecord?: number | undefined;
}

/** What every state has. */
export interface StateOptions extends StoreOptions {
  /** Names it among the states of its processor. Its store is `<node>-<name>`. */
  readonly name: string;
  /** Without, it lives until it is cleared. */
  readonly ttl?: StateTtl | undefined;
}

interface Described extends StateOptions {
  readonly kind: 'value' | 'list' | 'map' | 'reducing' | 'aggregating' | 'operator';
  readonly valueSerde: Serde<unknown>;
  /** Of a map. */
  readonly mapKeySerde?: Serde<unknown> | undefined;
  readonly reduce?: ((accumulated: unknown, value: unknown) => unknown) | undefined;
  readonly aggregate?: AggregateFunction<unknown, unknown, unknown> | undefined;
}

/**
 * Describes a state of a processor: listed in `process(supplier, { states: [...] })`, and handed to `context.state(...)`.
 *
 * @typeParam H What `context.state` gives for it.
 */
export interface StateDescriptor<H> extends Described {
  /** Not there at run time. */
  readonly [handle]?: H;
}

/** A state of a processor, and the store that keeps it. */
export interface PlacedState {
  readonly descriptor: StateDescriptor<unknown>;
  readonly store: string;
}

/** How an {@link AggregatingState} aggregates. */
export interface AggregateFunction<In, Acc, Out> {
  createAccumulator(): Acc;
  add(value: In, accumulator: Acc): Acc;
  getResult(accumulator: Acc): Out;
}

/**
 * One value for each key.
 *
 * @example
 * const total = valueState({ name: 'total', value: serdes.float64, ttl: { ms: 3_600_000 } });
 */
export function valueState<V>(options: StateOptions & { readonly value: Serde<V> }): StateDescriptor<ValueState<V>> {
  const { value, ...state } = options;
  return { ...state, kind: 'value', valueSerde: value };
}

/** A list for each key. With a TTL each element lives on its own. */
export function listState<V>(options: StateOptions & { readonly value: Serde<V> }): StateDescriptor<ListState<V>> {
  const { value, ...state } = options;
  return { ...state, kind: 'list', valueSerde: value };
}

/** A map for each key. With a TTL each entry lives on its own. */
export function mapState<K, V>(
  options: StateOptions & { readonly key: Serde<K>; readonly value: Serde<V> },
): StateDescriptor<MapState<K, V>> {
  const { key, value, ...state } = options;
  return { ...state, kind: 'map', mapKeySerde: key, valueSerde: value };
}

/** What `reduce` makes of the values of each key. */
export function reducingState<V>(
  options: StateOptions & { readonly value: Serde<V>; readonly reduce: (accumulated: V, value: V) => V },
): StateDescriptor<ReducingState<V>> {
  const { value, reduce, ...state } = options;
  return { ...state, kind: 'reducing', valueSerde: value, reduce: reduce as Described['reduce'] };
}

/** What an aggregate function makes of the values of each key; its accumulator is kept. */
export function aggregatingState<In, Acc, Out>(
  options: StateOptions & {
    readonly accumulator: Serde<Acc>;
    readonly aggregate: AggregateFunction<In, Acc, Out>;
  },
): StateDescriptor<AggregatingState<In, Out>> {
  const { accumulator, aggregate, ...state } = options;
  return {
    ...state,
    kind: 'aggregating',
    valueSerde: accumulator,
    aggregate: aggregate,
  };
}

/** One value for each task: what a processor has to know again after a restart, whatever the key. */
export function operatorState<V>(
  options: Omit<StateOptions, 'ttl'> & { readonly value: Serde<V> },
): StateDescriptor<OperatorState<V>> {
  const { value, ...state } = options;
  return { ...state, kind: 'operator', valueSerde: value };
}
