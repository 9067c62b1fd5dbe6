import type { Headers, RecordMetadata, StreamRecord } from '../serde/record';

/** A value now, or a promise of it. `await` takes both. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Keyed state of one task. Reads see every write of the task, committed or not; writes become durable with the commit.
 *
 * `get` answers at once, without a promise, for a key that is already in memory; the key of the record that is being
 * processed always is, unless the key was changed upstream in the same subtopology. `await` is right in every case.
 */
export interface KeyValueStore<K, V> {
  readonly name: string;
  get(key: K): Awaitable<V | undefined>;
  put(key: K, value: V): void;
  delete(key: K): void;
  /** Entries with `from <= key <= to` in the order of the serialized keys, the open epoch's writes included. */
  range(from: K | undefined, to: K | undefined): AsyncIterable<readonly [K, V]>;
  /** Every entry, in the order of the serialized keys. */
  all(): AsyncIterable<readonly [K, V]>;
}

/** A value with the timestamp of the latest record that it contains. */
export interface ValueAndTimestamp<V> {
  readonly value: V;
  readonly timestamp: number;
}

/** What a processor gets from the task that runs it. */
export interface ProcessorContext<KOut, VOut> {
  readonly applicationId: string;
  /** `<subtopology>_<partition>`. */
  readonly taskId: string;
  /** The store of that name, which must be listed where the processor was added. */
  store<K, V>(name: string): KeyValueStore<K, V>;
  store<S extends { readonly name: string }>(name: string): S;
  /**
   * Hands a record to the children. Its timestamp and headers are those of the record that is being processed, unless given.
   * Await what it returns before the next forward if a child may be asynchronous.
   */
  forward(key: KOut, value: VOut, options?: { timestamp?: number; headers?: Headers }): Awaitable<void>;
  /** Of the record that is being processed. */
  recordMetadata(): RecordMetadata | undefined;
  /** The highest timestamp that the task has seen: -1 before the first record. */
  streamTime(): number;
  /** Asks for a commit after the current record; Millrace commits on its own every `commitIntervalMs`. */
  requestCommit(): void;
}

/** Processes records one at a time, in order. One instance for each task. */
export interface Processor<KIn, VIn, KOut, VOut> {
  init?(context: ProcessorContext<KOut, VOut>): Awaitable<void>;
  /** The next record waits until a returned promise is settled. */
  process(record: StreamRecord<KIn, VIn>): Awaitable<void>;
  close?(): Awaitable<void>;
}

export type ProcessorSupplier<KIn, VIn, KOut, VOut> = () => Processor<KIn, VIn, KOut, VOut>;
