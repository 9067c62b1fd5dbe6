/** A key within a window or session, in milliseconds. */
export interface Windowed<K> {
  readonly key: K;
  readonly start: number;
  /** Behind the window's last millisecond; of a session, its last record's timestamp. */
  readonly end: number;
}
