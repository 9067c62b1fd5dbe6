import type { Awaitable } from './awaitable';
import type { Windowed } from '../serde/windowed';

/**
 * Values by key and the start of a window. Kafka Streams' WindowStore.
 *
 * The store forgets by stream time, the highest window start that was put: a window that began `retentionMs` or more before it is
 * gone, and a put to such a window is dropped and counted (`late-record`).
 */
export interface WindowStore<K, V> {
  readonly name: string;
  /** Null or undefined deletes. With `retainDuplicates` a value is added to those that are there, and nothing can be deleted. */
  put(key: K, value: V | null | undefined, windowStart: number): void;
  /** The value of one window, at once if it is in memory. Not for a store that retains duplicates. */
  fetch(key: K, windowStart: number): Awaitable<V | undefined>;
  /** The values of a key's windows that begin from `from` to `to`, by their starts. */
  fetch(key: K, from: number, to: number): AsyncIterable<readonly [windowStart: number, value: V]>;
  /** The same, the latest first. */
  backwardFetch(key: K, from: number, to: number): AsyncIterable<readonly [windowStart: number, value: V]>;
  /** All windows of all keys that begin from `from` to `to`. Their order is that of the store's segments, then of keys and starts. */
  fetchAll(from: number, to: number): AsyncIterable<readonly [Windowed<K>, V]>;
  /** The same in the opposite order. */
  backwardFetchAll(from: number, to: number): AsyncIterable<readonly [Windowed<K>, V]>;
  /** Everything that the store has not forgotten. */
  all(): AsyncIterable<readonly [Windowed<K>, V]>;
  /** The same in the opposite order. */
  backwardAll(): AsyncIterable<readonly [Windowed<K>, V]>;
}

/**
 * Values by key and session. Kafka Streams' SessionStore.
 *
 * The store forgets by stream time, the highest session end that was put: a session that ended `retentionMs` or more before it is
 * gone, and a put of such a session is dropped and counted (`late-record`).
 */
export interface SessionStore<K, V> {
  readonly name: string;
  /** Null or undefined deletes. */
  put(session: Windowed<K>, value: V | null | undefined): void;
  remove(session: Windowed<K>): void;
  /** The value of one session, at once if it is in memory. */
  fetchSession(key: K, start: number, end: number): Awaitable<V | undefined>;
  /** All sessions of a key, by their ends. */
  fetch(key: K): AsyncIterable<readonly [Windowed<K>, V]>;
  /** The sessions of a key that end at `earliestEnd` or later and begin at `latestStart` or earlier, by their ends. */
  findSessions(key: K, earliestEnd: number, latestStart: number): AsyncIterable<readonly [Windowed<K>, V]>;
  /** The same, the latest first. */
  backwardFindSessions(key: K, earliestEnd: number, latestStart: number): AsyncIterable<readonly [Windowed<K>, V]>;
}

/** A window store to look into. */
export type ReadOnlyWindowStore<K, V> = Omit<WindowStore<K, V>, 'put'>;

/** A session store to look into. */
export type ReadOnlySessionStore<K, V> = Omit<SessionStore<K, V>, 'put' | 'remove'>;

declare const opens: unique symbol;

/** What a store's definition says of its type, to whoever asks for the store: `context.store(definition)`. */
export interface StoreOf<S> {
  readonly name: string;
  /** Not there at run time. */
  readonly [opens]?: () => S;
}
