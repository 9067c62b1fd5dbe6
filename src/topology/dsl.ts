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
import type { Windowed } from '../serde/windowed';
import type { TopicNameExtractor } from './graph';
import type { JoinWindows } from './join-windows';
import type { Awaitable, ProcessorSupplier } from './processor-api';
import type { DeduplicateOptions, StreamJoinArguments } from './stream-join-options';
import type {
  DerivedTableOptions,
  MaterializedTableOptions,
  StreamTableJoinOptions,
  TableAggregateOptions,
  TableGroupByOptions,
  TableReduceOptions,
  ToTableOptions,
  TransformTableOptions,
} from './table-options';
import type { ValueTransformerSupplier } from './value-transformer';
import type { SideOutput } from './side-output';
import type { Suppression } from './suppression';
import type { SessionWindow, SlidingWindow, TimeWindow } from './window-operators';
import type { SuppressOptions, WindowedCogroupOptions, WindowedOptions } from './windowed-options';

declare const knows: unique symbol;
declare const row: unique symbol;

/** Null, if a function may return null or undefined: it deletes a row then. */
type NullIn<R> = [Extract<R, null | undefined>] extends [never] ? never : null;

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
   * The latest value of each key, as a table; a null value deletes its key. The records are repartitioned if the key may have
   * changed; those without a key are dropped.
   */
  toTable(
    ...materialized: OptionsArgument<S, 'key', string | ToTableOptions<K, V, S>>
  ): KTable<NonNullable<K>, V, S | 'key'>;

  /**
   * Joins each record with the table's value for its key, where there is one. What happens in the table later changes nothing.
   * Records without a key or a value are dropped.
   *
   * With `graceMs` a record waits in a buffer until stream time has passed it by that much, and is joined with the value that the
   * table had at the record's time. The table must be versioned.
   *
   * @example
   * orders.join(customers, (order, customer) => ({ ...order, name: customer.name }))
   */
  join<V2, R, S2 extends KnownSerdes>(
    table: KTable<NonNullable<K>, V2, S2>,
    joiner: (value: NonNullable<V>, tableValue: NonNullable<V2>, key: NonNullable<K>) => R,
    ...options: OptionsArgument<S, 'key', StreamTableJoinOptions<K, V, S>>
  ): KStream<NonNullable<K>, R, 'key'>;

  /**
   * Joins each record with the value of a global table for a key that is worked out from the record. Records without a value are
   * dropped, and those for which that key is null or not in the table.
   */
  join<K2, V2, R>(
    table: GlobalKTable<K2, V2>,
    selector: (key: K, value: NonNullable<V>) => NoInfer<K2> | null | undefined,
    joiner: (value: NonNullable<V>, tableValue: NonNullable<V2>, key: K) => R,
    options?: Named,
  ): KStream<K, R, S & 'key'>;

  /** Joins each record with the table's value for its key, or with null where there is none. Records without a value are dropped. */
  leftJoin<V2, R, S2 extends KnownSerdes>(
    table: KTable<NonNullable<K>, V2, S2>,
    joiner: (value: NonNullable<V>, tableValue: NonNullable<V2> | null, key: K) => R,
    ...options: OptionsArgument<S, 'key', StreamTableJoinOptions<K, V, S>>
  ): KStream<K, R, 'key'>;

  /** Joins each record with the value of a global table, or with null where there is none. Records without a value are dropped. */
  leftJoin<K2, V2, R>(
    table: GlobalKTable<K2, V2>,
    selector: (key: K, value: NonNullable<V>) => NoInfer<K2> | null | undefined,
    joiner: (value: NonNullable<V>, tableValue: NonNullable<V2> | null, key: K) => R,
    options?: Named,
  ): KStream<K, R, S & 'key'>;

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

  /**
   * Joins each record with those of the other stream that have the same key and a timestamp within the window. The result has the
   * later timestamp of the two. Records without key or value are dropped.
   *
   * @example
   * orders.join(payments, (order, payment) => ({ ...order, ...payment }), windows.join({ timeDifferenceMs: 60_000, graceMs: 0 }))
   */
  join<V2, R, S2 extends KnownSerdes>(
    other: KStream<K, V2, S2>,
    joiner: (value: NonNullable<V>, otherValue: NonNullable<V2>, key: NonNullable<K>) => R,
    windows: JoinWindows,
    ...options: StreamJoinArguments<K, V, V2, S, S2>
  ): KStream<NonNullable<K>, R, 'key'>;

  /**
   * As `join`; a record of this stream that found no partner is a result with `null` once its window and grace period are over, by
   * the time of both streams. A record with a null key is such a result at once.
   */
  leftJoin<V2, R, S2 extends KnownSerdes>(
    other: KStream<K, V2, S2>,
    joiner: (value: NonNullable<V>, otherValue: NonNullable<V2> | null, key: K) => R,
    windows: JoinWindows,
    ...options: StreamJoinArguments<K, V, V2, S, S2>
  ): KStream<K, R, 'key'>;

  /** As `leftJoin`, for the records of both streams. */
  outerJoin<V2, R, S2 extends KnownSerdes>(
    other: KStream<K, V2, S2>,
    joiner: (value: NonNullable<V> | null, otherValue: NonNullable<V2> | null, key: K) => R,
    windows: JoinWindows,
    ...options: StreamJoinArguments<K, V, V2, S, S2>
  ): KStream<K, R, 'key'>;

  /**
   * Drops a record when one of the same id was forwarded whose timestamp is at most `withinMs` away. Records with a null id are
   * dropped and counted.
   *
   * @example
   * events.deduplicate({ withinMs: 3_600_000, id: (_key, event) => event.id })
   */
  deduplicate(options: DeduplicateOptions<K, V, S>): KStream<NonNullable<K>, V, S | 'key'>;

  /**
   * Hands the records to a processor of your own, which may have state by key, timers, punctuations and side outputs. The key may have
   * changed: what needs it later repartitions.
   *
   * @example
   * const total = valueState({ name: 'total', value: serdes.float64 });
   * orders.process(() => new Totals(), { name: 'totals', states: [total], timers: true });
   */
  process<K2, V2>(
    supplier: ProcessorSupplier<K, V, K2, V2>,
    options?: ProcessOptions<K>,
  ): ProcessedKStream<K2, V2, never>;

  /** Hands the records to a processor of your own that forwards under the same key only. */
  processValues<V2>(
    supplier: ProcessorSupplier<K, V, K, V2>,
    options?: ProcessOptions<K>,
  ): ProcessedKStream<K, V2, S & 'key'>;

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

