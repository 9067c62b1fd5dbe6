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
import type { Windowed } from '../serde/windowed';
import type { TopicNameExtractor } from './graph';
import type { ProcessorSupplier } from './processor-api';
import type { Suppression } from './suppression';
import type { SessionWindow, SlidingWindow, TimeWindow } from './window-operators';
import type { SuppressOptions, WindowedCogroupOptions, WindowedOptions } from './windowed-options';

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
  ): KGroupedStream<NonNullable<K2>, NonNullable<V>, KnownSerdes, V>;

  /** Groups the records by their key, for an aggregation. They are repartitioned, as by `groupBy`, if the key may have changed. */
  groupByKey(
    ...options: OptionsArgument<S, 'key', GroupByKeyOptions<NonNullable<K>, V, S>>
  ): KGroupedStream<NonNullable<K>, NonNullable<V>, 'key' extends S ? S : KnownSerdes, V>;

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

/**
 * Records grouped by key. Those with a null key or a null value are dropped, as Kafka Streams does.
 *
 * @typeParam N The type of values with those that may be missing, which windows get to see.
 */
export interface KGroupedStream<K, V, S extends KnownSerdes = KnownSerdes, N = V> {
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

  /** Aggregates by windows of time, or by sessions. */
  readonly windowedBy: WindowedBy<K, V, S, N>;

  /**
   * Aggregates several grouped streams of one key type into one aggregate for each key.
   *
   * @example
   * clicks.cogroup((_user, click: Click, profile: Profile) => profile.withClick(click))
   *   .cogroup(orders, (_user, order, profile) => profile.withOrder(order))
   *   .aggregate(() => new Profile(), { store: 'profiles', value: profileSerde })
   */
  cogroup<A>(aggregator: (key: K, value: V, aggregate: A) => A | null | undefined): KCogroupedStream<K, A>;
}

/** Records grouped by key and by windows of time: tumbling, hopping or sliding ones. */
export interface TimeWindowedKStream<K, V, S extends KnownSerdes = KnownSerdes> {
  /**
   * Counts the records of each key and window.
   *
   * @param materialized The store's name, or its options.
   */
  count(materialized?: string | Materialized): KTable<Windowed<K>, number>;

  /** Combines the values of each key and window. The first value is the first aggregate; null or undefined deletes the result. */
  reduce(
    reducer: (aggregate: NonNullable<V>, value: V) => NonNullable<V>,
    ...options: OptionsArgument<S, 'value', ReduceOptions<NonNullable<V>, S>>
  ): KTable<Windowed<K>, V>;
  reduce(
    reducer: (aggregate: NonNullable<V>, value: V) => V | null | undefined,
    ...options: OptionsArgument<S, 'value', ReduceOptions<NonNullable<V>, S>>
  ): KTable<Windowed<K>, V | null>;

  /** Folds the values of each key and window into an aggregate. A result of null or undefined deletes the result. */
  aggregate<A>(
    initializer: () => NoInfer<A>,
    aggregator: (key: K, value: V, aggregate: NoInfer<A>) => NoInfer<A>,
    options: AggregateOptions<A>,
  ): KTable<Windowed<K>, A>;
  aggregate<A>(
    initializer: () => NoInfer<A>,
    aggregator: (key: K, value: V, aggregate: NoInfer<A>) => NoInfer<A> | null | undefined,
    options: AggregateOptions<A>,
  ): KTable<Windowed<K>, A | null>;
}

/**
 * Records grouped by key and by sessions. A record may make one session of several: those are then deleted, in the table and in
 * the store, so a stream of a session table has null values. With `emit: 'on-close'` there are none.
 */
export interface SessionWindowedKStream<K, V, S extends KnownSerdes = KnownSerdes> {
  /**
   * Counts the records of each session.
   *
   * @param materialized The store's name, or its options.
   */
  count(materialized?: string | Materialized): KTable<Windowed<K>, number | null>;

