import { DeserializationError } from '../serde/errors';
import { NO_HEADERS, type Header, type Headers } from '../serde/record';
import type { Serde } from '../serde/serde';

/** What a record buffer has in one entry: a record that waits, or what holds for the whole buffer. */
export type BufferedEntry =
  | { readonly type: 'record'; readonly value: unknown; readonly headers: Headers }
  | {
      readonly type: 'state';
      /** The highest timestamp of a record that was put in. */
      readonly observed: number;
      /** How many records were put in: tells records of one key and timestamp apart, in the order in which they came. */
      readonly count: number;
    };

const RECORD = 0;
const STATE = 1;

/** Keys of a buffer are made by whoever reads and writes it; the format is the user's, so that a change of it is noticed. */
export function bufferKeySerde(key: Serde<unknown>): Serde<Buffer> {
  return { name: `buffer-key(${key.name})`, serialize: (bytes) => bytes, deserialize: (bytes) => bytes };
}

/** Writes the entries of a record buffer. */
export function bufferedRecordSerde(value: Serde<unknown>): Serde<BufferedEntry> {
  const name = `buffered(${value.name})`;
  return {
    name,
    serialize: (entry) => {
      if (entry.type === 'state') {
        const bytes = Buffer.allocUnsafe(17);
        bytes[0] = STATE;
        bytes.writeBigInt64BE(BigInt(entry.observed), 1);
        bytes.writeBigInt64BE(BigInt(entry.count), 9);
        return bytes;
      }
      const parts = [Buffer.of(RECORD), sized(entry.headers.length)];
      for (const header of entry.headers) {
        const key = Buffer.from(header.key);
        parts.push(sized(key.length), key, sized(header.value?.length ?? -1), header.value ?? Buffer.alloc(0));
      }
      return Buffer.concat([...parts, value.serialize(entry.value)]);
    },
    deserialize: (bytes) => {
      if (bytes[0] === STATE) {
        return {
          type: 'state',
          observed: Number(bytes.readBigInt64BE(1)),
          count: Number(bytes.readBigInt64BE(9)),
        };
      }
      if (bytes[0] !== RECORD) throw new DeserializationError(name, 'its first byte is not that of an entry');
      const { headers, end } = readHeaders(bytes);
      return { type: 'record', headers, value: value.deserialize(bytes.subarray(end)) };
    },
  };
}

function sized(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(length);
  return bytes;
}

function readHeaders(bytes: Buffer): { headers: Headers; end: number } {
  const count = bytes.readInt32BE(1);
  let at = 5;
  const take = (): Buffer | null => {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) return null;
    at += length;
    return bytes.subarray(at - length, at);
  };
  const headers: Header[] = [];
  for (let index = 0; index < count; index++) headers.push({ key: take()!.toString(), value: take() });
  return { headers: count === 0 ? NO_HEADERS : headers, end: at };
}
