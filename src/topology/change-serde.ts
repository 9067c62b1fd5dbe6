import { DeserializationError } from '../serde/errors';
import type { Serde } from '../serde/serde';
import type { Change } from './operators';

const OLD_ONLY = 0;
const NEW_ONLY = 1;
const BOTH = 2;

/**
 * Writes changes of a table in Kafka Streams' own format, so that what is in a repartition topic can be read by its tools: the new
 * value, the old value and a byte that says which of them there are. With both, the new value's length is in front.
 */
export function changeSerde(value: Serde<unknown>): Serde<Change<unknown>> {
  const name = `change(${value.name})`;
  return {
    name,
    serialize: ({ newValue, oldValue }) => {
      const newBytes = newValue === undefined ? undefined : value.serialize(newValue);
      const oldBytes = oldValue === undefined ? undefined : value.serialize(oldValue);
      if (newBytes !== undefined && oldBytes !== undefined) {
        return Buffer.concat([varint(newBytes.length), newBytes, oldBytes, Buffer.of(BOTH)]);
      }
      return newBytes !== undefined
        ? Buffer.concat([newBytes, Buffer.of(NEW_ONLY)])
        : Buffer.concat([oldBytes ?? Buffer.alloc(0), Buffer.of(OLD_ONLY)]);
    },
    deserialize: (bytes) => {
      const end = bytes.length - 1;
      switch (bytes[end]) {
        case OLD_ONLY:
          return { newValue: undefined, oldValue: value.deserialize(bytes.subarray(0, end)) };
        case NEW_ONLY:
          return { newValue: value.deserialize(bytes.subarray(0, end)), oldValue: undefined };
        case BOTH: {
          const { start, length } = readVarint(bytes, name);
          return {
            newValue: value.deserialize(bytes.subarray(start, start + length)),
            oldValue: value.deserialize(bytes.subarray(start + length, end)),
          };
        }
        case undefined:
        default:
          throw new DeserializationError(name, 'its last byte is not that of a change');
      }
    },
  };
}

/** Zig-zag, seven bits to a byte, as in Kafka's records. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function readVarint(bytes: Buffer, format: string): { start: number; length: number } {
  let value = 0;
  for (let index = 0, factor = 1; index < Math.min(5, bytes.length); index++, factor *= 0x80) {
    value += (bytes[index]! & 0x7f) * factor;
    if (bytes[index]! < 0x80) return { start: index + 1, length: value / 2 };
  }
  throw new DeserializationError(format, 'the length of the new value is no number');
}
