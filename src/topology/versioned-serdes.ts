import { DeserializationError } from '../serde/errors';
import type { Serde } from '../serde/serde';

/**
 * What a versioned store has in one entry: the latest value of a key, the former values of a key that were replaced within one
 * segment of time, or what holds for the whole store.
 */
export type VersionedEntry =
  | { readonly type: 'latest'; readonly timestamp: number; readonly value: unknown }
  | { readonly type: 'former'; readonly versions: readonly FormerVersion[] }
  | { readonly type: 'time'; readonly observed: number };

/** A value that held from `timestamp` on and before `validTo`. Where no version holds, the key had no value. */
export interface FormerVersion {
  readonly timestamp: number;
  readonly validTo: number;
  readonly value: unknown;
}

const LATEST = 0;
const LATEST_DELETED = 1;
const FORMER = 2;
const TIME = 3;

/**
 * Keys of a versioned store are made by whoever reads and writes it. The name says of which keys, and how long the segments are, so
 * that state is not read where either has changed.
 */
export function versionedKeySerde(key: Serde<unknown>, historyRetentionMs: number): Serde<Buffer> {
  const name = `versioned-key(${key.name}, segments of ${segmentInterval(historyRetentionMs)} ms)`;
  return { name, serialize: (bytes) => bytes, deserialize: (bytes) => bytes };
}

/** Writes the entries of a versioned store. */
export function versionedEntrySerde(value: Serde<unknown>): Serde<VersionedEntry> {
  const name = `versioned(${value.name})`;
  const timed = (tag: number, time: number, rest?: Buffer): Buffer => {
    const head = Buffer.allocUnsafe(9);
    head[0] = tag;
    head.writeBigInt64BE(BigInt(time), 1);
    return rest === undefined ? head : Buffer.concat([head, rest]);
  };
  return {
    name,
    serialize: (entry) => {
      switch (entry.type) {
        case 'latest':
          return entry.value === undefined
            ? timed(LATEST_DELETED, entry.timestamp)
            : timed(LATEST, entry.timestamp, value.serialize(entry.value));
        case 'time':
          return timed(TIME, entry.observed);
        case 'former':
          return Buffer.concat([Buffer.of(FORMER), ...entry.versions.map((version) => formerBytes(version, value))]);
      }
    },
    deserialize: (bytes) => {
      switch (bytes[0]) {
        case LATEST:
          return { type: 'latest', timestamp: time(bytes, 1), value: value.deserialize(bytes.subarray(9)) };
        case LATEST_DELETED:
          return { type: 'latest', timestamp: time(bytes, 1), value: undefined };
        case FORMER:
          return { type: 'former', versions: readFormer(bytes, value) };
        case TIME:
          return { type: 'time', observed: time(bytes, 1) };
        case undefined:
        default:
          throw new DeserializationError(name, 'its first byte is not that of an entry');
      }
    },
  };
}

function time(bytes: Buffer, at: number): number {
  return Number(bytes.readBigInt64BE(at));
}

const NO_BYTES = Buffer.alloc(0);
/** Instead of a length: there was no value. */
const DELETED = -1;

function formerBytes({ timestamp, validTo, value }: FormerVersion, serde: Serde<unknown>): Buffer {
  const bytes = value === undefined ? NO_BYTES : serde.serialize(value);
  const head = Buffer.allocUnsafe(20);
  head.writeBigInt64BE(BigInt(timestamp), 0);
  head.writeBigInt64BE(BigInt(validTo), 8);
  head.writeInt32BE(value === undefined ? DELETED : bytes.length, 16);
  return Buffer.concat([head, bytes]);
}

function readFormer(bytes: Buffer, serde: Serde<unknown>): FormerVersion[] {
  const versions: FormerVersion[] = [];
  for (let at = 1; at < bytes.length;) {
    const start = at + 20;
    const length = bytes.readInt32BE(at + 16);
    const end = start + Math.max(0, length);
    versions.push({
      timestamp: time(bytes, at),
      validTo: time(bytes, at + 8),
      value: length === DELETED ? undefined : serde.deserialize(bytes.subarray(start, end)),
    });
    at = end;
  }
  return versions;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Shorter segments for a shorter history: few enough that a lookup reads few, many enough that little is kept too long. */
export function segmentInterval(historyRetentionMs: number): number {
  if (historyRetentionMs <= MINUTE) return Math.max(Math.floor(historyRetentionMs / 3), 2 * SECOND);
  if (historyRetentionMs <= 5 * MINUTE) return Math.max(Math.floor(historyRetentionMs / 5), 20 * SECOND);
  if (historyRetentionMs <= HOUR) return Math.max(Math.floor(historyRetentionMs / 12), MINUTE);
  return Math.max(Math.floor(historyRetentionMs / 24), 5 * MINUTE);
}
