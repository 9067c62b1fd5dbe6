import { readInt64, writeInt64 } from './int64-bytes';
import type { Header, Headers } from './record';
import type { Serde } from './serde';
import { MARKER } from './marker';

/** A change of a table that is being held back. Its timestamp is the entry's. */
export interface BufferedChange {
  /** By which it is ordered: that of the first change since the last one that was let through. */
  readonly time: number;
  /** undefined: the key was deleted. */
  readonly newValue: unknown;
  /** The last value that was let through. */
  readonly oldValue: unknown;
  readonly headers: Headers;
  /** What it counts towards the buffer's limit of bytes; 0 where there is none. */
  readonly size: number;
}

const NO_BYTES = Buffer.alloc(0);
const NONE = 0xffff_ffff;
/** Time, size, the lengths of both values and the number of headers. */
const FIXED_BYTES = 8 + 8 + 4 + 4 + 4;

/** The format of held back changes in their store. */
export function bufferedChanges(inner: Serde<unknown>): Serde<BufferedChange> {
  return {
    name: `buffered(${inner.name})`,
    serialize: (change) => ((change as unknown) === MARKER ? NO_BYTES : encode(inner, change)),
    deserialize: (bytes) => (bytes.length === 0 ? (MARKER as BufferedChange) : decode(inner, bytes)),
  };
}

function encode(inner: Serde<unknown>, change: BufferedChange): Buffer {
  const { time, size, newValue, oldValue, headers } = change;
  const values = [newValue, oldValue].map((value) => (value === undefined ? undefined : inner.serialize(value)));
  const fixed = Buffer.allocUnsafe(FIXED_BYTES);
  writeInt64(fixed, time, 0);
  writeInt64(fixed, size, 8);
  fixed.writeUInt32BE(values[0]?.length ?? NONE, 16);
  fixed.writeUInt32BE(values[1]?.length ?? NONE, 20);
  fixed.writeUInt32BE(headers.length, 24);
  const parts = [fixed, values[0] ?? NO_BYTES, values[1] ?? NO_BYTES];
  for (const { key, value } of headers) {
    const keyBytes = Buffer.from(key);
    const lengths = Buffer.allocUnsafe(8);
    lengths.writeUInt32BE(keyBytes.length, 0);
    lengths.writeUInt32BE(value?.length ?? NONE, 4);
    parts.push(lengths, keyBytes, value ?? NO_BYTES);
  }
  return Buffer.concat(parts);
}

function decode(inner: Serde<unknown>, bytes: Buffer): BufferedChange {
  let at = FIXED_BYTES;
  const take = (length: number): Buffer | undefined => {
    if (length === NONE) return undefined;
    at += length;
    return bytes.subarray(at - length, at);
  };
  const newBytes = take(bytes.readUInt32BE(16));
  const oldBytes = take(bytes.readUInt32BE(20));
  const headers: Header[] = [];
  for (let count = bytes.readUInt32BE(24); count > 0; count--) {
    const keyLength = bytes.readUInt32BE(at);
    const valueLength = bytes.readUInt32BE(at + 4);
    at += 8;
    headers.push({ key: take(keyLength)!.toString(), value: take(valueLength) ?? null });
  }
  return {
    time: readInt64(bytes, 0),
    size: readInt64(bytes, 8),
    newValue: newBytes === undefined ? undefined : inner.deserialize(newBytes),
    oldValue: oldBytes === undefined ? undefined : inner.deserialize(oldBytes),
    headers,
  };
}
