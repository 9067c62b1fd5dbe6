/** Limits of an interval that is chosen from measurements, in milliseconds. */
export interface IntervalBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Failures that were seen, and for how long was looked. */
export interface FailureRecord {
  readonly failures: number;
  readonly observedMs: number;
}

/** What is assumed of a system that nobody has watched yet: that it fails once a day. */
export const PRIOR_TIME_BETWEEN_FAILURES_MS = 24 * 60 * 60 * 1000;

/** How much the latest checkpoint counts in the average cost: after five checkpoints, five sixths are of these. */
const LATEST_WEIGHT = 0.3;

/**
 * The exponential average of what checkpoints cost, with one more. Costs change with the state; the latest say most.
 *
 * @param average - of those before, in milliseconds; undefined for the first
 * @param costMs - what the latest cost
 */
export function averageCost(average: number | undefined, costMs: number): number {
  return average === undefined ? costMs : average + LATEST_WEIGHT * (costMs - average);
}

/**
 * The mean time between failures, in milliseconds, as it may be expected after what was seen.
 *
 * Few failures say little, and none would say that there are never any. So a failure is added that was not seen, and the time that one is
 * assumed to take. With each one that is seen it counts for less. (It is the mean of a Gamma distribution of the failure rate, with
 * one failure in `priorMs` before anything is seen.)
 */
export function meanTimeBetweenFailures(
  { failures, observedMs }: FailureRecord,
  priorMs = PRIOR_TIME_BETWEEN_FAILURES_MS,
): number {
  return (priorMs + observedMs) / (1 + failures);
}

/**
 * The time from the end of a checkpoint to the beginning of the next that loses least: sqrt(2 x cost x mean time between failures). More
 * often, and checkpoints cost more than they save; less often, and a failure makes more work be done again.
 *
 * J. W. Young, "A first order approximation to the optimum checkpoint interval", Communications of the ACM 17(9), 1974. J. T. Daly, "A higher
 * order estimate of the optimum checkpoint interval for restart dumps", Future Generation Computer Systems 22(3), 2006, refines it; that
 * matters only where a checkpoint takes a large part of the time between failures. There it is that time, at most.
 *
 * @param costMs - what a checkpoint costs, in milliseconds
 * @param betweenFailuresMs - mean time between failures, in milliseconds
 */
export function bestInterval(costMs: number, betweenFailuresMs: number, { minMs, maxMs }: IntervalBounds): number {
  const unbounded = Math.min(betweenFailuresMs, Math.sqrt(2 * costMs * betweenFailuresMs));
  return Math.min(maxMs, Math.max(minMs, unbounded));
}
