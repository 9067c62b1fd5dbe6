import type { Named } from './dsl-options';

/** What a windowed aggregation does besides. */
export interface WindowedOptions {
  /**
   * `on-update` forwards each change of a window's result; `on-close` only the last one, when stream time is past the window's end
   * and its grace. Default `on-update`.
   */
  readonly emit?: 'on-update' | 'on-close' | undefined;
  /**
   * A topic for records that came when a window of theirs was closed: as they were, with key, value, timestamp and headers. It takes
   * a value serde, the grouped stream's. By default they are counted in a metric only, under the reason `late-record`.
   */
  readonly lateRecords?: string | undefined;
}

/** What a windowed cogroup does besides. */
export type WindowedCogroupOptions = Pick<WindowedOptions, 'lateRecords'>;

/** Names of a `suppress`. */
export interface SuppressOptions extends Named {
  /** Names the store of what is held back, and its changelog topic. By default `<node>-store`. */
  readonly store?: string | undefined;
}