/** The side outputs of a processor of your own. */
export interface HasSideOutputs {
  /**
   * What the processor emits to a side output. The keys may be any: what needs them later repartitions.
   *
   * @example
   * const rejected = sideOutput({ name: 'rejected', key: serdes.string, value: serdes.json<Order>() });
   * const checked = orders.process(() => new Check(), { name: 'check' });
   * checked.sideOutput(rejected).to('rejected-orders');
   */
  sideOutput<K, V>(output: SideOutput<K, V>): KStream<K, V>;
}

/** What a processor of your own forwards, and its side outputs. Made by {@link KStream.process}. */
export type ProcessedKStream<K, V, S extends KnownSerdes = KnownSerdes> = KStream<K, V, S> & HasSideOutputs;

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

/**
 * A table: the latest value of each key, and the stream of its changes.
 *
 * Where a key can be deleted, the type of the values includes null: that is what a deletion is in `toStream()`. The functions of
 * the operators are never called with it.
 *
 * @typeParam S Which serdes the table knows; left out, both.
 */
export interface KTable<K, V, S extends KnownSerdes = KnownSerdes> {
  /** Not there at run time, as in {@link KStream}. */
  readonly [knows]?: (serdes: S) => void;

  /**
   * The store that holds the table.
   *
   * @throws TableWithoutStoreError where there is none: not every table needs one. Name one where the table is made.
   */
  readonly storeName: string;

  /** The rows for which the predicate holds. A row for which it holds no more is deleted. */
  filter(
    predicate: (key: K, value: NonNullable<V>) => boolean,
    options?: DerivedTableOptions<NonNullable<V>>,
  ): KTable<K, V | null, S>;

  /** The rows for which the predicate does not hold. A row for which it holds is deleted. */
  filterNot(
    predicate: (key: K, value: NonNullable<V>) => boolean,
    options?: DerivedTableOptions<NonNullable<V>>,
  ): KTable<K, V | null, S>;

