/** One header of a Kafka record. Keys may repeat, and their order is kept. */
export interface Header {
  readonly key: string;
  readonly value: Buffer | null;
}

export type Headers = readonly Header[];

/** What most records carry: no headers. Shared, so that a record without headers costs nothing. */
export const NO_HEADERS: Headers = Object.freeze([]);

/** A record as an operator sees it. */
export interface StreamRecord<K, V> {
  readonly key: K;
  readonly value: V;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly headers: Headers;
}

/** Where the record that is being processed came from; absent for records that a punctuator forwards. */
export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}
