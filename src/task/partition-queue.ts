import type { OperatorNode } from '../processors/operator-node';
import type { SourceNode } from '../topology/graph';
import type { Headers } from '../serde/record';
import { NO_HEADERS } from '../serde/record';
import { barrierOf, type Barrier, type BarrierGate } from './barrier';
import { InvalidTimestampError } from './invalid-timestamp-error';
import { NO_PARTITION_TIME } from './partition-time';
import type { RecordCursor } from './task-io';

/** A record that could not be deserialized, with its bytes as they are in Kafka. */
export interface UnreadableRecord {
  readonly error: unknown;
  readonly rawKey: Buffer | null;
  readonly rawValue: Buffer | null;
  /** Set where its source says that such a record is left out. */
  readonly skip?: 'invalid-timestamp' | undefined;
}

/** Where a task begins in an input partition. */
export interface PartitionStart {
  readonly offset: number;
  /** The highest timestamp that was processed of it before; -1 for none. */
  readonly time: number;
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
  /** The end of what may be read, as the newest fetch saw it. */
  private readableEnd: number | undefined;
  /** The highest timestamp of the records that were processed: -1 for none. */
  partitionTime: number;
  /** The highest timestamp of the records before `consumedOffset`: less than `partitionTime` while asynchronous operators hold some. */
  consumedTime: number;
  /** The highest timestamp of the records that were decoded. */
  private decodedTime: number;
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
  /** Met, and not passed yet. */
  private barrier: Barrier | undefined;

  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly source: SourceNode,
    readonly root: OperatorNode,
    readonly requesters: readonly OperatorNode[],
    start: PartitionStart,
    private readonly keepsRawBytes: boolean,
    private readonly wallClock: () => number,
    /** Whether it is one of a repartition topic. */
    readonly internal: boolean,
    /** Where checkpoints are taken. */
    private readonly gate?: BarrierGate | undefined,
  ) {
    this.consumedOffset = start.offset;
    this.fetchedOffset = start.offset;
    this.partitionTime = start.time;
    this.consumedTime = start.time;
    this.decodedTime = start.time;
  }

  get sourceName(): string {
    return this.source.name;
  }

  /**
   * @param nextOffset - the fetch position after these batches, which also moves over records that nobody sees
   * @param readableEnd - the end of what this consumer may read now: for read_committed, where the first open transaction begins
   */
  add(batches: readonly RecordCursor[], nextOffset: number, highWatermark: number, readableEnd = highWatermark): void {
    for (const batch of batches) {
      this.cursors.push(batch);
      this.queuedBytes += batch.sizeInBytes;
    }
    this.fetchedOffset = nextOffset;
    this.highWatermark = highWatermark;
    this.readableEnd = readableEnd;
  }

  /** How far the fetches are behind the end of what may be read; undefined before the first one. */
  get lag(): number | undefined {
    return this.readableEnd === undefined ? undefined : Math.max(0, this.readableEnd - this.fetchedOffset);
  }

  /** Of records that were processed. */
  timeReached(timestamp: number): void {
    if (timestamp > this.partitionTime) this.partitionTime = timestamp;
  }

  /** What a commit may say of this partition: with everything processed, the fetch position, so that lag reaches zero. */
  get committableOffset(): number {
    const drained =
      !this.hasHead && this.inPreparation === 0 && this.current === undefined && this.cursors.length === 0;
    return drained ? Math.max(this.fetchedOffset, this.consumedOffset) : this.consumedOffset;
  }

  /** True while a barrier is next that may not be passed yet: nothing of this task may be processed. */
  get isHeldBack(): boolean {
    return this.barrier !== undefined;
  }

  /** Makes the next record the head; false when nothing is queued, or what is next is held back by a barrier. */
  advance(): boolean {
    for (;;) {
      if (this.barrier !== undefined) {
        if (this.gate?.mayPass(this.barrier) === false) return (this.hasHead = false);
        this.barrier = undefined;
      }
      if (this.current === undefined) {
        this.current = this.cursors.shift();
        if (this.current === undefined) {
          this.hasHead = false;
          return false;
        }
      }
      if (this.current.next()) {
        if (this.internal && this.gate !== undefined) {
          this.barrier = barrierOf(this.current);
          if (this.barrier !== undefined) continue;
        }
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
    const { keySerde, valueSerde } = this.source;
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
      this.timestamp = this.eventTime(cursor.timestamp);
      if (this.timestamp > this.decodedTime) this.decodedTime = this.timestamp;
    } catch (error) {
      const skips = error instanceof InvalidTimestampError && this.source.onInvalidTimestamp === 'skip';
      this.unreadable = {
        error,
        rawKey: keyStart < 0 ? null : bytes.subarray(keyStart, keyEnd),
        rawValue: valueStart < 0 ? null : bytes.subarray(valueStart, valueEnd),
        skip: skips ? 'invalid-timestamp' : undefined,
      };
      this.timestamp = Math.max(0, cursor.timestamp);
    }
  }

  private eventTime(recordTime: number): number {
    const { timestampExtractor, onInvalidTimestamp } = this.source;
    let time = recordTime;
    if (timestampExtractor === 'wall-clock') time = this.wallClock();
    else if (typeof timestampExtractor === 'function')
      time = Math.floor(
        timestampExtractor({ key: this.key, value: this.value, timestamp: recordTime }, this.decodedTime),
      );
    if (isTime(time)) return time;
    if (onInvalidTimestamp === 'use-record-time' && isTime(recordTime)) return recordTime;
    if (onInvalidTimestamp === 'use-partition-time' && this.decodedTime !== NO_PARTITION_TIME) return this.decodedTime;
    throw new InvalidTimestampError(time, { topic: this.topic, partition: this.partition, offset: this.offset });
  }
}

function isTime(time: number): boolean {
  return time >= 0 && time <= Number.MAX_SAFE_INTEGER;
}
