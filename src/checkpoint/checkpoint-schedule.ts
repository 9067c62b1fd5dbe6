/** When checkpoints begin by themselves. */
export interface CheckpointSchedule {
  readonly trigger: 'interval' | 'records' | 'continuous' | 'adaptive';
  /**
   * When the next one is due, in milliseconds since 1970; Infinity where time alone will not make it due.
   *
   * @param lastBeganAt - of the newest that was begun; undefined before the first one
   * @param lastEndedAt - of the newest that ended, well or not
   * @param records - processed by the application since the newest was begun
   */
  nextAt(lastBeganAt: number | undefined, lastEndedAt: number | undefined, now: number, records: number): number;
}

/** Every so many milliseconds, from beginning to beginning. One that takes longer than that is followed at once by the next. */
export function everyInterval(intervalMs: number): CheckpointSchedule {
  return {
    trigger: 'interval',
    nextAt: (lastBeganAt, _, now) => (lastBeganAt === undefined ? now + intervalMs : lastBeganAt + intervalMs),
  };
}

/** Every so many input records of the whole application, from beginning to beginning. */
export function everyRecords(count: number): CheckpointSchedule {
  return { trigger: 'records', nextAt: (_, __, now, records) => (records >= count ? now : Infinity) };
}

/** The next begins when one ends. */
export function continuously(): CheckpointSchedule {
  return { trigger: 'continuous', nextAt: (_, lastEndedAt, now) => lastEndedAt ?? now };
}

/** At an interval that is worked out anew each time. */
export function adaptively(intervalMs: (now: number) => number): CheckpointSchedule {
  return {
    trigger: 'adaptive',
    nextAt: (lastBeganAt, _, now) => (lastBeganAt ?? now) + intervalMs(now),
  };
}
