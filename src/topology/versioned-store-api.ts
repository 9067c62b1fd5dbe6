/** A value, and from when on it held: milliseconds since 1970. */
export interface VersionedRecord<V> {
  readonly value: V;
  readonly timestamp: number;
}

/**
 * A store that knows the values that its keys had in the past, for as long as its history goes back.
 *
 * @example
 * const prices = context.store<VersionedKeyValueStore<string, number>>('prices');
 * const then = await prices.get('apples', order.timestamp);
 */
export interface VersionedKeyValueStore<K, V> {
  readonly name: string;
  /**
   * The latest value, or the one that held at a time. Undefined where there was none, and where it was replaced longer ago than
   * the history goes back.
   */
  get(key: K, asOf?: number): Promise<VersionedRecord<V> | undefined>;
  /**
   * Sets the value that holds from a time on, until that of the next value that the store has. False where that time is before
   * the history: nothing is changed then.
   */
  put(key: K, value: V, timestamp: number): Promise<boolean>;
  /** The same with no value from then on. */
  delete(key: K, timestamp: number): Promise<boolean>;
}
