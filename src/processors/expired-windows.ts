import type { EpochStore } from '../state/epoch-store';
import { timeBound } from '../serde/timed-keys';

/** Entries removed by one record. */
const STEP_ENTRIES = 1000;

/**
 * Removes the entries of expired windows from a store whose keys begin with the window's time. They are a range at the store's
 * beginning, so removal costs what has expired. It goes in steps, some entries with one record, and begins at most once for each
 * commit: it looks at what is in the database only, and what is written later is found the next time.
 */
export class ExpiredWindows<K> {
  /** Nothing in the database is earlier. */
  private removedBefore = 0;
  /** The earliest entry written since the last look, since the one before, and since the one before that. */
  private written = Infinity;
  private writtenBefore = Infinity;
  private writtenLongBefore = Infinity;
  private nextTime = 0;
  private lookedAtEpoch = -1;
  /** Where the removal under way goes on. */
  private underWay: { from: Buffer; readonly time: number } | undefined;

  /** @param stepMs - how much time passes between two looks */
  constructor(
    private readonly store: EpochStore<K, unknown>,
    private readonly stepMs: number,
  ) {}

  /** To be called for each entry that is written. */
  noteWritten(time: number): void {
    if (time < this.written) this.written = time;
  }

  /** Whether there may be something to remove. Entries whose time is before `time` have expired. */
  isDue(time: number): boolean {
    if (this.underWay !== undefined) return true;
    return time >= this.nextTime && this.store.writtenEpochs !== this.lookedAtEpoch && time > 0;
  }

  async remove(time: number): Promise<void> {
    this.underWay ??= { from: timeBound(this.removedBefore), time };
    const { store, underWay } = this;
    let removed = 0;
    for await (const key of store.committedKeys(underWay.from, timeBound(underWay.time))) {
      if (removed === STEP_ENTRIES) {
        underWay.from = store.keySerde.serialize(key);
        return;
      }
      store.delete(key);
      removed++;
    }
    this.finish(underWay.time);
  }

  private finish(time: number): void {
    // An epoch that was open at the look before the last is in the database now, so what was written by then was seen.
    this.writtenLongBefore = this.writtenBefore;
    this.writtenBefore = this.written;
    this.written = Infinity;
    this.removedBefore = Math.min(time, this.writtenBefore, this.writtenLongBefore);
    this.nextTime = time + this.stepMs;
    this.lookedAtEpoch = this.store.writtenEpochs;
    this.underWay = undefined;
  }
}
