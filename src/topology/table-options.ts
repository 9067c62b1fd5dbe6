import type { Serde } from '../serde/serde';
import type {
  AggregateOptions,
  KnownSerdes,
  Materialized,
  Named,
  StreamOptions,
  ValueSerdeOption,
} from './dsl-options';
import type { StoreOptions } from './stores';

/** How `StreamsBuilder.table` reads its topic, and where it keeps the table. */
export interface TableOptions<K, V> extends StreamOptions<K, NonNullable<V>>, StoreOptions {
  /** Names the store and its changelog topic. Without it there is a store, `<node>-store`, only where one is needed. */
  readonly store?: string | undefined;
  /** Keeps past values too, so that they can be joined with late records. */
  readonly versioned?: VersionedOptions | undefined;
}

/** How long a table remembers its past values. */
export interface VersionedOptions {
  /**
   * For how long a value can be looked up after it was replaced, in milliseconds of stream time. A record that is older than that
   * when it arrives is dropped.
   */
  readonly historyRetentionMs: number;
}

/** How `StreamsBuilder.globalTable` reads its topic, and where it keeps the table. */
export interface GlobalTableOptions<K, V> extends Named {
  readonly key: Serde<K>;
  readonly value: Serde<NonNullable<V>>;
  /** Names the table's state in the state directory. By default `<node>-store`. */
  readonly store?: string | undefined;
  /**
   * `rocksdb` keeps the table on the local disk and only what was used lately in memory; `memory` keeps all of it in memory.
   *
   * @default 'rocksdb'
   */
  readonly backend?: 'rocksdb' | 'memory' | undefined;
}

/** How `toTable` keeps the table. */
export type ToTableOptions<K, V, S> = Named &
  StoreOptions & {
    readonly store?: string | undefined;
    readonly versioned?: VersionedOptions | undefined;
  } & ('key' extends S
    ? { readonly key?: Serde<NonNullable<K>> | undefined; readonly value?: Serde<NonNullable<V>> | undefined }
    : { readonly key: Serde<NonNullable<K>> } & ValueSerdeOption<NonNullable<V>, S>);

/** How a filtered table is kept: in a store if one is named. */
export interface DerivedTableOptions<V> extends Materialized {
  readonly value?: Serde<V> | undefined;
}

/** The serde of a table's values, and a store for them if one is named. */
export interface MaterializedTableOptions<V> extends Materialized {
  readonly value: Serde<V>;
}

/** How a value transformer is added. */
export interface TransformTableOptions extends Named {
  /** Names of the stores that it uses: added with `StreamsBuilder.addStore`, or of a table. */
  readonly stores?: readonly string[] | undefined;
}

/** How a table is grouped. `name` also names the repartition topic: `<name>-repartition`. */
export interface TableGroupByOptions<K, V> extends Named {
  /** Of the new keys. */
  readonly key: Serde<K>;
  /** Of the new values. */
  readonly value: Serde<V>;
}

/** The store of a grouped table's `reduce`. */
export interface TableReduceOptions<V> extends Materialized {
  readonly value?: Serde<V> | undefined;
}

/** The store of a grouped table's `aggregate`. */
export type TableAggregateOptions<A> = AggregateOptions<A>;

/** How a stream is joined with a table. `name` names the repartition topic, if one is needed, and the buffer. */
export type StreamTableJoinOptions<K, V, S extends KnownSerdes> = Named &
  StoreOptions & {
    /**
     * How long a record waits for the table, in milliseconds of stream time. Needs a versioned table, and the stream's serdes.
     * The store options are those of the buffer.
     */
    readonly graceMs?: number | undefined;
  } & ('key' extends S
    ? { readonly key?: Serde<NonNullable<K>> | undefined; readonly value?: Serde<NonNullable<V>> | undefined }
    : { readonly key: Serde<NonNullable<K>> } & ValueSerdeOption<NonNullable<V>, S>);
