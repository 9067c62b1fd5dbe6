import { NO_HEADERS, type Headers, type RecordMetadata } from '../serde/record';
import type { EpochStore } from '../state/epoch-store';
import type { CallsInFlight } from './calls-in-flight';
import type { RecordTime } from '../state/record-time';
import { DueQueue } from './due-queue';

/** Why an operator leaves a record out. Each is a label of the metric of skipped records. */
export type RecordSkipReason =
  | 'null-key'
  | 'null-value'
  /** It came later than the grace period allows. */
  | 'late-record'
  /** Its timestamp is negative or not a number. */
  | 'invalid-timestamp'
  /** A row without a foreign key has no part in an inner join. */
  | 'null-foreign-key'
  /** A versioned table keeps no values of that time any more. */
  | 'expired-version'
  /** A join of versioned tables leaves out what is not the latest value. */
  | 'out-of-order-version'
  /** The answer to a subscription of a row that has changed since: another answer follows. */
  | 'outdated-response';

/** Where operators report records that they cannot handle. The configured handlers decide what follows. */
export interface RecordFailures {
  /** Throws when the configured handler is `fail`; else the record (at this node) is dropped, counted, or dead-lettered. */
  processingFailed(node: string, error: unknown): void;
  /** The same for a record that could not be serialized, is too large, or was sent to a partition that does not exist. */
  productionFailed(node: string, topic: string | undefined, error: unknown): void;
  /** A record that an operator must leave out by its definition, as an aggregation does with a null key. */
  recordSkipped(node: string, reason: RecordSkipReason): void;
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
  /** What is to be done by stream time. */
  readonly byStreamTime = new DueQueue();
  /** What is to be done by the wall clock. */
  readonly byWallClock = new DueQueue();

  private readonly sharedParts = new Map<string, unknown>();

  constructor(
    readonly applicationId: string,
    readonly taskId: string,
    readonly stores: ReadonlyMap<string, EpochStore<unknown, unknown>>,
    readonly failures: RecordFailures,
    /** Milliseconds since 1970. */
    readonly wallClock: () => number,
    /** Rows of topics that every instance holds all of. */
    readonly globalTables: ReadonlyMap<string, EpochStore<unknown, unknown>> = new Map(),
  ) {}

  /** What several operators of this task share under a name: made by the first one that asks for it. */
  shared<T>(name: string, make: () => T): T {
    if (!this.sharedParts.has(name)) this.sharedParts.set(name, make());
    return this.sharedParts.get(name) as T;
  }

  /** The operators do something now that no record of an input is the cause of. */
  withoutRecord(timestamp: number): void {
    this.topic = undefined;
    this.partition = -1;
    this.offset = -1;
    this.timestamp = timestamp;
    this.headers = NO_HEADERS;
  }

  recordMetadata(): RecordMetadata | undefined {
    return this.topic === undefined ? undefined : { topic: this.topic, partition: this.partition, offset: this.offset };
  }
}
