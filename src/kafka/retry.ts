import { BrokerConnectionError, BrokerResponseError, KafkaUnavailableError } from './errors';

/** Bounds of the pauses between attempts, in milliseconds. */
export interface RetryPolicy {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Measured from the first attempt. */
  readonly timeoutMs: number;
}

/** Errors that the next attempt may not meet. */
export function isTransient(error: unknown): boolean {
  return error instanceof BrokerConnectionError || (error instanceof BrokerResponseError && error.transient);
}

/**
 * Repeats `attempt` while it fails with a transient error, with doubling pauses, until the time is up. `signal` ends the
 * waiting early, with the last error.
 */
export async function retry<T>(
  what: string,
  policy: RetryPolicy,
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  let delayMs = policy.firstDelayMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isTransient(error) || signal.aborted) throw error;
      const elapsed = performance.now() - started;
      if (elapsed + delayMs > policy.timeoutMs) throw new KafkaUnavailableError(what, elapsed, error);
      await pause(jittered(delayMs), signal);
      delayMs = Math.min(2 * delayMs, policy.maxDelayMs);
    }
  }
}

/** Keeps the clients of a cluster from coming back all at the same moment. */
function jittered(delayMs: number): number {
  return delayMs * (0.8 + 0.4 * Math.random());
}

/** Resolves after the time, or as soon as the signal is aborted. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
