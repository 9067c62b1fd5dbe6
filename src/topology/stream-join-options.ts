import type { Serde } from '../serde/serde';
import type { KeySerdeOption, Named, ValueSerdeOption } from './dsl-options';
import type { StoreOptions } from './stores';

/** The serde of the other stream's values: required where that stream does not know one. */
export type OtherValueSerdeOption<V2, S2> = 'value' extends S2
  ? { readonly otherValue?: Serde<V2> | undefined }
  : { readonly otherValue: Serde<V2> };

/**
 * How two streams are joined. A join keeps the records of both sides, so it needs their serdes.
 *
 * `store` names the stores, `<store>-left-store`, `<store>-right-store` and `<store>-unjoined-store`, and where a side's key may
 * have changed its repartition topic, `<store>-left-repartition` or `<store>-right-repartition`. By default it is the join's name.
 */
export type StreamJoinOptions<K, V, V2, S, S2> = Named &
  StoreOptions & { readonly store?: string | undefined } & KeySerdeOption<NonNullable<K>, S> &
  ValueSerdeOption<NonNullable<V>, S> &
  OtherValueSerdeOption<NonNullable<V2>, S2>;

/** May be left out where both streams know their serdes. */
export type StreamJoinArguments<K, V, V2, S, S2> = ['key' | 'value'] extends [S]
  ? ['value'] extends [S2]
    ? [options?: StreamJoinOptions<K, V, V2, S, S2>]
    : [options: StreamJoinOptions<K, V, V2, S, S2>]
  : [options: StreamJoinOptions<K, V, V2, S, S2>];

/** How records are deduplicated. */
export type DeduplicateOptions<K, V, S> = Named &
  StoreOptions & {
    /** How far apart two records of one id may be and still be the same, in milliseconds of event time. */
    readonly withinMs: number;
    /**
     * How much older than the newest record one may be, in milliseconds. A record that is later is dropped and counted
     * (`late-record`), since what it repeats may be forgotten. State is kept for `withinMs + graceMs`.
     *
     * @default withinMs
     */
    readonly graceMs?: number | undefined;
    /**
     * What makes two records the same. By default the key. State is kept per partition, so records of one id must have one key, or
     * else be given it first: `selectKey(id)`.
     */
    readonly id?: ((key: K, value: V) => string | null | undefined) | undefined;
    /** Names the store and its changelog topic. By default `<node>-store`. */
    readonly store?: string | undefined;
  } & ('key' extends S
    ? { readonly key?: Serde<NonNullable<K>> | undefined; readonly value?: Serde<NonNullable<V>> | undefined }
    : { readonly key: Serde<NonNullable<K>> } & ValueSerdeOption<NonNullable<V>, S>);
