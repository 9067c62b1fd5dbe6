/**
 * Turns values into bytes and back.
 *
 * A serde is never handed `null`: a null key or value in Kafka is null in the topology and null in the log. The bytes of
 * equal keys must be equal, because state and partitions are found by them.
 *
 * What is optional is for speed. A copy of one of Millrace's serdes, `{ ...serdes.string, serialize: mine }`, has none of it, so its
 * own functions are all there is.
 *
 * @example
 * const celsius: Serde<number> = {
 *   name: 'celsius-v1',
 *   serialize: (value) => Buffer.from(value.toFixed(1)),
 *   deserialize: (bytes) => Number(bytes.toString()),
 * };
 */
export interface Serde<T> {
  /** Names the format. It is stored with the state: a start with another name on the same state is refused. */
  readonly name: string;
  serialize(value: T): Buffer;
  /**
   * Optional, for speed: writes the bytes of `serialize(value)` into `target` from `start`, so that no buffer is made for them, and
   * returns how many they are. -1 says that `serialize` must be asked, because there is not enough room or for any other reason; what
   * was written does not matter then. Throws what `serialize` throws.
   */
  serializeInto?(value: T, target: Buffer, start: number): number;
  /** May keep `bytes`. Throws when they are not in this format; the deserialization handler decides what follows. */
  deserialize(bytes: Buffer): T;
  /** Optional, for speed: the same as `deserialize(bytes.subarray(start, end))` without making that view. */
  deserializeRange?(bytes: Buffer, start: number, end: number): T;
  /**
   * Optional, for speed: whether equal values are the same Map key (`Object.is`), as strings and numbers are. Keys of other
   * serdes are compared by their bytes.
   */
  readonly comparesByValue?: boolean;
}

/** The type that a serde carries. */
export type SerdeType<S> = S extends Serde<infer T> ? T : never;