  /**
   * Another value for each row. A result of null or undefined deletes the row. With `value` the result's serde is known; with
   * `store` as well the table is kept in a store, so that the mapper is called once for each change, and not for each lookup.
   */
  mapValues<V2, R extends V2 | null | undefined>(
    mapper: (value: NonNullable<V>, key: K) => R,
    options: MaterializedTableOptions<V2>,
  ): KTable<K, V2 | NullIn<R> | Extract<V, null>>;
  mapValues<V2>(
    mapper: (value: NonNullable<V>, key: K) => V2,
    options?: Named,
  ): KTable<K, V2 | Extract<V, null>, S & 'key'>;

  /** Another value for each row, by a transformer that has state. It is also told of deletions. */
  transformValues<V2>(
    supplier: ValueTransformerSupplier<K, NonNullable<V>, V2>,
    options: TransformTableOptions & MaterializedTableOptions<NonNullable<V2>>,
  ): KTable<K, V2 | null>;
  transformValues<V2>(
    supplier: ValueTransformerSupplier<K, NonNullable<V>, V2>,
    options?: TransformTableOptions,
  ): KTable<K, V2 | null, S & 'key'>;

  /**
   * Groups the rows by a new key, with a new value, for an aggregation that follows their changes: the old value of a row is taken
   * out, and the new one put in. Changes go through a repartition topic, `<name>-repartition` where a name is given and
   * `<store>-repartition` otherwise.
   *
   * @example
   * employees.groupBy((_name, { team, salary }) => [team, salary], { key: serdes.string, value: serdes.float64 })
   *   .reduce((sum, salary) => sum + salary, (sum, salary) => sum - salary, 'salaries')
   */
  groupBy<K2, V2>(
    selector: (key: K, value: NonNullable<V>) => readonly [K2, V2],
    options: TableGroupByOptions<NonNullable<K2>, NonNullable<V2>>,
  ): KGroupedTable<NonNullable<K2>, NonNullable<V2>>;

  /** The rows that both tables have. Their topics must have the same number of partitions. */
  join<V2, V3, R extends V3 | null | undefined, S2 extends KnownSerdes>(
    other: KTable<K, V2, S2>,
    joiner: (value: NonNullable<V>, otherValue: NonNullable<V2>) => R,
    options: MaterializedTableOptions<V3>,
  ): KTable<K, V3 | NullIn<R> | Extract<V | V2, null>>;
  join<V2, R, S2 extends KnownSerdes>(
    other: KTable<K, V2, S2>,
    joiner: (value: NonNullable<V>, otherValue: NonNullable<V2>) => R,
    options?: Named,
  ): KTable<K, R | Extract<V | V2, null>, S & 'key'>;

  /**
   * The rows whose foreign key the other table has: any number of rows may lead to one of the other's. Changes of either table
   * change the result.
   *
   * @param foreignKey The key in the other table; a row with null has no result.
   * @example
   * orders.join(customers, (order) => order.customer, (order, customer) => ({ ...order, name: customer.name }))
   */
  join<K2, V2, V3, R extends V3 | null | undefined, S2 extends KnownSerdes>(
    other: KTable<K2, V2, S2>,
    foreignKey: (value: NonNullable<V>, key: K) => NoInfer<K2> | null | undefined,
    joiner: (value: NonNullable<V>, otherValue: NonNullable<V2>) => R,
    options: MaterializedTableOptions<V3>,
  ): KTable<K, V3 | null>;
  join<K2, V2, R, S2 extends KnownSerdes>(
    other: KTable<K2, V2, S2>,
    foreignKey: (value: NonNullable<V>, key: K) => NoInfer<K2> | null | undefined,
    joiner: (value: NonNullable<V>, otherValue: NonNullable<V2>) => R,
    options?: Named,
  ): KTable<K, R | null, S & 'key'>;

  /** All rows of this table, with null for what the other does not have. */
  leftJoin<V2, V3, R extends V3 | null | undefined, S2 extends KnownSerdes>(
    other: KTable<K, V2, S2>,
    joiner: (value: NonNullable<V>, otherValue: NonNullable<V2> | null) => R,
    options: MaterializedTableOptions<V3>,
  ): KTable<K, V3 | NullIn<R> | Extract<V, null>>;
  leftJoin<V2, R, S2 extends KnownSerdes>(
    other: KTable<K, V2, S2>,
    joiner: (value: NonNullable<V>, otherValue: NonNullable<V2> | null) => R,
    options?: Named,
  ): KTable<K, R | Extract<V, null>, S & 'key'>;

