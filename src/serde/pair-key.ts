import type { Serde } from './serde';

/** A key within a key: an entry of one map of many. */
export interface PairKey {
  readonly first: unknown;
  readonly second: unknown;
}

/** As `second`: before every pair of that first key. */
export const LOWEST = Symbol('lowest');
/** As `second`: behind every pair of that first key; where the format can tell no better, equal to the lowest of another. */
export const HIGHEST = Symbol('highest');

const LENGTH_BYTES = 4;

/** The first key's length as big-endian int32, the first key, the second key. All pairs of one first key are together. */
export function pairKey(first: Serde<unknown>, second: Serde<unknown>): Serde<PairKey> {
  return {
    name: `pair(${first.name},${second.name})`,
    serialize: (pair) => {
      const firstBytes = first.serialize(pair.first);
      const isBound = pair.second === LOWEST || pair.second === HIGHEST;
      const secondBytes = isBound ? NO_BYTES : second.serialize(pair.second);
      const bytes = Buffer.allocUnsafe(LENGTH_BYTES + firstBytes.length + secondBytes.length);
      bytes.writeInt32BE(firstBytes.length, 0);
      bytes.set(firstBytes, LENGTH_BYTES);
      bytes.set(secondBytes, LENGTH_BYTES + firstBytes.length);
      return pair.second === HIGHEST ? successor(bytes) : bytes;
    },
    deserialize: (bytes) => {
      const split = LENGTH_BYTES + bytes.readInt32BE(0);
      return {
        first: first.deserialize(bytes.subarray(LENGTH_BYTES, split)),
        second: second.deserialize(bytes.subarray(split)),
      };
    },
  };
}

const NO_BYTES = Buffer.alloc(0);

/** The least bytes that are greater than all that begin with these. A length is in front, so they are never all 0xff. */
function successor(bytes: Buffer): Buffer {
  let last = bytes.length - 1;
  while (bytes[last] === 0xff) last--;
  const next = bytes.subarray(0, last + 1);
  next[last] = bytes[last]! + 1;
  return next;
}
