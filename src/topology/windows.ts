import { joinWindows } from './join-windows';
import type { SessionWindow, SlidingWindow, TimeWindow } from './window-operators';

/** How long a window still takes late records. Explicit everywhere: no value fits all uses. */
export interface Grace {
  /** Milliseconds of stream time after a window's end. 0: a record that is late at all is too late. */
  readonly graceMs: number;
}

/** What {@link windows.tumbling} needs to know. */
export interface TumblingOptions extends Grace {
  /** A window's length, and the distance from one to the next, in milliseconds. */
  readonly sizeMs: number;
}

/** What {@link windows.hopping} needs to know. */
export interface HoppingOptions extends TumblingOptions {
  /** From the start of one window to that of the next, in milliseconds; at most `sizeMs`. */
  readonly advanceMs: number;
}

/** What {@link windows.sliding} needs to know. */
export interface SlidingOptions extends Grace {
  /** How far apart the first and the last record of a window may be, in milliseconds. */
  readonly timeDifferenceMs: number;
}

/** What {@link windows.session} needs to know. */
export interface SessionOptions extends Grace {
  /** A session ends when there was no record for longer than this, in milliseconds. */
  readonly inactivityGapMs: number;
}

/**
 * The windows of `KGroupedStream.windowedBy`. Times are event times: a window closes when stream time, the highest timestamp that
 * the aggregation has seen, is `graceMs` past its end.
 *
 * @example
 * clicks.groupByKey().windowedBy(windows.tumbling({ sizeMs: 60_000, graceMs: 5_000 })).count('clicks-per-minute')
 */
export const windows = Object.freeze({
  /** Windows side by side: each record is in exactly one. They begin at multiples of their size, counted from 1970. */
  tumbling({ sizeMs, graceMs }: TumblingOptions): TimeWindow {
    return Object.freeze({ type: 'tumbling', sizeMs, advanceMs: sizeMs, graceMs });
  },
  /** Windows that overlap: each record is in `sizeMs / advanceMs` of them. */
  hopping({ sizeMs, advanceMs, graceMs }: HoppingOptions): TimeWindow {
    return Object.freeze({ type: 'hopping', sizeMs, advanceMs, graceMs });
  },
  /**
   * One window for each distinct set of records of a key that are at most `timeDifferenceMs` apart: a look back from each record,
   * and from right behind each.
   */
  sliding({ timeDifferenceMs, graceMs }: SlidingOptions): SlidingWindow {
    return Object.freeze({ type: 'sliding', timeDifferenceMs, graceMs });
  },
  /** Windows of activity: records of a key with no more than `inactivityGapMs` between one and the next. */
  session({ inactivityGapMs, graceMs }: SessionOptions): SessionWindow {
    return Object.freeze({ type: 'session', inactivityGapMs, graceMs });
  },
  join: joinWindows,
});
