import type { Serde } from '../serde/serde';
import type { InvalidTimestampHandling, StreamPartitioner, TimestampExtractor } from './graph';
import type { StateDescriptor } from './state-descriptors';
import type { StoreOptions } from './stores';

/** Which of its two serdes a stream knows. An operator that changes the key or the value forgets the serde of it. */
export type KnownSerdes = 'key' | 'value';

/** The last argument of every operator. */
export interface Named {
  /** The node's name in `describe()`, metrics, logs and errors. By default `<operator>-<n>`, counted for each kind of operator. */
  readonly name?: string | undefined;
}

/** How `StreamsBuilder.stream` reads its topics. */
export interface StreamOptions<K, V> extends Named {
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /**
   * When a record happened: what the function finds in it, or the time at which it is read. By default the timestamp that Kafka
   * keeps with it.
   */
  readonly timestampExtractor?: TimestampExtractor<K, V> | 'wall-clock' | undefined;
  /**
   * What to do with a record whose time is negative or not a number. `fail` leaves it to the `deserializationExceptionHandler`.
   * `skip` leaves the record out and counts it, under `invalid-timestamp`. `use-record-time` takes the timestamp that Kafka keeps
   * with it, and `use-partition-time` the highest time of the records before it in its partition; where that is none either, it fails.
   *
   * @default 'fail'
   */
  readonly onInvalidTimestamp?: InvalidTimestampHandling | undefined;
}

/** A key serde: required where the stream does not know one. */
export type KeySerdeOption<K, S> = 'key' extends S
  ? { readonly key?: Serde<K> | undefined }
  : { readonly key: Serde<K> };

/** A value serde: required where the stream does not know one. */
export type ValueSerdeOption<V, S> = 'value' extends S
  ? { readonly value?: Serde<V> | undefined }
  : { readonly value: Serde<V> };

/** An options argument that may be left out where none of its fields is required. */
export type OptionsArgument<S, Needed, Options> = [Needed] extends [S] ? [options?: Options] : [options: Options];

interface Partitioned<K, V> extends Named {
  /** By default Kafka's own: murmur2 of the key's bytes, so that other clients find the same partitions. */
  readonly partitioner?: StreamPartitioner<K, V> | undefined;
}

/** How `to` writes. */
export type ToOptions<K, V, S> = Partitioned<K, V> & KeySerdeOption<K, S> & ValueSerdeOption<V, S>;

/** How `repartition` moves records. `name` also names the topic: `<name>-repartition`. */
export type RepartitionOptions<K, V, S> = ToOptions<K, V, S> & {
  /** By default as many as the largest topic that leads here. */
  readonly partitions?: number | undefined;
};

/** How `groupBy` groups. `name` also names the repartition topic: `<name>-repartition`. */
export type GroupByOptions<K, V, S> = Named & { readonly key: Serde<K> } & ValueSerdeOption<V, S>;

/**
 * How `groupByKey` groups. `name` names the repartition topic, if one is needed: `<name>-repartition`. A stream that does not
 * know its key serde has a key that changed, so its records must be repartitioned, which takes both serdes.
 */
export type GroupByKeyOptions<K, V, S> = Named &
  ('key' extends S
    ? { readonly key?: Serde<K> | undefined; readonly value?: Serde<V> | undefined }
    : { readonly key: Serde<K> } & ValueSerdeOption<V, S>);

/** How a processor is added. */
export interface ProcessOptions<K = unknown> extends Named {
  /** Names of the stores that it uses: added with `StreamsBuilder.addStore`, or of a table. */
  readonly stores?: readonly string[] | undefined;
  /** The states that it asks `context.state` for. Each gets a store of its own, `<node>-<state>`. */
  readonly states?: readonly StateDescriptor<unknown>[] | undefined;
  /** Whether it uses `context.timers`. They are kept in a store of their own, `<node>-timers`. Default false. */
  readonly timers?: boolean | undefined;
  /** How keys are written in the stores of states and timers: needed for these where the stream does not know. */
  readonly key?: Serde<K> | undefined;
}

/** The store of an aggregation. */
export interface Materialized extends Named, StoreOptions {
  /** Names the store, its changelog topic and, if there is one, the repartition topic. By default `<node>-store`. */
  readonly store?: string | undefined;
}

/** The store of a `reduce`. */
export type ReduceOptions<V, S> = Materialized & ValueSerdeOption<V, S>;

/** The store of an `aggregate`. */
export interface AggregateOptions<A> extends Materialized {
  /** Writes the aggregates; it also says of which type they are. */
  readonly value: Serde<A>;
}
