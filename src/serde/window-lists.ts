import { readInt64, writeInt64 } from './int64-bytes';
import type { Serde } from './serde';
import { MARKER } from './marker';

/** One sliding window of a key. */
export interface SlidingWindow {
  readonly start: number;
  /** The highest timestamp of its records. */
  timestamp: number;
  value: unknown;
}

/** One session of a key. */
export interface Session {
  readonly start: number;
  readonly end: number;
  readonly value: unknown;
}

/** The sessions of a key, by end and then start, and the time under which the store's index has the key. */
export interface Sessions {
  indexedAt: number;
  sessions: Session[];
}

const NO_BYTES = Buffer.alloc(0);
const LONG = 8;
/** Two times and the value's length. */
const ITEM_HEADER = 2 * LONG + 4;

/** Windows of one key, in the order of their starts. */
export function slidingWindows(inner: Serde<unknown>): Serde<SlidingWindow[]> {
  return {
    name: `sliding-windows(${inner.name})`,
    serialize: (windows) => {
      if ((windows as unknown) === MARKER) return NO_BYTES;
      return encodeItems(inner, 0, windows, (window) => window.timestamp);
    },
    deserialize: (bytes) => decodeItems(inner, bytes, 0, (start, timestamp, value) => ({ start, timestamp, value })),
  };
}

/** All sessions of one key. */
export function sessionLists(inner: Serde<unknown>): Serde<Sessions> {
  return {
    name: `sessions(${inner.name})`,
    serialize: (list) => {
      if ((list as unknown) === MARKER) return NO_BYTES;
      const bytes = encodeItems(inner, LONG, list.sessions, (session) => session.end);
      writeInt64(bytes, list.indexedAt, 0);
      return bytes;
    },
    deserialize: (bytes) => {
      if (bytes.length === 0) return MARKER as Sessions;
      return {
        indexedAt: readInt64(bytes, 0),
        sessions: decodeItems(inner, bytes, LONG, (start, end, value) => ({ start, end, value })),
      };
    },
  };
}

function encodeItems<T extends { readonly start: number; readonly value: unknown }>(
  inner: Serde<unknown>,
  from: number,
  items: readonly T[],
  second: (item: T) => number,
): Buffer {
  const values = items.map((item) => inner.serialize(item.value));
  const bytes = Buffer.allocUnsafe(values.reduce((size, value) => size + ITEM_HEADER + value.length, from));
  let at = from;
  items.forEach((item, index) => {
    const value = values[index]!;
    writeInt64(bytes, item.start, at);
    writeInt64(bytes, second(item), at + LONG);
    bytes.writeUInt32BE(value.length, at + 2 * LONG);
    bytes.set(value, at + ITEM_HEADER);
    at += ITEM_HEADER + value.length;
  });
  return bytes;
}

function decodeItems<T>(
  inner: Serde<unknown>,
  bytes: Buffer,
  from: number,
  item: (start: number, second: number, value: unknown) => T,
): T[] {
  const items: T[] = [];
  for (let at = from; at < bytes.length;) {
    const length = bytes.readUInt32BE(at + 2 * LONG);
    const end = at + ITEM_HEADER + length;
    const value = inner.deserialize(bytes.subarray(at + ITEM_HEADER, end));
    items.push(item(readInt64(bytes, at), readInt64(bytes, at + LONG), value));
    at = end;
  }
  return items;
}
