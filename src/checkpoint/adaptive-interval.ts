import { averageCost, bestInterval, meanTimeBetweenFailures, type IntervalBounds } from './checkpoint-interval';

/** Works out the interval of checkpoints from what they cost and how often the application fails, both as measured so far. */
export class AdaptiveInterval {
  private cost: number | undefined;
  private failures = 0;

  constructor(
    private readonly bounds: IntervalBounds,
    /** Milliseconds since 1970, when the measuring began. */
    private readonly since: number,
  ) {}

  /** @param costMs - what a checkpoint took from the work, in milliseconds */
  completed(costMs: number): void {
    this.cost = averageCost(this.cost, costMs);
  }

  /** Something failed, anywhere in the application: see the control message `failure`. */
  failed(): void {
    this.failures++;
  }

  /** In milliseconds. The shortest that is allowed, until a checkpoint was measured. */
  at(now: number): number {
    if (this.cost === undefined) return this.bounds.minMs;
    const observed = { failures: this.failures, observedMs: Math.max(0, now - this.since) };
    return bestInterval(this.cost, meanTimeBetweenFailures(observed), this.bounds);
  }
}
