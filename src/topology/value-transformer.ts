import type { Awaitable, KeyValueStore } from './processor-api';

/** What a value transformer gets from the task that runs it. */
export interface ValueTransformerContext {
  readonly applicationId: string;
  /** `<subtopology>_<partition>`. */
  readonly taskId: string;
  /** The store of that name, which must be listed in the `stores` of the transformValues() call. */
  store<K, V>(name: string): KeyValueStore<K, V>;
  store<S extends { readonly name: string }>(name: string): S;
  /** The highest timestamp that the task has seen: -1 before the first record. */
  streamTime(): number;
}

/** Works out the values of a table from those of another, with state where it needs some. One instance for each task, or several. */
export interface ValueTransformer<K, V, V2> {
  init?(context: ValueTransformerContext): Awaitable<void>;
  /**
   * Called for each change of a key, also for its deletion: the value is null then. A result of null or undefined deletes the key.
   * Where the table has no store of its own, it is also called to look values up.
   */
  transform(key: K, value: V | null): Awaitable<V2 | null | undefined>;
  close?(): Awaitable<void>;
}

export type ValueTransformerSupplier<K, V, V2> = () => ValueTransformer<K, V, V2>;
