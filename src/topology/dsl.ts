import type { AsyncCallContext, AsyncOutput, AsyncRecord } from './async-call';
import type { AsyncOptions } from './async-options';
import type {
  AggregateOptions,
  GroupByKeyOptions,
  GroupByOptions,
  KnownSerdes,
  Materialized,
  Named,
  OptionsArgument,
  ProcessOptions,
  ReduceOptions,
  RepartitionOptions,
  ToOptions,
} from './dsl-options';
import type { TopicNameExtractor } from './graph';
import type { Awaitable, ProcessorSupplier } from './processor-api';

declare const knows: unique symbol;

/* The DSL: four kinds of object that lead to one another. All are immutable; each operator adds a node and returns a new object. */

/**
 * An unbounded stream of records, each a fact of its own.
 *
 * Kafka lets keys and values be null. The types speak of what you expect in the topic: where it can hold records without key or
 * value, say so with `builder.stream<string | null, Order | null>(...)`.
 *
 * @typeParam S Which serdes the stream knows; left out, both.
 */
export interface KStream<K, V, S extends KnownSerdes = KnownSerdes> {
  /** Not there at run time: makes it a type error to hand a stream to a function that relies on serdes that it does not know. */
  readonly [knows]?: (serdes: S) => void;

  /** Keeps the records for which the predicate holds. A type guard narrows the value's type. */
  filter<V2 extends V>(predicate: (key: K, value: V) => value is V2, options?: Named): KStream<K, V2, S>;
  filter(predicate: (key: K, value: V) => boolean, options?: Named): KStream<K, V, S>;

  /** Drops the records for which the predicate holds. A type guard narrows the value's type. */
  filterNot<V2 extends V>(predicate: (key: K, value: V) => value is V2, options?: Named): KStream<K, Exclude<V, V2>, S>;
  filterNot(predicate: (key: K, value: V) => boolean, options?: Named): KStream<K, V, S>;

  /** Replaces key and value. The key may have changed: what needs it later repartitions. Prefer `mapValues` where the key stays. */
  map<K2, V2>(mapper: (key: K, value: V) => readonly [K2, V2], options?: Named): KStream<K2, V2, never>;

  /** Replaces the value. */
  mapValues<V2>(mapper: (value: V, key: K) => V2, options?: Named): KStream<K, V2, S & 'key'>;

  /** Replaces a record by any number of others. The key may have changed: what needs it later repartitions. */
  flatMap<K2, V2>(mapper: (key: K, value: V) => Iterable<readonly [K2, V2]>, options?: Named): KStream<K2, V2, never>;

  /**
   * Replaces a value by any number of others, under the same key.
   *
   * @example
   * sentences.flatMapValues((sentence) => sentence.split(' '))
   */
  flatMapValues<V2>(mapper: (value: V, key: K) => Iterable<V2>, options?: Named): KStream<K, V2, S & 'key'>;

  /** Replaces the key: what needs it later repartitions. */
  selectKey<K2>(mapper: (key: K, value: V) => K2, options?: Named): KStream<K2, V, S & 'value'>;

  /** Calls the action for each record and hands it on. After a failure the action may see a record again. */
  peek(action: (key: K, value: V) => void, options?: Named): KStream<K, V, S>;

  /** Calls the action for each record; the stream ends here. After a failure the action may see a record again. */
  forEach(action: (key: K, value: V) => void, options?: Named): void;

  /**
   * This stream's records and the other's, in no particular order between the two. A serde stays known where both streams have the
   * very same.
   */
  merge<S2 extends KnownSerdes>(other: KStream<K, V, S2>, options?: Named): KStream<K, V, S & S2>;

  /**
   * Splits the stream in branches; a record goes to the first branch whose predicate holds.
   *
   * @example
   * const { large, other } = orders.split()
   *   .branch('large', (_key, order) => order.total > 1000)
   *   .defaultBranch('other');
   */
  split(options?: Named): BranchedKStream<K, V, S>;

  /**
   * Groups the records by a new key, for an aggregation. They go through a repartition topic, `<name>-repartition` where a name
   * is given and `<store>-repartition` otherwise. Records whose new key is null are dropped by the aggregation.
   *
   * Two aggregations of one grouped stream share the repartition topic if the group has a name, and have one each otherwise; so
   * the topic's name never depends on the order of the aggregations.
   */
  groupBy<K2>(
    selector: (key: K, value: V) => K2,
    options: GroupByOptions<NonNullable<K2>, V, S>,
  ): KGroupedStream<NonNullable<K2>, NonNullable<V>, KnownSerdes>;

  /** Groups the records by their key, for an aggregation. They are repartitioned, as by `groupBy`, if the key may have changed. */
  groupByKey(
    ...options: OptionsArgument<S, 'key', GroupByKeyOptions<NonNullable<K>, V, S>>
  ): KGroupedStream<NonNullable<K>, NonNullable<V>, 'key' extends S ? S : KnownSerdes>;

  /**
   * Writes the records to a topic that exists, or to one that a function chooses for each record.
   *
   * @example
   * counts.toStream().to('word-counts', { value: serdes.decimalText });
   */
  to(topic: string | TopicNameExtractor<K, V>, ...options: OptionsArgument<S, KnownSerdes, ToOptions<K, V, S>>): void;

