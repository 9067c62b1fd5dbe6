import type { Serde } from '../serde/serde';
import type { StoreDefinition } from './graph';
import type { SessionStore, StoreOf, WindowStore } from './store-api';
import { TopologyError } from './errors';
import { storageOf, type StoreOptions } from './store-options';

/** What `stores.window` needs to know. */
export interface WindowStoreOptions<K, V> extends StoreOptions {
  /** Names the store where it is used, and its changelog topic. */
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** How long a window is kept after its start, by stream time. At least `windowSizeMs`. */
  readonly retentionMs: number;
  readonly windowSizeMs: number;
  /** Whether a window can have several values. Default false. */
  readonly retainDuplicates?: boolean | undefined;
}

/** What `stores.session` needs to know. */
export interface SessionStoreOptions<K, V> extends StoreOptions {
  /** Names the store where it is used, and its changelog topic. */
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** How long a session is kept after its end, by stream time. */
  readonly retentionMs: number;
}

/** A window or session store with a time that is none. */
export class IllegalRetentionError extends TopologyError {
  readonly code = 'TOPOLOGY_ILLEGAL_RETENTION';

  constructor(store: string, problem: string) {
    super(
      `The store '${store}' ${problem}. Give whole milliseconds from 0 up, the retention at least as long as a window.`,
      { location: { store } },
    );
  }
}

const SHORTEST_SEGMENT_MS = 1000;

export function windowStore<K, V>(options: WindowStoreOptions<K, V>): StoreDefinition & StoreOf<WindowStore<K, V>> {
  return timed('window', options, options.windowSizeMs, options.retainDuplicates ?? false);
}

export function sessionStore<K, V>(options: SessionStoreOptions<K, V>): StoreDefinition & StoreOf<SessionStore<K, V>> {
  return timed('session', options, undefined, false);
}

function timed<K, V>(
  kind: 'window' | 'session',
  options: SessionStoreOptions<K, V>,
  windowSizeMs: number | undefined,
  retainDuplicates: boolean,
): StoreDefinition {
  const { name, key, value, retentionMs } = options;
  const segmentMs = Math.max(Math.ceil(retentionMs / 2), SHORTEST_SEGMENT_MS);
  return {
    kind,
    name,
    keySerde: asLatin1(`${kind}-${segmentMs}${retainDuplicates ? '-duplicates' : ''}(${key.name})`),
    valueSerde: asBytes(value.name),
    ...storageOf(options),
    ...(windowSizeMs !== undefined && { format: { windowSizeMs } }),
    retention: {
      retentionMs,
      windowSizeMs,
      retainDuplicates,
      segmentMs,
      innerKeySerde: key,
      innerValueSerde: value,
    },
  };
}

/** What is wrong with a definition's times; undefined where nothing is. */
export function checkRetention({ name, retention }: StoreDefinition): IllegalRetentionError | undefined {
  if (retention === undefined) return undefined;
  const { retentionMs, windowSizeMs } = retention;
  const isTime = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  if (!isTime(retentionMs)) return new IllegalRetentionError(name, `has the retention ${retentionMs}`);
  if (windowSizeMs === undefined) return undefined;
  if (!isTime(windowSizeMs)) return new IllegalRetentionError(name, `has the window size ${windowSizeMs}`);
  if (windowSizeMs > retentionMs) {
    return new IllegalRetentionError(
      name,
      `keeps windows for ${retentionMs} ms, which is shorter than a window of ${windowSizeMs} ms`,
    );
  }
  return undefined;
}

/** Whole keys as text of one character a byte, whose order is that of the bytes. */
function asLatin1(name: string): Serde<string> {
  return {
    name,
    comparesByValue: true,
    serialize: (key) => Buffer.from(key, 'latin1'),
    deserialize: (bytes) => bytes.toString('latin1'),
  };
}

function asBytes(name: string): Serde<Buffer> {
  return { name, serialize: (value) => value, deserialize: (value) => value };
}
