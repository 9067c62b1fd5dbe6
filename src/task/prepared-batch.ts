import { NO_HEADERS, type Headers } from '../serde/record';
import type { PartitionQueue, UnreadableRecord } from './partition-queue';

/**
 * Records that a task took from its queues, in the order in which they will be processed, while the state that they will touch is
 * being loaded. Column n of each array is one record.
 *
 * A batch is filled again when it is done: arrays that grow anew for every batch would be a third of what is allocated for a record.
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
  /** The arrays may be longer. */
  length = 0;

  get done(): boolean {
    return this.next >= this.length;
  }

  addHead(queue: PartitionQueue, keepsRawBytes: boolean): void {
    const index = this.length++;
    if (queue.unreadable !== undefined) this.unreadable.set(index, queue.unreadable);
    this.queues[index] = queue;
    this.keys[index] = queue.key;
    this.values[index] = queue.value;
    this.timestamps[index] = queue.timestamp;
    this.offsets[index] = queue.offset;
    this.headers[index] = queue.headers;
    if (keepsRawBytes) {
      this.rawKeys[index] = queue.rawKey;
      this.rawValues[index] = queue.rawValue;
    }
    queue.inPreparation++;
  }

  /** Forgets its records, and keeps the arrays. */
  clear(): void {
    const { length } = this;
    this.keys.fill(undefined, 0, length);
    this.values.fill(undefined, 0, length);
    this.headers.fill(NO_HEADERS, 0, length);
    this.rawKeys.fill(null);
    this.rawValues.fill(null);
    this.unreadable.clear();
    this.length = 0;
    this.next = 0;
  }
}
