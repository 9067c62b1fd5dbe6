import { readInt64, writeInt64 } from '../serde/int64-bytes';
import { ReusedBytes } from '../serde/reused-bytes';
import type { Serde } from '../serde/serde';
import type { StoreDefinition } from '../topology/graph';
import type { StoreHandle } from './state-database';

/** Bytes before the value in a timestamped store: its timestamp, big endian, as Kafka Streams keeps it. */
export const TIMESTAMP_BYTES = 8;

const NO_BYTES = Buffer.alloc(0);

const TIMESTAMPED: ReadonlySet<StoreDefinition['kind']> = new Set([
  'timestamped-key-value',
  'time-windows',
  'sliding-windows',
  'session-windows',
  'suppression',
]);

/** Turns the entries of one store into the bytes that its database keeps, and back. */
export class EntryCodec<K, V> {
  readonly keySerde: Serde<K>;
  readonly valueSerde: Serde<V>;
  readonly timestamped: boolean;
  /** Where the value proper begins in a stored value. */
  readonly valueOffset: number;
  private readonly reusedKey: ReusedBytes;
  private readonly reusedValue: ReusedBytes;

  constructor(
    private readonly handle: StoreHandle,
    definition: StoreDefinition,
  ) {
    this.keySerde = definition.keySerde as Serde<K>;
    this.valueSerde = definition.valueSerde as Serde<V>;
    this.timestamped = isTimestamped(definition.kind);
    this.valueOffset = this.timestamped ? TIMESTAMP_BYTES : 0;
    this.reusedKey = new ReusedBytes(handle.prefixed(NO_BYTES));
    this.reusedValue = new ReusedBytes(Buffer.alloc(this.valueOffset));
  }

  /** With the store's prefix, as the database wants it. */
  encodeKey(key: K): Buffer {
    return this.handle.prefixed(this.keySerde.serialize(key));
  }

  /** The same in memory that the next call writes to: for what is copied or compared at once. */
  encodeReusedKey(key: K): Buffer {
    return this.reusedKey.serialize(this.keySerde, key);
  }

  /** Without the prefix, as the changelog has it: what the last `encodeReusedKey` gave. */
  get reusedKeyBody(): Buffer {
    return this.reusedKey.body;
  }

  decodeKey(stored: Buffer): K {
    return this.keySerde.deserialize(stored.subarray(this.handle.prefixLength));
  }

  /** In memory that the next call writes to. */
  encodeReusedValue(value: V, timestamp: number): Buffer {
    const stored = this.reusedValue.serialize(this.valueSerde, value);
    if (this.timestamped) writeInt64(stored, timestamp, 0);
    return stored;
  }

  /** Without its timestamp, as the changelog has it: what the last `encodeReusedValue` gave. */
  get reusedValueBody(): Buffer {
    return this.reusedValue.body;
  }

  decodeValue(stored: Buffer, start: number, end: number): V {
    const { valueSerde } = this;
    const from = start + this.valueOffset;
    return valueSerde.deserializeRange !== undefined
      ? valueSerde.deserializeRange(stored, from, end)
      : valueSerde.deserialize(stored.subarray(from, end));
  }

  /** The same for bytes that will be overwritten: what the serde keeps must be its own. */
  decodeBorrowedValue(stored: Buffer, start: number, end: number): V {
    if (this.valueSerde.comparesByValue === true) return this.decodeValue(stored, start, end);
    return this.valueSerde.deserialize(Buffer.from(stored.subarray(start + this.valueOffset, end)));
  }

  decodeTimestamp(stored: Buffer, start: number): number {
    return this.timestamped ? readInt64(stored, start) : 0;
  }
}

/** Whether values are kept with their timestamps. */
export function isTimestamped(kind: StoreDefinition['kind']): boolean {
  return TIMESTAMPED.has(kind);
}

/** A value with its timestamp in front. */
export function stampValue(bytes: Buffer, timestamp: number): Buffer {
  const stamped = Buffer.allocUnsafe(TIMESTAMP_BYTES + bytes.length);
  writeInt64(stamped, timestamp, 0);
  stamped.set(bytes, TIMESTAMP_BYTES);
  return stamped;
}

/** The key as the changelog has it: without the database's prefix. */
export function changelogKey(handle: StoreHandle, stored: Buffer): Buffer {
  return stored.subarray(handle.prefixLength);
}

/** The value as the changelog has it: its timestamp is the record's. */
export function changelogValue(definition: StoreDefinition, stored: Buffer): Buffer {
  return isTimestamped(definition.kind) ? stored.subarray(TIMESTAMP_BYTES) : stored;
}

/** The timestamp that a value is kept with, for the changelog's record. Undefined for stores that keep none. */
export function changelogTimestamp(definition: StoreDefinition, stored: Buffer): number | undefined {
  return isTimestamped(definition.kind) ? readInt64(stored, 0) : undefined;
}
