import type { EpochStore } from './epoch-store';

/** Entries that one record removes at most: the rest is left to the records after it, so that no epoch grows with what expires. */
const USUALLY_REMOVED_AT_ONCE = 1000;

/**
 * Removes the entries of a store whose keys begin with a time (4 characters, see `CompositeKey`), from the oldest on. It reads
 * only what it removes.
 */
export class BucketExpiry<V> {
  /** Everything before this key is gone. */
  private floor: string;
  private bound: string | undefined;

  constructor(
    private readonly store: EpochStore<string, V>,
    private readonly lowest: (time: number) => string,
    private readonly removedAtOnce = USUALLY_REMOVED_AT_ONCE,
  ) {
    this.floor = lowest(0);
  }

  /**
   * Entries of times before this one are not needed any more.
   *
   * @returns a promise when there is something to do, which the task has to wait for
   */
  advance(time: number): Promise<void> | undefined {
    const bound = this.lowest(time);
    if (bound > this.floor) this.bound = bound;
    return this.bound === undefined ? undefined : this.removeSome(this.bound);
  }

  private async removeSome(bound: string): Promise<void> {
    let removed = 0;
    const scan = this.store.scan({ from: this.floor, before: bound, isOutside: (key) => key >= bound });
    for await (const [key] of scan) {
      if (removed === this.removedAtOnce) {
        this.floor = key;
        return;
      }
      this.store.delete(key);
      removed++;
    }
    this.floor = bound;
    if (this.bound === bound) this.bound = undefined;
  }
}
