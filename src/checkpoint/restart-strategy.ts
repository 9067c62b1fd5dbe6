/** What is to be done after a failure. */
export type RestartDecision =
  | { readonly restartAfterMs: number }
  /** Completes "not restarted: ". */
  | { readonly giveUp: string };

/** Says after each failure whether, and when, to try again. Counts failures, so there is one for each application. */
export interface RestartStrategy {
  /** As it is configured, with its numbers. */
  readonly description: string;
  /** @param now - milliseconds that only go forward, when it failed */
  decide(now: number): RestartDecision;
}

/** Never restarts. */
export function noRestart(): RestartStrategy {
  return { description: 'none', decide: () => ({ giveUp: 'the restart strategy is none' }) };
}

/** Restarts `attempts` times, ever, each after the same delay. */
export function fixedDelay({ attempts, delayMs }: { attempts: number; delayMs: number }): RestartStrategy {
  let failures = 0;
  return {
    description: `fixed-delay (attempts: ${attempts}, delay: ${delayMs} ms)`,
    decide: () => (failures++ < attempts ? { restartAfterMs: delayMs } : { giveUp: 'no attempt is left' }),
  };
}

/** Numbers of {@link exponentialDelay}. */
export interface ExponentialDelayOptions {
  readonly initialMs: number;
  /** No delay is longer, jitter included. */
  readonly maxMs: number;
  /** At least 1: the delay grows by it from failure to failure. */
  readonly multiplier: number;
  /** After so long without a failure, not counting the delay before it, the next delay is the first one again. */
  readonly resetAfterMs: number;
  /** From 0 to 1: by up to this part of itself a delay is made shorter or longer, so that instances do not all come back at once. */
  readonly jitter: number;
}

/** Restarts for ever, ever more slowly. */
export function exponentialDelay(
  { initialMs, maxMs, multiplier, resetAfterMs, jitter }: ExponentialDelayOptions,
  random: () => number,
): RestartStrategy {
  let failedAt: number | undefined;
  let delayMs = initialMs;
  return {
    description: `exponential-delay (${initialMs} to ${maxMs} ms)`,
    decide(now) {
      const isFirst = failedAt === undefined || now - failedAt >= delayMs + resetAfterMs;
      delayMs = isFirst ? initialMs : Math.min(maxMs, delayMs * multiplier);
      failedAt = now;
      const factor = 1 + jitter * (2 * random() - 1);
      return { restartAfterMs: Math.min(maxMs, delayMs * factor) };
    },
  };
}

/** Numbers of {@link failureRate}. */
export interface FailureRateOptions {
  /** So many failures within the interval are restarted after; one more is not. */
  readonly maxFailures: number;
  readonly intervalMs: number;
  readonly delayMs: number;
}

/** Restarts after a delay, unless there were too many failures of late. */
export function failureRate({ maxFailures, intervalMs, delayMs }: FailureRateOptions): RestartStrategy {
  let recent: number[] = [];
  return {
    description: `failure-rate (at most ${maxFailures} in ${intervalMs} ms)`,
    decide(now) {
      recent = [...recent.filter((failedAt) => now - failedAt < intervalMs), now];
      return recent.length <= maxFailures
        ? { restartAfterMs: delayMs }
        : { giveUp: `there were ${recent.length} failures within ${intervalMs} ms` };
    },
  };
}
