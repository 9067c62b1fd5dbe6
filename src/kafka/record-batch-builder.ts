import { crc32c } from '@node-rs/crc32';
import type { Headers } from '../serde/record';
import { assertWritable, compress, compressionId, type Compression } from './compression';
import { RecordTooLargeError } from './errors';
import { BATCH_HEADER_SIZE, BATCH_LENGTH_OVERHEAD, BatchAttribute, BatchField, MAGIC_V2 } from './record-batch-format';

const INITIAL_SIZE = 4096;
/** A buffer that was used for less than this part of it is not kept: one big epoch must not hold its memory for ever. */
const KEPT_PART = 1 / 4;
const NO_LEADER_EPOCH = -1;
const TWO_32 = 0x1_0000_0000;

interface BatchExtent {
  /** Of the header, in the growing buffer. */
  readonly start: number;
  readonly end: number;
  readonly recordCount: number;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
}

/** What a producer puts into every batch; -1 three times for one without an identity. */
export interface BatchIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** Of the first record. */
  readonly baseSequence: number;
  readonly transactional: boolean;
}

/** One finished batch of the wire format. */
export interface EncodedBatch {
  readonly bytes: Buffer;
  readonly recordCount: number;
  readonly baseSequence: number;
}

/** Encodes records into record batches as they come, in one growing buffer, without an object per record. */
export class RecordBatchBuilder {
  private buffer = Buffer.allocUnsafe(INITIAL_SIZE);
  private position = 0;
  private readonly closed: BatchExtent[] = [];
  private batchStart = 0;
  private batchRecords = 0;
  private firstTimestamp = 0;
  private maxTimestamp = 0;
  private records = 0;

  /**
   * @param topic names the topic in errors.
   * @param maxBatchBytes no batch becomes larger: at most the topic's `max.message.bytes`.
   * @throws {@link CompressionUnavailableError}
   */
  constructor(
    private readonly topic: string,
    private readonly maxBatchBytes: number,
    private readonly compression: Compression = 'none',
  ) {
    assertWritable(compression);
  }

  get recordCount(): number {
    return this.records;
  }

  /** Uncompressed, with the headers of the batches. */
  get sizeInBytes(): number {
    return this.position;
  }

  /** @throws {@link RecordTooLargeError} when not even a batch of its own could hold the record; nothing is appended then. */
  append(timestamp: number, key: Uint8Array | null, value: Uint8Array | null, headers: Headers): void {
    if (this.batchRecords === 0) this.beginBatch(timestamp);
    let bodySize = this.bodySize(timestamp, key, value, headers);
    let recordSize = varintSize(bodySize) + bodySize;
    if (this.position - this.batchStart + recordSize > this.maxBatchBytes && this.batchRecords > 0) {
      this.closeBatch();
      this.beginBatch(timestamp);
      bodySize = this.bodySize(timestamp, key, value, headers);
      recordSize = varintSize(bodySize) + bodySize;
    }
    if (BATCH_HEADER_SIZE + recordSize > this.maxBatchBytes) {
      this.position = this.batchStart;
      throw new RecordTooLargeError(this.topic, BATCH_HEADER_SIZE + recordSize, this.maxBatchBytes);
    }
    this.reserve(recordSize);
    this.writeVarint(bodySize);
    this.buffer[this.position++] = 0;
    this.writeVarlong(timestamp - this.firstTimestamp);
    this.writeVarint(this.batchRecords);
    this.writeBytes(key);
    this.writeBytes(value);
    this.writeVarint(headers.length);
    for (let index = 0; index < headers.length; index++) {
      const header = headers[index] as Headers[number];
      const keyLength = Buffer.byteLength(header.key);
      this.writeVarint(keyLength);
      this.buffer.write(header.key, this.position, keyLength, 'utf8');
      this.position += keyLength;
      this.writeBytes(header.value);
    }
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
    this.batchRecords++;
    this.records++;
  }

  /**
   * Completes the batches, in the order of the records. They are views of this builder's memory: valid until `reset()`. May
   * be called again, for a retry under another identity.
   */
  finish(identity: BatchIdentity): EncodedBatch[] {
    if (this.batchRecords > 0) this.closeBatch();
    let baseSequence = identity.baseSequence;
    return this.closed.map((extent) => {
      const bytes = this.encode(extent, { ...identity, baseSequence });
      const batch = { bytes, recordCount: extent.recordCount, baseSequence };
      baseSequence = nextSequence(baseSequence, extent.recordCount);
      return batch;
    });
  }

  /** Forgets all records; the memory is used again. */
  reset(): void {
    if (this.buffer.length > INITIAL_SIZE && this.position < this.buffer.length * KEPT_PART) {
      this.buffer = Buffer.allocUnsafe(INITIAL_SIZE);
    }
    this.position = 0;
    this.closed.length = 0;
    this.batchStart = 0;
    this.batchRecords = 0;
    this.records = 0;
  }

  private beginBatch(timestamp: number): void {
    this.batchStart = this.position;
    this.reserve(BATCH_HEADER_SIZE);
    this.position += BATCH_HEADER_SIZE;
    this.firstTimestamp = timestamp;
    this.maxTimestamp = timestamp;
  }

