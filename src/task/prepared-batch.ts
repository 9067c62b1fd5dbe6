import type { Headers } from '../serde/record';
import type { PartitionQueue, UnreadableRecord } from './partition-queue';

/**
 * Records that a task took from its queues, in the order in which they will be processed, while the state that they will touch is
 * being loaded. Column n of each array is one record.
 */
export class PreparedBatch {
  readonly queues: PartitionQueue[] = [];
  readonly keys: unknown[] = [];
  readonly values: unknown[] = [];
  readonly timestamps: number[] = [];
  readonly offsets: number[] = [];
  readonly headers: Headers[] = [];
  readonly rawKeys: (Buffer | null)[] = [];
  readonly rawValues: (Buffer | null)[] = [];
  readonly unreadable = new Map<number, UnreadableRecord>();
  /** The next record to process. */
  next = 0;
  /** Until its state is loaded. */
  loading: Promise<void> | undefined;

  get length(): number {
    return this.offsets.length;
  }

  get done(): boolean {
    return this.next >= this.offsets.length;
  }

  addHead(queue: PartitionQueue, keepsRawBytes: boolean): void {
    if (queue.unreadable !== undefined) this.unreadable.set(this.offsets.length, queue.unreadable);
    this.queues.push(queue);
    this.keys.push(queue.key);
    this.values.push(queue.value);
    this.timestamps.push(queue.timestamp);
    this.offsets.push(queue.offset);
    this.headers.push(queue.headers);
    if (keepsRawBytes) {
      this.rawKeys.push(queue.rawKey);
      this.rawValues.push(queue.rawValue);
    }
    queue.inPreparation++;
  }
}
