import type { Windowed } from '../serde/windowed';

declare const keys: unique symbol;

/** How many changes may be held back, and what happens when there are more. */
export interface SuppressionLimits {
  /** Keys held back in one task. Default: no limit. The buffer is in the store, so it takes disk rather than memory. */
  readonly maxRecords?: number | undefined;
  /** Bytes of their keys, values and headers in one task. Default: no limit. */
  readonly maxBytes?: number | undefined;
}

/** What {@link suppress.untilTimeLimit} needs to know. */
export interface TimeLimitOptions extends SuppressionLimits {
  /** How long a change is held back, in milliseconds of stream time. */
  readonly ms: number;
  /** `emit-early` lets the oldest changes through before their time; `fail` stops the task. Default `emit-early`. */
  readonly whenFull?: 'emit-early' | 'fail' | undefined;
}

/** How `KTable.suppress` holds changes back, for tables of certain keys. Made by {@link suppress}. */
export interface Suppression<K> {
  /** Not there at run time: makes it a type error to wait for windows of keys that have none. */
  readonly [keys]?: (key: K) => void;
  readonly until: 'window-closes' | 'time-limit';
  readonly ms?: number;
  readonly maxRecords: number | undefined;
  readonly maxBytes: number | undefined;
  readonly whenFull: 'emit-early' | 'fail';
}

/** The ways to hold back the changes of a table. */
export const suppress = Object.freeze({
  /**
   * Lets one result of each window through, the last, when stream time is past the window's end and its grace. When more is held
   * back than allowed the task stops: nothing but the last result may come out.
   */
  untilWindowCloses({ maxRecords, maxBytes }: SuppressionLimits = {}): Suppression<Windowed<unknown>> {
    return Object.freeze({ until: 'window-closes', maxRecords, maxBytes, whenFull: 'fail' });
  },
  /** Lets the latest change of a key through some time after the first one that was held back. */
  untilTimeLimit({ ms, maxRecords, maxBytes, whenFull = 'emit-early' }: TimeLimitOptions): Suppression<unknown> {
    return Object.freeze({ until: 'time-limit', ms, maxRecords, maxBytes, whenFull });
  },
});
