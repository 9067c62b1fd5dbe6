import type { Serde } from '../serde/serde';
import type { StoreDefinition } from '../topology/graph';
import type { StoreHandle } from './state-database';

/** Bytes before the value in a timestamped store: its timestamp, big endian, as Kafka Streams keeps it. */
export const TIMESTAMP_BYTES = 8;

const TWO_TO_32 = 0x1_0000_0000;

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

  constructor(
    private readonly handle: StoreHandle,
    definition: StoreDefinition,
  ) {
    this.keySerde = definition.keySerde as Serde<K>;
    this.valueSerde = definition.valueSerde as Serde<V>;
    this.timestamped = isTimestamped(definition.kind);
    this.valueOffset = this.timestamped ? TIMESTAMP_BYTES : 0;
  }

  /** With the store's prefix, as the database wants it. */
  encodeKey(key: K): Buffer {
    return this.handle.prefixed(this.keySerde.serialize(key));
  }

  decodeKey(stored: Buffer): K {
    return this.keySerde.deserialize(stored.subarray(this.handle.prefixLength));
  }

  encodeValue(value: V, timestamp: number): Buffer {
    const bytes = this.valueSerde.serialize(value);
    return this.timestamped ? stampValue(bytes, timestamp) : bytes;
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
    return this.timestamped ? readTimestamp(stored, start) : 0;
  }
}

/** Whether values are kept with their timestamps. */
export function isTimestamped(kind: StoreDefinition['kind']): boolean {
  return TIMESTAMPED.has(kind);
}

/** A value with its timestamp in front. */
export function stampValue(bytes: Buffer, timestamp: number): Buffer {
  const stamped = Buffer.allocUnsafe(TIMESTAMP_BYTES + bytes.length);
  const high = Math.floor(timestamp / TWO_TO_32);
  stamped.writeInt32BE(high, 0);
  stamped.writeUInt32BE(timestamp - high * TWO_TO_32, 4);
  stamped.set(bytes, TIMESTAMP_BYTES);
  return stamped;
}

function readTimestamp(stored: Buffer, start: number): number {
  return stored.readInt32BE(start) * TWO_TO_32 + stored.readUInt32BE(start + 4);
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
  return isTimestamped(definition.kind) ? readTimestamp(stored, 0) : undefined;
}
