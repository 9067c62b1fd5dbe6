import { randomUUID } from 'node:crypto';
import type { Processed } from './control-messages';

/**
 * How many input records the whole application has processed since the last checkpoint began, as its threads say.
 *
 * What a thread says is a sum, and replaces what it said before. One that is gone no longer says anything; what it did counts. Records that are
 * processed again after a failure count again.
 */
export class RecordTally {
  private readonly byThread = new Map<string, number>();
  private newest = -1;

  /** A checkpoint began: counting begins again. */
  begun(number: number): void {
    if (number <= this.newest) return;
    this.newest = number;
    this.byThread.clear();
  }

  heard({ thread, after, records }: Processed): void {
    // It was said before the thread heard of the newest: the checkpoint covers it, or nearly all of it.
    if (after !== undefined && after < this.newest) return;
    this.byThread.set(thread, records);
  }

  get records(): number {
    let sum = 0;
    for (const records of this.byThread.values()) sum += records;
    return sum;
  }
}

/** A thread says how far it is no more often than this. */
const REPORT_INTERVAL_MS = 1_000;

/** The records of one stream thread, and when to tell of them. */
export class ThreadRecords {
  private readonly thread = randomUUID();
  private records = 0;
  private told = 0;
  private toldAt = -Infinity;
  private after: number | undefined;

  begun(number: number): void {
    this.after = number;
    this.records = 0;
    this.told = 0;
  }

  /**
   * @param now - milliseconds that only go forward
   * @returns what is to be told, when it is time to tell something
   */
  processed(records: number, now: number): Processed | undefined {
    this.records += records;
    if (this.records === this.told || now - this.toldAt < REPORT_INTERVAL_MS) return undefined;
    this.told = this.records;
    this.toldAt = now;
    return { type: 'processed', thread: this.thread, after: this.after, records: this.records };
  }
}
