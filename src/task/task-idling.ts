import type { PartitionQueue } from './partition-queue';

/** Value of `maxTaskIdleMs` that has a task process whatever it has. */
export const IDLING_DISABLED = -1;

/**
 * Whether a task may choose its next record although some of its partitions have none (KIP-695): the missing one could be earlier.
 *
 * It may not while a partition is known to hold records that were not fetched yet, or while nothing is known of it. For one that is
 * known to be read to its end it waits `maxTaskIdleMs`, counted from when it was first found empty.
 */
export class TaskIdling {
  private readonly deadlines = new Map<PartitionQueue, number>();

  constructor(
    private readonly maxTaskIdleMs: number,
    private readonly wallClock: () => number,
  ) {}

  /** The partition has a record. */
  arrived(queue: PartitionQueue): void {
    if (this.deadlines.size > 0) this.deadlines.delete(queue);
  }

  mayGoOnWithout(queue: PartitionQueue): boolean {
    if (this.maxTaskIdleMs === IDLING_DISABLED) return true;
    if (queue.lag !== 0) {
      this.deadlines.delete(queue);
      return false;
    }
    if (this.maxTaskIdleMs === 0) return true;
    const now = this.wallClock();
    const deadline = this.deadlines.get(queue);
    if (deadline === undefined) this.deadlines.set(queue, now + this.maxTaskIdleMs);
    return deadline !== undefined && now >= deadline;
  }

  /** When the last of the partitions that are waited for will have been waited for long enough; Infinity when it is not up to time. */
  deadline(queues: readonly PartitionQueue[]): number {
    if (this.deadlines.size === 0 || !queues.some(({ hasHead }) => hasHead)) return Infinity;
    return Math.max(...this.deadlines.values());
  }
}
