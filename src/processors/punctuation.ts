import type { Cancellable } from '../topology/processor-api';
import type { DueQueue, DueWork } from './due-queue';
import type { Processed } from './operator-node';

/** A function of a processor that is called at intervals. */
export class Punctuation implements DueWork, Cancellable {
  constructor(
    private readonly queue: DueQueue,
    public due: number,
    private readonly intervalMs: number,
    private readonly call: (timestamp: number) => Processed,
  ) {
    queue.add(this);
  }

  run(now: number): Processed {
    // As in Kafka Streams: always a multiple of the interval after the first time, and the next one that is not past.
    this.due += (Math.floor((now - this.due) / this.intervalMs) + 1) * this.intervalMs;
    // Of several that are due at one time, those come first that have waited longer.
    this.queue.remove(this);
    this.queue.add(this);
    return this.call(now);
  }

  cancel(): void {
    this.queue.remove(this);
  }
}
