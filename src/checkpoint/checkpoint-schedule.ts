/** When checkpoints begin by themselves. */
export interface CheckpointSchedule {
  readonly trigger: 'interval' | 'continuous' | 'adaptive';
  /**
   * When the next one is due, in milliseconds since 1970.
   *
   * @param lastBeganAt - of the newest that was begun; undefined before the first one
   * @param lastEndedAt - of the newest that ended, well or not
   */
  nextAt(lastBeganAt: number | undefined, lastEndedAt: number | undefined, now: number): number;
}

/** Every so many milliseconds, from beginning to beginning. One that takes longer than that is followed at once by the next. */
export function everyInterval(intervalMs: number): CheckpointSchedule {
  return {
    trigger: 'interval',
    nextAt: (lastBeganAt, _, now) => (lastBeganAt === undefined ? now + intervalMs : lastBeganAt + intervalMs),
  };
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
