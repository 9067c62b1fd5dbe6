import { DeserializationError, SerializationError } from './errors';
import { readInt64, writeInt64 } from './int64-bytes';
import type { Serde } from './serde';

/** A key within a window of time. */
export interface Windowed<K> {
  readonly key: K;
  /** The window's first millisecond. */
  readonly start: number;
  /** Tumbling and hopping windows end before this millisecond; in sliding and session windows it is the last one. */
  readonly end: number;
}

const WINDOWED: unique symbol = Symbol('windowed');

/** A serde of windowed keys knows that of the keys themselves: records are partitioned by those. */
export interface WindowedSerde<K> extends Serde<Windowed<K>> {
  readonly [WINDOWED]: Serde<K>;
}

const LONG_BYTES = 8;

/** Behind `serdes.timeWindowed`: the key's bytes, then the window's start. */
export function timeWindowed<K>(inner: Serde<K>, { sizeMs }: { readonly sizeMs: number }): WindowedSerde<K> {
  const name = `time-windowed(${inner.name})`;
  return {
    name,
    [WINDOWED]: inner,
    serialize: ({ key, start }) => {
      const keyBytes = inner.serialize(key);
      const bytes = Buffer.allocUnsafe(keyBytes.length + LONG_BYTES);
      bytes.set(keyBytes);
      appendTime(name, bytes, start, keyBytes.length);
      return bytes;
    },
    deserialize: (bytes) => {
      const at = innerLength(name, bytes, LONG_BYTES);
      const start = readInt64(bytes, at);
      return { key: inner.deserialize(bytes.subarray(0, at)), start, end: start + sizeMs };
    },
  };
}

/** Behind `serdes.sessionWindowed`: the key's bytes, then the session's end, then its start. */
export function sessionWindowed<K>(inner: Serde<K>): WindowedSerde<K> {
  const name = `session-windowed(${inner.name})`;
  return {
    name,
    [WINDOWED]: inner,
    serialize: ({ key, start, end }) => {
      const keyBytes = inner.serialize(key);
      const bytes = Buffer.allocUnsafe(keyBytes.length + 2 * LONG_BYTES);
      bytes.set(keyBytes);
      appendTime(name, bytes, end, keyBytes.length);
      appendTime(name, bytes, start, keyBytes.length + LONG_BYTES);
      return bytes;
    },
    deserialize: (bytes) => {
      const at = innerLength(name, bytes, 2 * LONG_BYTES);
      return {
        key: inner.deserialize(bytes.subarray(0, at)),
        start: readInt64(bytes, at + LONG_BYTES),
        end: readInt64(bytes, at),
      };
    },
  };
}

/** The serde of the keys within windowed keys; undefined where the keys are not windowed. */
export function innerKeySerde(serde: Serde<unknown>): Serde<unknown> | undefined {
  return WINDOWED in serde ? (serde as WindowedSerde<unknown>)[WINDOWED] : undefined;
}

function appendTime(name: string, bytes: Buffer, time: number, offset: number): void {
  if (!Number.isSafeInteger(time)) throw new SerializationError(name, `the time ${time} is not a whole number`);
  writeInt64(bytes, time, offset);
}

function innerLength(name: string, bytes: Buffer, timesBytes: number): number {
  if (bytes.length < timesBytes) {
    throw new DeserializationError(name, `it needs at least ${timesBytes} bytes, and there are ${bytes.length}`);
  }
  return bytes.length - timesBytes;
}
