import { DeserializationError } from '../serde/errors';
import type { Serde } from '../serde/serde';
import type { Subscription, SubscriptionResponse } from './foreign-key-operators';

/* The formats of Kafka Streams 4.1 but for one byte before the foreign value, without which an empty value would read as none. */

const HASH_BYTES = 16;
const SUBSCRIPTION_VERSION = 1;
const RESPONSE_VERSION = 0;
/** In the version's byte: there is no hash. */
const NO_HASH = 0x80;

/** Version, instruction, hash, primary key, primary partition. */
export function subscriptionSerde(primaryKey: Serde<unknown>): Serde<Subscription> {
  const name = `subscription(${primaryKey.name})`;
  return {
    name,
    serialize: ({ hash, instruction, primaryKey: key, primaryPartition }) => {
      const head = Buffer.of(SUBSCRIPTION_VERSION | (hash === null ? NO_HASH : 0), instruction);
      const partition = Buffer.allocUnsafe(4);
      partition.writeInt32BE(primaryPartition);
      return Buffer.concat([head, hash ?? NO_BYTES, primaryKey.serialize(key), partition]);
    },
    deserialize: (bytes) => {
      const { hash, end } = readHash(bytes, name, SUBSCRIPTION_VERSION, 2);
      if (bytes.length < end + 4) throw new DeserializationError(name, 'it is too short');
      return {
        hash,
        instruction: bytes[1]!,
        primaryKey: primaryKey.deserialize(bytes.subarray(end, bytes.length - 4)),
        primaryPartition: bytes.readInt32BE(bytes.length - 4),
      };
    },
  };
}

/** Version, hash, foreign value. */
export function responseSerde(foreignValue: Serde<unknown>): Serde<SubscriptionResponse> {
  const name = `subscription-response(${foreignValue.name})`;
  return {
    name,
    serialize: ({ hash, foreignValue: value }) =>
      Buffer.concat([
        Buffer.of(RESPONSE_VERSION | (hash === null ? NO_HASH : 0)),
        hash ?? NO_BYTES,
        // A value of no bytes would read as none: one byte in front of it tells the two apart.
        value === undefined ? NO_BYTES : Buffer.concat([VALUE_FOLLOWS, foreignValue.serialize(value)]),
      ]),
    deserialize: (bytes) => {
      const { hash, end } = readHash(bytes, name, RESPONSE_VERSION, 1);
      return {
        hash,
        foreignValue: bytes.length === end ? undefined : foreignValue.deserialize(bytes.subarray(end + 1)),
        primaryPartition: -1,
      };
    },
  };
}

const NO_BYTES = Buffer.alloc(0);
const VALUE_FOLLOWS = Buffer.of(1);

function readHash(bytes: Buffer, format: string, version: number, start: number): { hash: Buffer | null; end: number } {
  const first = bytes[0];
  if (first === undefined || (first & ~NO_HASH) !== version) throw new DeserializationError(format, 'unknown version');
  if ((first & NO_HASH) !== 0) return { hash: null, end: start };
  const end = start + HASH_BYTES;
  if (bytes.length < end) throw new DeserializationError(format, 'it is too short');
  return { hash: Buffer.from(bytes.subarray(start, end)), end };
}

/** Length of the foreign key, foreign key, primary key: in a store, all subscriptions of a foreign key lie together. */
export function combinedKey(foreignKey: Buffer, primaryKey: Buffer): Buffer {
  return Buffer.concat([combinedKeyPrefix(foreignKey), primaryKey]);
}

/** What the keys of all subscriptions of a foreign key begin with. */
export function combinedKeyPrefix(foreignKey: Buffer): Buffer {
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(foreignKey.length);
  return Buffer.concat([length, foreignKey]);
}
