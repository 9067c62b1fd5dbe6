import type { Headers } from '../serde/record';

/** A topic that a task writes to, looked up once. */
export interface OutputTopic {
  readonly name: string;
  readonly partitionCount: number;
}

/** Takes the records that tasks produce, until the epoch is sealed. */
export interface RecordCollector {
  /** A known topic at once; one that was never written to before needs its metadata, so a promise. */
  topic(name: string): OutputTopic | Promise<OutputTopic>;
  /**
   * Appends a record to the open epoch. Throws `RecordTooLargeError` when it can never fit into a batch.
   * `partition` undefined: by murmur2 of the key as Kafka's own clients do, or for a null key any.
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
