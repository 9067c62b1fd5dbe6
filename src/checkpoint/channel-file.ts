import { crc32c } from '@node-rs/crc32';
import { createHash } from 'node:crypto';
import type { LogRecord } from '../kafka';
import type { Header } from '../serde/record';
import type { SnapshotFile } from './checkpoint-metadata';
import { ByteQueue } from './byte-queue';
import { SnapshotDamagedError } from './errors';
import type { SnapshotStore } from './snapshot-store';

/* The records of a channel, copied into an object. All numbers are big endian.

     8 bytes     'MRCHAN01'
     per record  length of the body (uint32), CRC-32C of the body (uint32), body
     8 bytes     0xffffffff, and CRC-32C of the number of records as uint64

   A body: timestamp (int64), key, value, number of headers (uint32), and for each its key and its value. Bytes have their length
   (int32) in front, -1 for null.
*/

const MAGIC = Buffer.from('MRCHAN01');
const END = 0xffff_ffff;
const FRAME_BYTES = 8;
/** Records are written together up to this size. */
const PIECE_BYTES = 256 * 1024;
/** More than any record can have: a length beyond it is damage, and must not be waited for. */
const MAX_BODY_BYTES = 1 << 30;

/**
 * Copies the records of a channel into a snapshot store.
 *
 * @param object - its name there
 * @param name - what the file is called in the metadata
 * @throws {SnapshotStoreError}
 */
export async function writeChannelFile(
  store: SnapshotStore,
  object: string,
  name: string,
  records: AsyncIterable<LogRecord>,
  signal?: AbortSignal,
): Promise<SnapshotFile> {
  const hash = createHash('sha256');
  let sizeInBytes = 0;
  async function* content(): AsyncGenerator<Uint8Array> {
    for await (const piece of encodeChannel(records)) {
      hash.update(piece);
      sizeInBytes += piece.length;
      yield piece;
    }
  }
  await store.put(object, content(), signal);
  return { name, object, sizeInBytes, sha256: hash.digest('hex'), keyId: store.keyId };
}

/**
 * The records of a channel that were copied into a snapshot store.
 *
 * @throws {SnapshotMissingError} through the iteration
 * @throws {SnapshotDamagedError} through the iteration; the records before it are as they were written, and more are missing
 * @throws {SnapshotStoreError} through the iteration
 */
export async function* readChannelFile(
  store: SnapshotStore,
  { object, sizeInBytes, sha256 }: SnapshotFile,
  signal?: AbortSignal,
): AsyncGenerator<LogRecord> {
  const damaged = (damage: string): SnapshotDamagedError => new SnapshotDamagedError(store.description, object, damage);
  const hash = createHash('sha256');
  let size = 0;
  async function* content(): AsyncGenerator<Uint8Array> {
    for await (const piece of store.get(object, signal)) {
      hash.update(piece);
      size += piece.byteLength;
      yield piece;
    }
  }
  yield* decodeChannel(content(), damaged);
  if (size !== sizeInBytes || hash.digest('hex') !== sha256) throw damaged('it is not the file that was written');
}

async function* encodeChannel(records: AsyncIterable<LogRecord>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [MAGIC];
  let bytes = MAGIC.length;
  let count = 0n;
  for await (const record of records) {
    const frame = encodeRecord(record);
    count++;
    pieces.push(frame);
    bytes += frame.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(pieces, bytes);
    pieces = [];
    bytes = 0;
  }
  const end = Buffer.alloc(FRAME_BYTES);
  end.writeUInt32BE(END, 0);
  end.writeUInt32BE(checksumOfCount(count), 4);
  yield Buffer.concat([...pieces, end]);
}

function checksumOfCount(count: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(count);
  return crc32c(bytes);
}

function encodeRecord({ timestamp, key, value, headers }: LogRecord): Buffer {
  const names = headers.map((header) => Buffer.from(header.key));
  const parts = [key, value, ...headers.flatMap((header, index) => [names[index]!, header.value])];
  const size = 8 + 4 + parts.reduce((sum, part) => sum + 4 + (part?.length ?? 0), 0);
  const frame = Buffer.allocUnsafe(FRAME_BYTES + size);
  let at = frame.writeBigInt64BE(BigInt(timestamp), FRAME_BYTES);
  parts.forEach((part, index) => {
    if (index === 2) at = frame.writeUInt32BE(headers.length, at);
    at = frame.writeInt32BE(part?.length ?? -1, at);
    if (part !== null) frame.set(part, at);
    at += part?.length ?? 0;
  });
  if (headers.length === 0) frame.writeUInt32BE(0, at);
  frame.writeUInt32BE(size, 0);
  frame.writeUInt32BE(crc32c(frame.subarray(FRAME_BYTES)), 4);
  return frame;
}

async function* decodeChannel(
  content: AsyncIterable<Uint8Array>,
  damaged: (damage: string) => SnapshotDamagedError,
): AsyncGenerator<LogRecord> {
  const queue = new ByteQueue(content, () => damaged('it ends too early'));
  if (!(await queue.take(MAGIC.length)).equals(MAGIC)) throw damaged('it has another format');
  for (let count = 0n; ; count++) {
    const frame = await queue.take(FRAME_BYTES);
    const size = frame.readUInt32BE(0);
    const checksum = frame.readUInt32BE(4);
    if (size === END) {
      if (checksum !== checksumOfCount(count)) throw damaged('it does not have as many records as were written');
      if (!(await queue.isAtEnd())) throw damaged('it goes on after its end');
      return;
    }
    if (size > MAX_BODY_BYTES) throw damaged(`it has a record of ${size} bytes`);
    const body = await queue.take(size);
    if (crc32c(body) !== checksum) throw damaged('a record has a wrong checksum');
    yield decodeRecord(body);
  }
}

/** The checksum was right, so it is what was written. */
function decodeRecord(body: Buffer): LogRecord {
  const timestamp = Number(body.readBigInt64BE(0));
  let at = 8;
  const next = (): Buffer | null => {
    const length = body.readInt32BE(at);
    at += 4;
    if (length < 0) return null;
    at += length;
    return body.subarray(at - length, at);
  };
  const key = next();
  const value = next();
  const count = body.readUInt32BE(at);
  at += 4;
  const headers: Header[] = [];
  while (headers.length < count) headers.push({ key: next()!.toString(), value: next() });
  return { timestamp, key, value, headers };
}
