import type { Headers } from '../serde/record';

/* What a task needs from the world around it. src/kafka gives it over a broker, src/testing in memory. */

/**
 * A cursor over the records of one fetched record batch. It allocates nothing per record: after `next()` returned true, the
 * fields describe the current record, whose key and value are ranges of `bytes`.
 */
export interface RecordCursor {
  /** Moves to the next record; false at the end. Throws `CorruptRecordError` when the bytes are not a record. */
  next(): boolean;
  /** Bytes that this batch keeps in memory. */
  readonly sizeInBytes: number;
  /** The offset after the last record of the batch. */
  readonly nextOffset: number;
  readonly bytes: Buffer;
  readonly offset: number;
  readonly timestamp: number;
  /** -1 where the key is null. */
  readonly keyStart: number;
  readonly keyEnd: number;
  /** -1 where the value is null. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Decodes the current record's headers; NO_HEADERS when it has none. */
  headers(): Headers;
}

export { TOPIC_MISSING, type OutputTopic, type RecordCollector } from '../processors/record-collector';
