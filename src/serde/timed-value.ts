import type { Serde } from './serde';

/** A value of a state with a time to live. */
export interface TimedValue<V> {
  readonly value: V;
  /** When it was written, or read where reads count too, in milliseconds since 1970. */
  readonly at: number;
}

const TIME_BYTES = 8;

/** The time as big-endian int64, then the value. */
export function timedValue<V>(value: Serde<V>): Serde<TimedValue<V>> {
  return {
    name: `timed(${value.name})`,
    serialize: (timed) => {
      const bytes = value.serialize(timed.value);
      const stamped = Buffer.allocUnsafe(TIME_BYTES + bytes.length);
      stamped.writeBigInt64BE(BigInt(timed.at), 0);
      stamped.set(bytes, TIME_BYTES);
      return stamped;
    },
    deserialize: (bytes) => ({
      at: Number(bytes.readBigInt64BE(0)),
      value: value.deserialize(bytes.subarray(TIME_BYTES)),
    }),
  };
}
