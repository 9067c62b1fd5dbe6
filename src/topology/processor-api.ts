import type { StoreOf } from './store-api';
import type { Headers, RecordMetadata, StreamRecord } from '../serde/record';
import type { Awaitable } from './awaitable';
import type { SideOutput } from './side-output';
import type { StateDescriptor } from './state-descriptors';

export type { Awaitable } from './awaitable';

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
  /** Puts the value where the key has none, and returns the one that it has. */
  putIfAbsent(key: K, value: V): Awaitable<V | undefined>;
  /** Entries with `from <= key <= to` in the order of the serialized keys, the open epoch's writes included. */
  range(from: K | undefined, to: K | undefined): AsyncIterable<readonly [K, V]>;
  /** The same in the opposite order. */
  reverseRange(from: K | undefined, to: K | undefined): AsyncIterable<readonly [K, V]>;
  /** Every entry, in the order of the serialized keys. */
  all(): AsyncIterable<readonly [K, V]>;
  /** The same in the opposite order. */
  reverseAll(): AsyncIterable<readonly [K, V]>;
  /** The entries whose serialized key begins with these bytes, or with those of the given key: `prefixScan('user-')`. */
  prefixScan(prefix: K | Uint8Array): AsyncIterable<readonly [K, V]>;
}

/** A value with the timestamp of the latest record that it contains. */
export interface ValueAndTimestamp<V> {
  readonly value: V;
  readonly timestamp: number;
}

/** A key-value store whose values have timestamps of their own. */
export type TimestampedKeyValueStore<K, V> = KeyValueStore<K, ValueAndTimestamp<V>>;
/** Which clock: that of the records, or that of the machine. */
export type PunctuationType = 'stream-time' | 'wall-clock-time';

/** Something that can be called off. */
export interface Cancellable {
  cancel(): void;
}

/** Of timers. Flink's words: event time is the task's stream time here, processing time the wall clock. */
export type TimeDomain = 'event-time' | 'processing-time';

/**
 * Timers of the current key. They are state: durable with the commit, and each fires once, in the order of their times. Two of one
 * key, domain and time are one.
 *
 * An event-time timer fires when the task's stream time reaches it, right after the record that did; a processing-time timer when the
 * wall clock does, or at the next start where the task was down then. One whose time has come when it is registered fires right after
 * the record.
 */
export interface TimerService {
  /** @param timestamp - milliseconds since 1970 */
  registerEventTimeTimer(timestamp: number): void;
  /** @param timestamp - milliseconds since 1970 */
  registerProcessingTimeTimer(timestamp: number): void;
  /** Nothing happens where there is no such timer. */
  deleteTimer(timestamp: number, domain: TimeDomain): void;
}

/** What `onTimer` is told beside the time. */
export interface OnTimerContext<K> {
  readonly timeDomain: TimeDomain;
  /** The key that the timer was registered for. State is that of this key. */
  readonly currentKey: K;
}

/** The timestamp and headers of a record that is handed on. */
export interface ForwardOptions {
  readonly timestamp?: number | undefined;
  readonly headers?: Headers | undefined;
}

/** What a processor gets from the task that runs it. */
export interface ProcessorContext<KOut, VOut> {
  readonly applicationId: string;
  /** `<subtopology>_<partition>`. */
  readonly taskId: string;
  /**
   * A store, which must be listed where the processor was added: by its definition, which knows the store's type, or by name.
   *
   * @example
   * this.readings = context.store(readings);
   * this.balances = context.store<string, number>('balances');
   * this.visits = context.store<SessionStore<string, Visit>>('visits');
   */
  store<S>(definition: StoreOf<S>): S;
  store<K, V>(name: string): KeyValueStore<K, V>;
  store<S extends { readonly name: string }>(name: string): S;
  /**
   * Hands a record to the children. Its timestamp and headers are those of the record that is being processed, unless given.
   * Await what it returns before the next forward if a child may be asynchronous.
   *
   * @throws ForwardOutsideRecordError when no record is being processed
   * @throws ForwardTimestampError when the timestamp is negative or no integer
   * @throws whatever stops the task below; it stops even if the processor catches it
   */
  forward(key: KOut, value: VOut, options?: ForwardOptions): Awaitable<void>;
  /** The same to a side output. Records that nobody made a stream of are dropped. */
  output<K, V>(output: SideOutput<K, V>, key: K, value: V, options?: ForwardOptions): Awaitable<void>;
  /** A state that is listed where the processor was added. */
  state<H>(descriptor: StateDescriptor<H>): H;
  /** Needs `timers: true` where the processor was added, and its `onTimer`. */
  readonly timers: TimerService;
  /**
   * Has a function called again and again, by stream time or by the wall clock, until it is cancelled or the task is closed. What it
   * forwards has the timestamp that it is given and no headers, unless others are named. The next record waits for a returned promise.
   *
   * By stream time it is called for the first time as soon as there is any, then whenever stream time reaches or jumps over a multiple
   * of the interval: once, with the stream time, however many it jumped over. By the wall clock it is called first after one interval,
   * and what was missed is not made up for. Punctuations are not state: a task that is opened again begins anew.
   *
   * @param intervalMs - at least 1
   */
  schedule(intervalMs: number, type: PunctuationType, callback: (timestamp: number) => Awaitable<void>): Cancellable;
  /** Of the record that is being processed; undefined in a punctuation and for a timer. */
  recordMetadata(): RecordMetadata | undefined;
  /** The wall clock, in milliseconds since 1970. Ask this one, so that tests can set it. */
  wallClockTime(): number;
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
  /** A timer fires. The next record waits until a returned promise is settled. What it forwards has the timer's timestamp. */
  onTimer?(timestamp: number, context: OnTimerContext<KIn>): Awaitable<void>;
  /** Called at the end of each epoch in which the processor did something, to bring its operator state up to date. */
  snapshotState?(): void;
  close?(): Awaitable<void>;
}

export type ProcessorSupplier<KIn, VIn, KOut, VOut> = () => Processor<KIn, VIn, KOut, VOut>;