  /**
   * Sends the records through an internal topic, `<name>-repartition`, to the task of their key. Records with a null key belong to
   * no task, and are dropped.
   */
  repartition(...options: OptionsArgument<S, KnownSerdes, RepartitionOptions<K, V, S>>): KStream<NonNullable<K>, V>;

  /** Hands the records to a processor of your own. The key may have changed: what needs it later repartitions. */
  process<K2, V2>(supplier: ProcessorSupplier<K, V, K2, V2>, options?: ProcessOptions): KStream<K2, V2, never>;

  /** Hands the records to a processor of your own that forwards under the same key only. */
  processValues<V2>(supplier: ProcessorSupplier<K, V, K, V2>, options?: ProcessOptions): KStream<K, V2, S & 'key'>;

  /**
   * Replaces the value by one that is asked for, of a database or a service. Several calls are under way at a time; results are
   * handed on in the order of the records unless `order` says otherwise, and state and output stay exactly once. A call may be made
   * again after a failure.
   *
   * @example
   * orders.mapValuesAsync(async (order, _id, { signal }) => enrich(order, signal), {
   *   concurrency: 50, timeoutMs: 2_000, retries: 3,
   * })
   */
  mapValuesAsync<V2>(
    mapper: (value: V, key: K, context: AsyncCallContext) => Awaitable<V2>,
    options?: AsyncOptions<K, S>,
  ): KStream<K, V2, S & 'key'>;

  /** Like `mapValuesAsync`, with any number of values for each. */
  flatMapValuesAsync<V2>(
    mapper: (value: V, key: K, context: AsyncCallContext) => Awaitable<Iterable<V2>>,
    options?: AsyncOptions<K, S>,
  ): KStream<K, V2, S & 'key'>;

  /**
   * Like `mapValuesAsync`, with the whole record, and any number of records for it. The key may change: what needs it later
   * repartitions.
   */
  processAsync<K2 = K, V2 = V>(
    process: (record: AsyncRecord<K, V>, context: AsyncCallContext) => Awaitable<Iterable<AsyncOutput<K2, V2>> | void>,
    options?: AsyncOptions<K, S>,
  ): KStream<K2, V2, never>;
}

/** A stream in the course of being split. Made by {@link KStream.split}. */
export interface BranchedKStream<K, V, S extends KnownSerdes = KnownSerdes, Branches = unknown> {
  /** Adds a branch. Its node is `<split>-<name>`. A type guard narrows the value's type, here and for the branches after it. */
  branch<N extends string, V2 extends V>(
    name: N,
    predicate: (key: K, value: V) => value is V2,
  ): BranchedKStream<K, Exclude<V, V2>, S, Branches & { readonly [name in N]: KStream<K, V2, S> }>;
  branch<N extends string>(
    name: N,
    predicate: (key: K, value: V) => boolean,
  ): BranchedKStream<K, V, S, Branches & { readonly [name in N]: KStream<K, V, S> }>;

  /** Ends the split: the records that no predicate took go to the last branch. Returns all branches by their names. */
  defaultBranch<N extends string = 'default'>(name?: N): Branches & { readonly [name in N]: KStream<K, V, S> };

  /** Ends the split: the records that no predicate took are dropped. Returns all branches by their names. */
  noDefaultBranch(): Branches;
}

/** Records grouped by key. Those with a null key or a null value are dropped, as Kafka Streams does. */
export interface KGroupedStream<K, V, S extends KnownSerdes = KnownSerdes> {
  /**
   * Counts the records of each key.
   *
   * @param materialized The store's name, or its options.
   * @example
   * words.groupByKey().count('counts')
   */
  count(materialized?: string | Materialized): KTable<K, number>;

  /** Combines the values of each key. The first value of a key is its first aggregate; null or undefined deletes the key. */
  reduce(
    reducer: (aggregate: V, value: V) => V,
    ...options: OptionsArgument<S, 'value', ReduceOptions<V, S>>
  ): KTable<K, V>;
  reduce(
    reducer: (aggregate: V, value: V) => V | null | undefined,
    ...options: OptionsArgument<S, 'value', ReduceOptions<V, S>>
  ): KTable<K, V | null>;

  /**
   * Folds the values of each key into an aggregate. A result of null or undefined deletes the key.
   *
   * @param initializer The aggregate of a key before its first record.
   * @example
   * orders.groupByKey().aggregate(
   *   () => 0,
   *   (_customer, order, total) => total + order.amount,
   *   { store: 'totals', value: serdes.float64 },
   * )
   */
  aggregate<A>(
    initializer: () => NoInfer<A>,
    aggregator: (key: K, value: V, aggregate: NoInfer<A>) => NoInfer<A>,
    options: AggregateOptions<A>,
  ): KTable<K, A>;
  aggregate<A>(
    initializer: () => NoInfer<A>,
    aggregator: (key: K, value: V, aggregate: NoInfer<A>) => NoInfer<A> | null | undefined,
    options: AggregateOptions<A>,
  ): KTable<K, A | null>;
}

/** A table: the latest value of each key, and the stream of its changes. */
export interface KTable<K, V> {
  /** The store that holds the table. */
  readonly storeName: string;

  /** The new value of each change, as a stream. A deleted key has a null value. A mapper replaces the key. */
  toStream<K2>(mapper: (key: K, value: V) => K2, options?: Named): KStream<K2, V, 'value'>;
  toStream(options?: Named): KStream<K, V>;
}
