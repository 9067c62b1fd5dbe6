/** What `windows.join` needs to know, in milliseconds. */
export interface JoinWindowsOptions {
  /** How far apart the timestamps of two records may be that are joined, both ways. */
  readonly timeDifferenceMs: number;
  /** How long after the end of a record's window the other side may still be late. Left and outer results wait for it. */
  readonly graceMs: number;
  /** How much earlier than the left record the right one may be. Default `timeDifferenceMs`. */
  readonly beforeMs?: number | undefined;
  /** How much later than the left record the right one may be. Default `timeDifferenceMs`. */
  readonly afterMs?: number | undefined;
}

/** Which records of two streams are joined. Made by `windows.join`. */
export interface JoinWindows {
  readonly type: 'join';
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly graceMs: number;
}

/**
 * Joins two records of one key when their timestamps are no further apart than `timeDifferenceMs`. As in Kafka Streams, but
 * the grace period has no default.
 *
 * @example
 * windows.join({ timeDifferenceMs: 60_000, graceMs: 5_000 })
 * @example The right record comes up to an hour later, never earlier
 * windows.join({ timeDifferenceMs: 3_600_000, beforeMs: 0, graceMs: 0 })
 */
export function joinWindows(options: JoinWindowsOptions): JoinWindows {
  const { timeDifferenceMs, graceMs, beforeMs = timeDifferenceMs, afterMs = timeDifferenceMs } = options;
  return Object.freeze({ type: 'join', beforeMs, afterMs, graceMs });
}