  private closeBatch(): void {
    this.closed.push({
      start: this.batchStart,
      end: this.position,
      recordCount: this.batchRecords,
      firstTimestamp: this.firstTimestamp,
      maxTimestamp: this.maxTimestamp,
    });
    this.batchStart = this.position;
    this.batchRecords = 0;
  }

  private encode(extent: BatchExtent, identity: BatchIdentity): Buffer {
    let batch = this.buffer.subarray(extent.start, extent.end);
    let attributes = identity.transactional ? BatchAttribute.transactional : 0;
    if (this.compression !== 'none') {
      const records = compress(this.compression, batch.subarray(BATCH_HEADER_SIZE));
      // What does not shrink goes uncompressed, so that a batch never exceeds the limit by being compressed.
      if (records.length < batch.length - BATCH_HEADER_SIZE) {
        const header = batch.subarray(0, BATCH_HEADER_SIZE);
        batch = Buffer.allocUnsafe(BATCH_HEADER_SIZE + records.length);
        batch.set(header, 0);
        batch.set(records, BATCH_HEADER_SIZE);
        attributes |= compressionId(this.compression);
      }
    }
    writeInt64(batch, 0, BatchField.baseOffset);
    batch.writeInt32BE(batch.length - BATCH_LENGTH_OVERHEAD, BatchField.length);
    batch.writeInt32BE(NO_LEADER_EPOCH, BatchField.leaderEpoch);
    batch[BatchField.magic] = MAGIC_V2;
    batch.writeInt16BE(attributes, BatchField.attributes);
    batch.writeInt32BE(extent.recordCount - 1, BatchField.lastOffsetDelta);
    writeInt64(batch, extent.firstTimestamp, BatchField.firstTimestamp);
    writeInt64(batch, extent.maxTimestamp, BatchField.maxTimestamp);
    writeInt64(batch, identity.producerId, BatchField.producerId);
    batch.writeInt16BE(identity.producerEpoch, BatchField.producerEpoch);
    batch.writeInt32BE(identity.baseSequence, BatchField.baseSequence);
    batch.writeInt32BE(extent.recordCount, BatchField.recordCount);
    batch.writeUInt32BE(crc32c(batch.subarray(BatchField.attributes)), BatchField.crc);
    return batch;
  }

  /** Of a record without its leading length. */
  private bodySize(timestamp: number, key: Uint8Array | null, value: Uint8Array | null, headers: Headers): number {
    let size =
      1 +
      varlongSize(timestamp - this.firstTimestamp) +
      varintSize(this.batchRecords) +
      bytesSize(key) +
      bytesSize(value) +
      varintSize(headers.length);
    for (let index = 0; index < headers.length; index++) {
      const header = headers[index] as Headers[number];
      const keyLength = Buffer.byteLength(header.key);
      size += varintSize(keyLength) + keyLength + bytesSize(header.value);
    }
    return size;
  }

  private reserve(length: number): void {
    if (this.position + length <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.buffer.length, this.position + length));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
  }

  private writeBytes(bytes: Uint8Array | null): void {
    if (bytes === null) {
      this.buffer[this.position++] = 1;
      return;
    }
    const length = bytes.length;
    this.writeVarint(length);
    this.buffer.set(bytes, this.position);
    this.position += length;
  }

  private writeVarint(value: number): void {
    const buffer = this.buffer;
    let position = this.position;
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest > 0x7f) {
      buffer[position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[position++] = rest;
    this.position = position;
  }

  /** Six bits and the sign first, so that nothing is ever doubled: exact for every safe integer. */
  private writeVarlong(value: number): void {
    if (fitsVarint(value)) return this.writeVarint(value);
    const magnitude = value < 0 ? -value - 1 : value;
    let byte = ((magnitude % 64) << 1) | (value < 0 ? 1 : 0);
    for (let rest = Math.floor(magnitude / 64); rest > 0; rest = Math.floor(rest / 128)) {
      this.buffer[this.position++] = byte | 0x80;
      byte = rest % 128;
    }
    this.buffer[this.position++] = byte;
  }
}

/** Sequence numbers wrap from the largest 32-bit integer to 0. */
export function nextSequence(sequence: number, recordCount: number): number {
  return (sequence + recordCount) % 0x8000_0000;
}

function writeInt64(target: Buffer, value: number, at: number): void {
  const high = Math.floor(value / TWO_32);
  target.writeInt32BE(high, at);
  target.writeUInt32BE(value - high * TWO_32, at + 4);
}

function fitsVarint(value: number): boolean {
  return value >= -0x4000_0000 && value < 0x4000_0000;
}

function varintSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

function varlongSize(value: number): number {
  if (fitsVarint(value)) return varintSize(value);
  let size = 1;
  const magnitude = value < 0 ? -value - 1 : value;
  for (let rest = Math.floor(magnitude / 64); rest > 0; rest = Math.floor(rest / 128)) size++;
  return size;
}

function bytesSize(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length;
}
