import type { Headers } from '../serde/record';

/** A topic that a task writes to, looked up once. */
export interface OutputTopic {
  readonly name: string;
  readonly partitionCount: number;
}

/** The code of the error with which a collector says that there is no such topic. Any other error is not about the record. */
export const TOPIC_MISSING = 'TOPIC_MISSING';

/** Takes the records that tasks produce, until the epoch is sealed. */
export interface RecordCollector {
  /**
   * A known topic at once; one that was never written to before needs its metadata, so a promise. It rejects with an error of
   * code {@link TOPIC_MISSING} where there is none.
   */
  topic(name: string): OutputTopic | Promise<OutputTopic>;
  /**
   * Appends a record to the open epoch. Key and value are copied by the call, so their buffers may be reused at once. Throws
   * `RecordTooLargeError` when it can never fit into a batch.
   *
   * `partition` must be one of the topic's. Undefined: by murmur2 of the key as Kafka's own clients do, or for a null key any.
   */
  send(
    topic: OutputTopic,
    partition: number | undefined,
    timestamp: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: Headers,
  ): void;
}
