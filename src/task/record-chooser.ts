import type { BarrierGate } from './barrier';
import type { PartitionQueue } from './partition-queue';
import type { PreparedBatch } from './prepared-batch';
import type { TaskIdling } from './task-idling';

/** Records taken from the queues at a time. Large enough that one getMany is worth its round trip, small enough to stay responsive. */
const BATCH_RECORDS = 1000;
/** Taken from the queues at a time. What a batch holds no longer counts as queued, so batches of large records are short. */
const BATCH_BYTES = 1024 * 1024;

/** Takes the records of a task from its queues: each time the one with the lowest timestamp. */
export class RecordChooser {
  constructor(
    private readonly queues: readonly PartitionQueue[],
    private readonly idling: TaskIdling,
    private readonly keepsRawBytes: boolean,
    private readonly gate?: BarrierGate | undefined,
  ) {}

  /** When waiting for a partition without records ends, in milliseconds since 1970; Infinity when none is waited for. */
  get idleDeadline(): number {
    return this.idling.deadline(this.queues.filter((queue) => !this.isClosed(queue)));
  }

  /** Adds records, as many as make a batch, or as there are. */
  fill(batch: PreparedBatch): void {
    const { queues, keepsRawBytes } = this;
    if (queues.length === 1) {
      const queue = queues[0]!;
      if (this.isClosed(queue)) return;
      const enough = queue.queuedBytes - BATCH_BYTES;
      while (batch.length < BATCH_RECORDS && queue.queuedBytes > enough && queue.advance())
        batch.addHead(queue, keepsRawBytes);
      return;
    }
    const enough = this.queuedBytes - BATCH_BYTES;
    while (batch.length < BATCH_RECORDS && this.queuedBytes > enough) {
      const queue = this.queueOfLowestTimestamp();
      if (queue === undefined) return;
      batch.addHead(queue, keepsRawBytes);
      queue.hasHead = false;
    }
  }

  /** Input topics are not read any more; what was fetched of them stays where it is. */
  private isClosed({ internal }: PartitionQueue): boolean {
    return !internal && this.gate?.isDraining === true;
  }

  private get queuedBytes(): number {
    let bytes = 0;
    for (const queue of this.queues) bytes += queue.queuedBytes;
    return bytes;
  }

  private queueOfLowestTimestamp(): PartitionQueue | undefined {
    let lowest: PartitionQueue | undefined;
    let mayChoose = true;
    for (const queue of this.queues) {
      // Nothing more comes of it: nobody waits for it.
      if (this.isClosed(queue)) continue;
      if (!queue.hasHead && !queue.advance()) {
        if (queue.isHeldBack || !this.idling.mayGoOnWithout(queue)) mayChoose = false;
        continue;
      }
      this.idling.arrived(queue);
      if (lowest === undefined || queue.timestamp < lowest.timestamp) lowest = queue;
    }
    return mayChoose ? lowest : undefined;
  }
}
