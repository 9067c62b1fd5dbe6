/**
 * The stretches of time by which the sliding windows of a key are kept together. A record has to do with windows that begin
 * between twice the difference before it and one millisecond after it: a stretch is that long, so it never needs more than two.
 */
export class SlidingBuckets {
  private readonly length: number;

  constructor(private readonly difference: number) {
    this.length = 2 * difference + 2;
  }

  /** Of the stretch that windows beginning at `time` are in. */
  startOf(time: number): number {
    return time - (time % this.length);
  }

  /** The stretches that a record of that time has to do with: one or two. */
  around(timestamp: number): { readonly first: number; readonly last: number } {
    return {
      first: this.startOf(Math.max(0, timestamp - 2 * this.difference)),
      last: this.startOf(timestamp + 1),
    };
  }
}
