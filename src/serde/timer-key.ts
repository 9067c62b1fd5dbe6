import type { Serde } from './serde';

/** A timer as its store knows it. */
export interface TimerKey {
  readonly domain: 'event-time' | 'processing-time';
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** {@link NO_KEY} for a bound of a scan: before every timer of that time. */
  readonly key: unknown;
}

export const NO_KEY = Symbol('no key');

const TWO_TO_32 = 0x1_0000_0000;
const KEY_OFFSET = 9;

/** A byte for the domain, the time as big-endian int64, the key: timers of one domain are in the order of their times. */
export function timerKey(keySerde: Serde<unknown>): Serde<TimerKey> {
  return {
    name: `timer(${keySerde.name})`,
    serialize: ({ domain, timestamp, key }) => {
      const keyBytes = key === NO_KEY ? undefined : keySerde.serialize(key);
      const bytes = Buffer.allocUnsafe(KEY_OFFSET + (keyBytes?.length ?? 0));
      bytes[0] = domain === 'event-time' ? 0 : 1;
      bytes.writeUInt32BE(Math.floor(timestamp / TWO_TO_32), 1);
      bytes.writeUInt32BE(timestamp % TWO_TO_32, 5);
      if (keyBytes !== undefined) bytes.set(keyBytes, KEY_OFFSET);
      return bytes;
    },
    deserialize: (bytes) => ({
      domain: bytes[0] === 0 ? 'event-time' : 'processing-time',
      timestamp: bytes.readUInt32BE(1) * TWO_TO_32 + bytes.readUInt32BE(5),
      key: keySerde.deserialize(bytes.subarray(KEY_OFFSET)),
    }),
  };
}