  /** All rows of this table, with null where the other does not have the foreign key, or where that is null. */
  leftJoin<K2, V2, V3, R extends V3 | null | undefined, S2 extends KnownSerdes>(
    other: KTable<K2, V2, S2>,
    foreignKey: (value: NonNullable<V>, key: K) => NoInfer<K2> | null | undefined,
    joiner: (value: NonNullable<V>, otherValue: NonNullable<V2> | null) => R,
    options: MaterializedTableOptions<V3>,
  ): KTable<K, V3 | NullIn<R> | Extract<V, null>>;
  leftJoin<K2, V2, R, S2 extends KnownSerdes>(
    other: KTable<K2, V2, S2>,
    foreignKey: (value: NonNullable<V>, key: K) => NoInfer<K2> | null | undefined,
    joiner: (value: NonNullable<V>, otherValue: NonNullable<V2> | null) => R,
    options?: Named,
  ): KTable<K, R | Extract<V, null>, S & 'key'>;

  /** The rows that either table has, with null for what one of them does not have. */
  outerJoin<V2, V3, R extends V3 | null | undefined, S2 extends KnownSerdes>(
    other: KTable<K, V2, S2>,
    joiner: (value: NonNullable<V> | null, otherValue: NonNullable<V2> | null) => R,
    options: MaterializedTableOptions<V3>,
  ): KTable<K, V3 | NullIn<R> | Extract<V, null>>;
  outerJoin<V2, R, S2 extends KnownSerdes>(
    other: KTable<K, V2, S2>,
    joiner: (value: NonNullable<V> | null, otherValue: NonNullable<V2> | null) => R,
    options?: Named,
  ): KTable<K, R | Extract<V, null>, S & 'key'>;
  /**
   * Holds changes back, and lets the latest of each key through when its time has come.
   *
   * @example
   * counts.suppress(suppress.untilWindowCloses()).toStream().to('final-counts');
   */
  suppress(suppression: Suppression<K>, options?: SuppressOptions): KTable<K, V, S>;

  /** The new value of each change, as a stream. A deleted key has a null value. A mapper replaces the key. */
  toStream<K2>(mapper: (key: K, value: V) => K2, options?: Named): KStream<K2, V, 'value'>;
  toStream(options?: Named): KStream<K, V, S>;
}

/** A table grouped by a new key. Rows whose new key or value is null are left out. */
export interface KGroupedTable<K, V> {
  /** Counts the rows of each key. */
  count(materialized?: string | Materialized): KTable<K, number>;

  /**
   * Combines the rows' values of each key.
   *
   * @param adder Puts a value in. The first value of a key is its first aggregate.
   * @param subtractor Takes a value out; null or undefined deletes the key.
   */
  reduce(
    adder: (aggregate: V, value: V) => V,
    subtractor: (aggregate: V, value: V) => V,
    materialized?: string | TableReduceOptions<V>,
  ): KTable<K, V>;
  reduce(
    adder: (aggregate: V, value: V) => V | null | undefined,
    subtractor: (aggregate: V, value: V) => V | null | undefined,
    materialized?: string | TableReduceOptions<V>,
  ): KTable<K, V | null>;

  /**
   * Folds the rows' values of each key into an aggregate.
   *
   * @param initializer The aggregate of a key before its first row.
   * @param adder Puts a value in.
   * @param subtractor Takes a value out. A result of null or undefined deletes the key.
   */
  aggregate<A>(
    initializer: () => NoInfer<A>,
    adder: (key: K, value: V, aggregate: NoInfer<A>) => NoInfer<A>,
    subtractor: (key: K, value: V, aggregate: NoInfer<A>) => NoInfer<A>,
    options: TableAggregateOptions<A>,
  ): KTable<K, A>;
  aggregate<A>(
    initializer: () => NoInfer<A>,
    adder: (key: K, value: V, aggregate: NoInfer<A>) => NoInfer<A> | null | undefined,
    subtractor: (key: K, value: V, aggregate: NoInfer<A>) => NoInfer<A> | null | undefined,
    options: TableAggregateOptions<A>,
  ): KTable<K, A | null>;
}

/** A table of which every instance holds all rows, for joins of streams under any key. */
export interface GlobalKTable<K, V> {
  /** Not there at run time: the types of the table's keys and values. */
  readonly [row]?: readonly [key: K, value: V];
  /** Names the table's state in the state directory. */
  readonly storeName: string;
}
