import type { Serde } from './serde';

const LENGTH_BYTES = 4;

/** Each element after its length as big-endian int32. */
export function listValue<V>(element: Serde<V>): Serde<V[]> {
  return {
    name: `list(${element.name})`,
    serialize: (elements) => {
      const parts: Buffer[] = [];
      for (const value of elements) {
        const bytes = element.serialize(value);
        const length = Buffer.allocUnsafe(LENGTH_BYTES);
        length.writeInt32BE(bytes.length, 0);
        parts.push(length, bytes);
      }
      return Buffer.concat(parts);
    },
    deserialize: (bytes) => {
      const elements: V[] = [];
      for (let at = 0; at < bytes.length;) {
        const start = at + LENGTH_BYTES;
        at = start + bytes.readInt32BE(at);
        elements.push(element.deserialize(bytes.subarray(start, at)));
      }
      return elements;
    },
  };
}
