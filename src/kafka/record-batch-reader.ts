import { crc32c } from '@node-rs/crc32';
import { NO_HEADERS, type Header, type Headers } from '../serde/record';
import type { RecordCursor } from '../task/task-io';
import { COMPRESSIONS, decompress } from './compression';
import { CorruptRecordError } from './errors';
import type { TopicPartition } from './protocol/topic-partition';
import { BATCH_HEADER_SIZE, BATCH_LENGTH_OVERHEAD, BatchAttribute, BatchField, MAGIC_V2 } from './record-batch-format';

const TWO_32 = 0x1_0000_0000;

/**
 * Reads the records of one batch where they lie. The header is read at once; checksum and compression are looked at with the
 * first record, so a batch that is skipped costs nothing.
 */
export class RecordBatchReader implements RecordCursor {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly isTransactional: boolean;
  /** Holds a transaction marker instead of records. */
  readonly isControl: boolean;
  readonly recordCount: number;
  readonly sizeInBytes: number;

  /** Of the batch, and decompressed when it was compressed. */
  bytes: Buffer;
  offset = -1;
  timestamp = -1;
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;

  private readonly attributes: number;
  private headersStart = 0;
  private position = 0;
  /** The offset of the first record that `next()` stops at. */
  private firstWanted = 0;
  private remaining: number;
  private opened = false;

  /**
   * @param source holds a complete batch from `start` on.
   * @throws {@link CorruptRecordError}
   */
  constructor(
    private readonly source: Buffer,
    private readonly start: number,
    private readonly origin: TopicPartition,
  ) {
    const at = (field: number): number => start + field;
    this.baseOffset = this.int64(at(BatchField.baseOffset));
    this.sizeInBytes = source.readInt32BE(at(BatchField.length)) + BATCH_LENGTH_OVERHEAD;
    const magic = source.readInt8(at(BatchField.magic));
    if (magic !== MAGIC_V2) throw this.corrupt(`record format version ${magic} is not supported, only version 2`);
    if (this.sizeInBytes < BATCH_HEADER_SIZE) throw this.corrupt(`a batch of ${this.sizeInBytes} bytes`);
    this.attributes = source.readInt16BE(at(BatchField.attributes));
    this.lastOffset = this.baseOffset + source.readInt32BE(at(BatchField.lastOffsetDelta));
    this.firstTimestamp = this.int64(at(BatchField.firstTimestamp));
    this.maxTimestamp = this.int64(at(BatchField.maxTimestamp));
    this.producerId = this.int64(at(BatchField.producerId));
    this.isTransactional = (this.attributes & BatchAttribute.transactional) !== 0;
    this.isControl = (this.attributes & BatchAttribute.control) !== 0;
    this.recordCount = source.readInt32BE(at(BatchField.recordCount));
    this.remaining = this.recordCount;
    this.bytes = source;
  }

  get nextOffset(): number {
    return this.lastOffset + 1;
  }

  /** Makes `next()` pass over the records before this offset. */
  skipTo(offset: number): void {
    this.firstWanted = offset;
  }

  next(): boolean {
    if (!this.opened) this.open();
    const bytes = this.bytes;
    while (this.remaining > 0) {
      this.remaining--;
      const length = this.varint();
      const end = this.position + length;
      if (length < 0 || end > bytes.length) throw this.corrupt(`a record of ${length} bytes`);
      this.position++;
      const timestampDelta = this.varlong();
      this.offset = this.baseOffset + this.varint();
      this.timestamp =
        (this.attributes & BatchAttribute.logAppendTime) === 0
          ? this.firstTimestamp + timestampDelta
          : this.maxTimestamp;
      const keyLength = this.varint();
      if (keyLength < 0) {
        this.keyStart = -1;
        this.keyEnd = -1;
      } else {
        this.keyStart = this.position;
        this.position += keyLength;
        this.keyEnd = this.position;
      }
      const valueLength = this.varint();
      if (valueLength < 0) {
        this.valueStart = -1;
        this.valueEnd = -1;
      } else {
        this.valueStart = this.position;
        this.position += valueLength;
        this.valueEnd = this.position;
      }
      if (this.position >= end) throw this.corrupt('the key or value of a record reaches beyond its end');
      this.headersStart = this.position;
      this.position = end;
      if (this.offset >= this.firstWanted) return true;
    }
    return false;
  }

  headers(): Headers {
    if (this.bytes[this.headersStart] === 0) return NO_HEADERS;
    const resume = this.position;
    const end = resume;
    this.position = this.headersStart;
    const headers: Header[] = [];
    for (let count = this.varint(); count > 0; count--) {
      const key = this.range(this.varint(), end);
      if (key === null) throw this.corrupt('a header without a key');
      headers.push({ key: key.toString(), value: this.range(this.varint(), end) });
    }
    this.position = resume;
    return headers;
  }

  private range(length: number, end: number): Buffer | null {
    if (length < 0) return null;
    const start = this.position;
    this.position += length;
    if (this.position > end) throw this.corrupt('a header reaches beyond the end of its record');
    return this.bytes.subarray(start, this.position);
  }

  private open(): void {
    this.opened = true;
    const { source, start } = this;
    const end = start + this.sizeInBytes;
    const expected = source.readUInt32BE(start + BatchField.crc);
    const found = crc32c(source.subarray(start + BatchField.attributes, end));
    if (found !== expected) throw this.corrupt(`checksum ${found}, expected ${expected}`);
    this.position = start + BATCH_HEADER_SIZE;
    const compression = COMPRESSIONS[this.attributes & BatchAttribute.compressionMask];
    if (compression === undefined) throw this.corrupt(`unknown compression in attributes ${this.attributes}`);
    if (compression === 'none') {
      // The end of the view is the end of the batch, so that no record can reach beyond it.
      this.bytes = source.subarray(0, end);
      return;
    }
    try {
      this.bytes = decompress(compression, source.subarray(this.position, end));
    } catch (error) {
      throw this.corrupt(`${compression} data cannot be decompressed: ${error instanceof Error ? error.message : ''}`);
    }
    this.position = 0;
  }

  private int64(at: number): number {
    return this.source.readInt32BE(at) * TWO_32 + this.source.readUInt32BE(at + 4);
  }

  private varint(): number {
    const bytes = this.bytes;
    let position = this.position;
    let byte = bytes[position++] as number;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 28) throw this.corrupt('a varint of more than 5 bytes');
      byte = bytes[position++] as number;
      value |= (byte & 0x7f) << shift;
    }
    this.position = position;
    return (value >>> 1) ^ -(value & 1);
  }

  private varlong(): number {
    const bytes = this.bytes;
    let byte = bytes[this.position] as number;
    if (byte < 0x80) {
      this.position++;
      return (byte >>> 1) ^ -(byte & 1);
    }
    this.position++;
    const negative = (byte & 1) !== 0;
    let magnitude = (byte & 0x7f) >>> 1;
    for (let factor = 64; byte >= 0x80; factor *= 128) {
      if (factor > 2 ** 62) throw this.corrupt('a varint of more than 10 bytes');
      byte = bytes[this.position++] as number;
      magnitude += (byte & 0x7f) * factor;
    }
    return negative ? -magnitude - 1 : magnitude;
  }

  private corrupt(what: string): CorruptRecordError {
    return new CorruptRecordError(what, { ...this.origin, offset: this.baseOffset });
  }
}
