/** How long a recovery from a failure took, by phase. */
export interface Recovery {
  /** From the failure until whoever recovers knew of it: a thread that survived, or one that has the tasks now. */
  readonly detectMs: number;
  /** From then until all its tasks were open. */
  readonly restoreMs: number;
  /** From then until everything was committed that its inputs had at that moment. */
  readonly catchUpMs: number;
}

/** How available an application was. */
export interface Availability {
  /** When counting began, in milliseconds since 1970. */
  readonly since: number;
  readonly failures: number;
  /** Input records that were processed again, as far as anybody could count them. */
  readonly replayedRecords: number;
  /** The newest that a thread came to the end of. */
  readonly lastRecovery?: Recovery | undefined;
}

/**
 * The mean time between failures, in milliseconds; Infinity where there was none.
 *
 * @param at - milliseconds since 1970
 */
export function timeBetweenFailures({ since, failures }: Availability, at: number): number {
  return failures === 0 ? Infinity : Math.max(0, at - since) / failures;
}