  /** Combines the values of each session, and those of sessions that become one. */
  reduce(
    reducer: (aggregate: NonNullable<V>, value: V) => V | null | undefined,
    ...options: OptionsArgument<S, 'value', ReduceOptions<NonNullable<V>, S>>
  ): KTable<Windowed<K>, V | null>;

  /**
   * Folds the values of each session into an aggregate.
   *
   * @param merger Makes one aggregate of those of two sessions. It gets a new one of the initializer first.
   */
  aggregate<A>(
    initializer: () => NoInfer<A>,
    aggregator: (key: K, value: V, aggregate: NoInfer<A>) => NoInfer<A> | null | undefined,
    merger: (key: K, first: NoInfer<A>, second: NoInfer<A>) => NoInfer<A>,
    options: AggregateOptions<A>,
  ): KTable<Windowed<K>, A | null>;
}

/** Several grouped streams with one aggregate for each key. Made by {@link KGroupedStream.cogroup}. */
export interface KCogroupedStream<K, A> {
  /** Adds a grouped stream, whose values may be of another type. */
  cogroup<V, S extends KnownSerdes, N>(
    other: KGroupedStream<K, V, S, N>,
    aggregator: (key: K, value: V, aggregate: A) => A | null | undefined,
  ): KCogroupedStream<K, A>;

  /** Folds the values of all streams into the aggregate of their key. */
  aggregate(initializer: () => A, options: AggregateOptions<A>): KTable<K, A | null>;

  /** Aggregates by windows of time. */
  windowedBy(window: TimeWindow | SlidingWindow, options?: WindowedCogroupOptions): TimeWindowedCogroupedKStream<K, A>;
  /** Aggregates by sessions. */
  windowedBy(window: SessionWindow, options?: WindowedCogroupOptions): SessionWindowedCogroupedKStream<K, A>;
}

/** Several grouped streams with one aggregate for each key and window of time. */
export interface TimeWindowedCogroupedKStream<K, A> {
  /** Folds the values of all streams into the aggregate of their key and window. */
  aggregate(initializer: () => A, options: AggregateOptions<A>): KTable<Windowed<K>, A | null>;
}

/** Several grouped streams with one aggregate for each session. */
export interface SessionWindowedCogroupedKStream<K, A> {
  /** Folds the values of all streams into the aggregate of their session. */
  aggregate(
    initializer: () => A,
    merger: (key: K, first: A, second: A) => A,
    options: AggregateOptions<A>,
  ): KTable<Windowed<K>, A | null>;
}

/** How a grouped stream is windowed. `N` is the type of values with those that may be missing. */
export interface WindowedBy<K, V, S extends KnownSerdes, N> {
  /**
   * Groups by windows that begin at fixed times. As in Kafka Streams, records without a value are counted, and handed to reducers
   * and aggregators.
   *
   * @example
   * clicks.groupByKey().windowedBy(windows.tumbling({ sizeMs: 60_000, graceMs: 5_000 })).count('clicks-per-minute')
   */
  (window: TimeWindow, options?: WindowedOptions): TimeWindowedKStream<K, N, S>;
  /** Groups by windows around the records. Records without a value are dropped. */
  (window: SlidingWindow, options?: WindowedOptions): TimeWindowedKStream<K, V, S>;
  /** Groups by sessions. Records without a value are counted, and handed to reducers and aggregators. */
  (window: SessionWindow, options?: WindowedOptions): SessionWindowedKStream<K, N, S>;
}

/** A table: the latest value of each key, and the stream of its changes. */
export interface KTable<K, V> {
  /** The store that holds the table. */
  readonly storeName: string;

  /**
   * Holds changes back, and lets the latest of each key through when its time has come.
   *
   * @example
   * counts.suppress(suppress.untilWindowCloses()).toStream().to('final-counts');
   */
  suppress(suppression: Suppression<K>, options?: SuppressOptions): KTable<K, V>;

  /** The new value of each change, as a stream. A deleted key has a null value. A mapper replaces the key. */
  toStream<K2>(mapper: (key: K, value: V) => K2, options?: Named): KStream<K2, V, 'value'>;
  toStream(options?: Named): KStream<K, V>;
}
