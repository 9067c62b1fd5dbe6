import { NO_HEADERS, type Headers, type RecordMetadata } from '../serde/record';
import type { EpochStore } from '../state/epoch-store';
import type { CallsInFlight } from './calls-in-flight';
import type { RecordTime } from '../state/record-time';

/** Where operators report records that they cannot handle. The configured handlers decide what follows. */
export interface RecordFailures {
  /** Throws when the configured handler is `fail`; else the record (at this node) is dropped, counted, or dead-lettered. */
  processingFailed(node: string, error: unknown): void;
  /** The same for a record that could not be serialized, is too large, or was sent to a partition that does not exist. */
  productionFailed(node: string, topic: string | undefined, error: unknown): void;
  /** A record that an operator must leave out by its definition, as an aggregation does with a null key. */
  recordSkipped(node: string, reason: 'null-key' | 'null-value'): void;
}

/** The current record and the stores of one task, shared by its operators. */
export class TaskContext implements RecordTime {
  timestamp = 0;
  headers: Headers = NO_HEADERS;
  topic: string | undefined;
  partition = -1;
  offset = -1;
  streamTime = -1;
  commitRequested = false;
  /** Keeps the records that asynchronous operators hold. Set before the first record. */
  calls: CallsInFlight | undefined;

  constructor(
    readonly applicationId: string,
    readonly taskId: string,
    readonly stores: ReadonlyMap<string, EpochStore<unknown, unknown>>,
    readonly failures: RecordFailures,
  ) {}

  recordMetadata(): RecordMetadata | undefined {
    return this.topic === undefined ? undefined : { topic: this.topic, partition: this.partition, offset: this.offset };
  }
}
