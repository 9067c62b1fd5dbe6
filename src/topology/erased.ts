import type { Serde } from '../serde/serde';
import type { StateDescriptor } from './state-descriptors';
import type { StoreOptions } from './stores';
import type { StreamPartitioner } from './graph';

/* The DSL's arguments without their types. The interfaces in dsl.ts check what users write; behind them a key is a key. */

export type ErasedPredicate = (key: unknown, value: unknown) => boolean;

export interface ErasedOptions extends StoreOptions {
  readonly name?: string | undefined;
  readonly store?: string | undefined;
  readonly stores?: readonly string[] | undefined;
  readonly states?: readonly StateDescriptor<unknown>[] | undefined;
  readonly timers?: boolean | undefined;
  readonly key?: Serde<unknown> | undefined;
  readonly value?: Serde<unknown> | undefined;
  readonly partitions?: number | undefined;
  readonly graceMs?: number | undefined;
  readonly versioned?: { readonly historyRetentionMs: number } | undefined;
  readonly partitioner?: StreamPartitioner<unknown, unknown> | undefined;
}

/** A class that has every member of an interface, whatever their types. */
export type Erased<T> = { readonly [Member in keyof T]: unknown };
