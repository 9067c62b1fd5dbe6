import type { OperatorNode } from '../processors/operator-node';
import type { SourceNode } from '../topology/graph';
import type { Headers } from '../serde/record';
import { NO_HEADERS } from '../serde/record';
import { InvalidTimestampError } from './invalid-timestamp-error';
import type { RecordCursor } from './task-io';

/** A record that could not be deserialized, with its bytes as they are in Kafka. */
export interface UnreadableRecord {
  readonly error: unknown;
  readonly rawKey: Buffer | null;
  readonly rawValue: Buffer | null;
}

/** The fetched records of one input partition that wait for their task, decoded one at a time. */
export class PartitionQueue {
  private readonly cursors: RecordCursor[] = [];
  private current: RecordCursor | undefined;
  /** Bytes that the waiting record batches keep in memory. */
  queuedBytes = 0;
  /** Offset of the first record that was not processed yet. */
  consumedOffset: number;
  /** Where the fetch position stood after the newest queued batch: past control and aborted batches. */
  private fetchedOffset: number;
  /** The end of the partition, as the newest fetch saw it. */
  highWatermark = 0;
  /** Records processed since somebody last set this to 0. */
  processed = 0;
  /** Records that were taken into a prepared batch and not processed yet. */
  inPreparation = 0;

  hasHead = false;
  key: unknown;
  value: unknown;
  timestamp = 0;
  offset = -1;
  headers: Headers = NO_HEADERS;
  rawKey: Buffer | null = null;
  rawValue: Buffer | null = null;
  unreadable: UnreadableRecord | undefined;

  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly source: SourceNode,
    readonly root: OperatorNode,
    readonly requesters: readonly OperatorNode[],
    startOffset: number,
    private readonly keepsRawBytes: boolean,
  ) {
    this.consumedOffset = startOffset;
    this.fetchedOffset = startOffset;
  }

  get sourceName(): string {
    return this.source.name;
  }

  /** @param nextOffset - the fetch position after these batches, which also moves over records that nobody sees */
  add(batches: readonly RecordCursor[], nextOffset: number, highWatermark: number): void {
    for (const batch of batches) {
      this.cursors.push(batch);
      this.queuedBytes += batch.sizeInBytes;
    }
    this.fetchedOffset = nextOffset;
    this.highWatermark = highWatermark;
  }

  /** What a commit may say of this partition: with everything processed, the fetch position, so that lag reaches zero. */
  get committableOffset(): number {
    const drained =
      !this.hasHead && this.inPreparation === 0 && this.current === undefined && this.cursors.length === 0;
    return drained ? Math.max(this.fetchedOffset, this.consumedOffset) : this.consumedOffset;
  }

  /** Makes the next record the head; false when nothing is queued. */
  advance(): boolean {
    for (;;) {
      if (this.current === undefined) {
        this.current = this.cursors.shift();
        if (this.current === undefined) {
          this.hasHead = false;
          return false;
        }
      }
      if (this.current.next()) {
        this.decodeHead(this.current);
        this.hasHead = true;
        return true;
      }
      this.queuedBytes -= this.current.sizeInBytes;
      this.current = undefined;
    }
  }

  private decodeHead(cursor: RecordCursor): void {
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = cursor;
    const { keySerde, valueSerde, timestampExtractor } = this.source;
    this.offset = cursor.offset;
    this.headers = cursor.headers();
    this.timestamp = cursor.timestamp;
    this.unreadable = undefined;
    if (this.keepsRawBytes) {
      this.rawKey = keyStart < 0 ? null : bytes.subarray(keyStart, keyEnd);
      this.rawValue = valueStart < 0 ? null : bytes.subarray(valueStart, valueEnd);
    }
    try {
      if (keyStart < 0) this.key = null;
      else if (keySerde.deserializeRange !== undefined) this.key = keySerde.deserializeRange(bytes, keyStart, keyEnd);
      else this.key = keySerde.deserialize(bytes.subarray(keyStart, keyEnd));
      if (valueStart < 0) this.value = null;
      else if (valueSerde.deserializeRange !== undefined)
        this.value = valueSerde.deserializeRange(bytes, valueStart, valueEnd);
      else this.value = valueSerde.deserialize(bytes.subarray(valueStart, valueEnd));
      if (timestampExtractor !== undefined)
        this.timestamp = Math.floor(
          timestampExtractor({ key: this.key, value: this.value, timestamp: cursor.timestamp }),
        );
      if (!(this.timestamp >= 0 && this.timestamp <= Number.MAX_SAFE_INTEGER))
        throw new InvalidTimestampError(this.timestamp, {
          topic: this.topic,
          partition: this.partition,
          offset: this.offset,
        });
    } catch (error) {
      this.unreadable = {
        error,
        rawKey: keyStart < 0 ? null : bytes.subarray(keyStart, keyEnd),
        rawValue: valueStart < 0 ? null : bytes.subarray(valueStart, valueEnd),
      };
      this.timestamp = Math.max(0, cursor.timestamp);
    }
  }
}
