import { DeserializationError } from './errors';
import { readInt64, writeInt64 } from './int64-bytes';
import type { Serde } from './serde';
import type { Windowed } from './windowed';

/** The keys of a store, with the map key by which an `EpochStore` finds an entry in memory. */
export interface StateKeySerde<K> extends Serde<K> {
  mapKey(key: K): unknown;
}

/*
 * How the stores of windowed operators order their keys. The first byte says what an entry is:
 *   00  by time: eight bytes of time (whose first is 00 for every time that a number can be), then the key
 *   01  an index by time: eight bytes of time, then the key
 *   02  by key
 *   ff  what the operator itself knows, as its stream time
 * What has expired is therefore a range at the beginning of its kind.
 */

const TIME_BYTES = 8;
const BY_TIME = 0x00;
const INDEX = 0x01;
const BY_KEY = 0x02;
const OWN = 0xff;

/** The least bytes that an entry by time can have whose time is `time`, and greater than all of earlier times. */
export function timeBound(time: number): Buffer {
  const bytes = Buffer.allocUnsafe(TIME_BYTES);
  writeInt64(bytes, Math.max(0, time), 0);
  return bytes;
}

/** The same for the index by time. */
export function indexBound(time: number): Buffer {
  return Buffer.concat([Buffer.of(INDEX), timeBound(time)]);
}

/** Greater than every key by time. */
export const BY_TIME_END = Buffer.of(INDEX);
/** Greater than every key of the index by time. */
export const INDEX_END = Buffer.of(BY_KEY);
/** Greater than every entry by key. */
export const BY_KEY_END = Buffer.of(OWN);

/** One key of a store that has entries of several kinds. */
export type TimedKey<K> =
  | { readonly kind: 'by-time'; readonly time: number; readonly key: K }
  | { readonly kind: 'index'; readonly time: number; readonly key: K }
  | { readonly kind: 'by-key'; readonly key: K }
  | { readonly kind: 'own'; readonly number: number };

/** Entries by time, by key, in an index by time, and the operator's own. */
export function timedKeys<K>(inner: Serde<K>): StateKeySerde<TimedKey<K>> {
  const name = `timed(${inner.name})`;
  const textOf = keyText(inner);
  return {
    name,
    serialize: (timed) => {
      switch (timed.kind) {
        case 'by-time':
          return timeThenKey(timed.time, inner.serialize(timed.key));
        case 'index':
          return Buffer.concat([Buffer.of(INDEX), timeBound(timed.time), inner.serialize(timed.key)]);
        case 'by-key':
          return Buffer.concat([Buffer.of(BY_KEY), inner.serialize(timed.key)]);
        case 'own':
          return Buffer.of(OWN, timed.number);
      }
    },
    deserialize: (bytes) => {
      switch (bytes[0] ?? -1) {
        case BY_TIME:
          return { kind: 'by-time', time: readInt64(bytes, 0), key: inner.deserialize(bytes.subarray(TIME_BYTES)) };
        case INDEX:
          return {
            kind: 'index',
            time: readInt64(bytes, 1),
            key: inner.deserialize(bytes.subarray(1 + TIME_BYTES)),
          };
        case BY_KEY:
          return { kind: 'by-key', key: inner.deserialize(bytes.subarray(1)) };
        case OWN:
          return { kind: 'own', number: bytes[1]! };
        default:
          throw new DeserializationError(name, 'there is no such kind of entry');
      }
    },
    mapKey: (timed) => {
      switch (timed.kind) {
        case 'by-time':
          return `t${timed.time}|${textOf(timed.key)}`;
        case 'index':
          return `i${timed.time}|${textOf(timed.key)}`;
        case 'by-key':
          return `k${textOf(timed.key)}`;
        case 'own':
          return timed.number;
      }
    },
  };
}

/** The operator's own entry in a store of {@link windowKeys}. */
export function ownWindowKey(number: number): Windowed<never> {
  return { key: undefined as never, start: -1 - number, end: -1 };
}

/** Entries by time alone, whose keys are windowed keys as they are handed down: nothing is allocated to forward one. */
export function windowKeys<K>(inner: Serde<K>, sizeMs: number): StateKeySerde<Windowed<K>> {
  const name = `windowed(${inner.name})`;
  const textOf = keyText(inner);
  let lastStart = -1;
  let lastPrefix = '';
  return {
    name,
    serialize: ({ key, start }) => (start < 0 ? Buffer.of(OWN, -1 - start) : timeThenKey(start, inner.serialize(key))),
    ...(inner.serializeInto !== undefined && {
      serializeInto: ({ key, start }: Windowed<K>, target: Buffer, at: number) => {
        if (start < 0 || at + TIME_BYTES > target.length) return -1;
        writeInt64(target, start, at);
        const length = inner.serializeInto!(key, target, at + TIME_BYTES);
        return length < 0 ? -1 : TIME_BYTES + length;
      },
    }),
    deserialize: (bytes) => {
      if (bytes[0] === OWN) return ownWindowKey(bytes[1]!);
      const start = readInt64(bytes, 0);
      return { key: inner.deserialize(bytes.subarray(TIME_BYTES)), start, end: start + sizeMs };
    },
    mapKey: ({ key, start }) => {
      if (start < 0) return start;
      if (start !== lastStart) {
        lastStart = start;
        lastPrefix = `${start}|`;
      }
      return lastPrefix + textOf(key);
    },
  };
}

function timeThenKey(time: number, key: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(TIME_BYTES + key.length);
  writeInt64(bytes, time, 0);
  bytes.set(key, TIME_BYTES);
  return bytes;
}

/** Text that is the same for equal keys, and only for those. */
function keyText<K>(inner: Serde<K>): (key: K) => string {
  if (inner.comparesByValue !== true) return (key) => inner.serialize(key).toString('latin1');
  return (key) => {
    if (typeof key === 'string') return key;
    return typeof key === 'number' || typeof key === 'bigint' ? String(key) : inner.serialize(key).toString('latin1');
  };
}
