import { describeLocation, type ErrorLocation } from '../errors/millrace-error';
import type { Logger } from '../logging/logger';
import type { OutputTopic, RecordCollector } from '../processors/record-collector';
import type { RecordFailures, RecordSkipReason, TaskContext } from '../processors/task-context';
import { NO_HEADERS, type Headers } from '../serde/record';
import { StateCorruptedError, StateDatabaseClosedError } from '../state/state-database-errors';
import { StateDirectoryError } from '../state/state-directory-errors';
import { DeserializationFailedError, ProcessingFailedError, ProductionFailedError } from './record-errors';
import type { UnreadableRecord } from './partition-queue';

export type FailureHandling = 'fail' | 'continue' | 'dead-letter';

export interface FailureHandlers {
  readonly deserialization: FailureHandling;
  readonly processing: FailureHandling;
  readonly production: FailureHandling;
}

export type SkipReason = 'deserialization' | 'processing' | 'production' | RecordSkipReason;

/** Counts what is not processed, so that nothing is lost in silence. */
export interface FailureCounter {
  recordSkipped(topic: string, reason: SkipReason): void;
  recordDeadLettered(topic: string, reason: SkipReason): void;
}

/** The record of the source that is being processed, as its bytes are in Kafka. */
export interface RawRecord {
  key: Buffer | null;
  value: Buffer | null;
  headers: Headers;
  timestamp: number;
}

/**
 * Does with bad records what is configured: fail, continue (skip and count), or dead-letter.
 *
 * A dead-letter record has the source record's bytes and headers, with headers of KIP-1034's names added, and is part of the same
 * epoch: it is committed with everything else, or not at all.
 *
 * Every such record is counted; the log gets the first ones and then ever fewer, so that a topic full of them does not flood it.
 */
export class ConfiguredRecordFailures implements RecordFailures {
  /** Set by `fail`. The task stops on it even if the user's code swallowed the error. */
  fatal: Error | undefined;
  /** Records sent to the dead-letter topic. */
  deadLetters = 0;
  readonly raw: RawRecord = { key: null, value: null, headers: [], timestamp: 0 };
  private context: TaskContext | undefined;
  private readonly seen = new Map<SkipReason, number>();

  constructor(
    private readonly handlers: FailureHandlers,
    private readonly deadLetterTopic: OutputTopic | undefined,
    private readonly collector: RecordCollector,
    private readonly counter: FailureCounter,
    private readonly logger: Logger,
  ) {}

  get keepsRawBytes(): boolean {
    return this.handlers.processing === 'dead-letter' || this.handlers.production === 'dead-letter';
  }

  attach(context: TaskContext): void {
    this.context = context;
  }

  deserializationFailed(node: string, record: UnreadableRecord): void {
    this.raw.key = record.rawKey;
    this.raw.value = record.rawValue;
    this.handle(
      this.handlers.deserialization,
      'deserialization',
      record.error,
      this.location(node),
      (cause, location) => new DeserializationFailedError(cause, location),
    );
  }

  processingFailed(node: string, error: unknown): void {
    if (error === this.fatal && this.fatal !== undefined) throw this.fatal;
    if (isAboutState(error)) {
      this.fatal = error;
      throw error;
    }
    this.handle(
      this.handlers.processing,
      'processing',
      error,
      this.location(node),
      (cause, location) => new ProcessingFailedError(cause, location),
    );
  }

  /** No record of an input is the cause of what follows: a dead-letter record of it has no key and no value. */
  withoutRecord(timestamp: number): void {
    this.raw.key = null;
    this.raw.value = null;
    this.raw.headers = NO_HEADERS;
    this.raw.timestamp = timestamp;
  }

  productionFailed(node: string, topic: string | undefined, error: unknown): void {
    this.handle(
      this.handlers.production,
      'production',
      error,
      this.location(node),
      (cause, location) => new ProductionFailedError(cause, topic, location),
    );
  }

  recordSkipped(node: string, reason: RecordSkipReason): void {
    this.counter.recordSkipped(this.context!.topic ?? '', reason);
    const location = this.location(node);
    this.log({ event: 'record_skipped', reason, ...location }, reason, () => {
      return `Skipped a record at ${describeLocation(location)}: ${SKIP_REASONS[reason]}`;
    });
  }

  /** The first ten of a reason, then each tenth up to a hundred, each hundredth up to a thousand, and so on. */
  private log(fields: Record<string, unknown>, reason: SkipReason, message: () => string): void {
    const count = (this.seen.get(reason) ?? 0) + 1;
    this.seen.set(reason, count);
    if (count % 10 ** Math.floor(Math.log10(count)) !== 0) return;
    this.logger.warn({ ...fields, count }, `${message()} (number ${count} in this task)`);
  }

  private location(node: string): ErrorLocation {
    const context = this.context!;
    if (context.topic === undefined) return { task: context.taskId, node };
    return { task: context.taskId, node, topic: context.topic, partition: context.partition, offset: context.offset };
  }

  private handle(
    handling: FailureHandling,
    reason: SkipReason,
    error: unknown,
    location: ErrorLocation,
    failure: (cause: unknown, location: ErrorLocation) => Error,
  ): void {
    if (handling === 'fail') {
      this.fatal = failure(error, location);
      throw this.fatal;
    }
    if (handling === 'dead-letter') {
      this.sendDeadLetter(error, location);
      this.counter.recordDeadLettered(location.topic ?? '', reason);
    } else {
      this.counter.recordSkipped(this.context!.topic ?? '', reason);
    }
    this.log(
      { event: 'bad_record', handling, reason, err: error, ...location },
      reason,
      () => `Bad record at ${describeLocation(location)}: ${handling}`,
    );
  }

  private sendDeadLetter(error: unknown, location: ErrorLocation): void {
    const topic = this.deadLetterTopic;
    if (topic === undefined)
      throw new Error("a 'dead-letter' handler needs a deadLetterTopic, which configuration checks");
    const { key, value, headers, timestamp } = this.raw;
    this.deadLetters++;
    try {
      this.collector.send(topic, undefined, timestamp, key, value, [...headers, ...errorHeaders(error, location)]);
    } catch (cause) {
      this.fatal = new ProductionFailedError(cause, topic.name, location);
      throw this.fatal;
    }
  }
}

const SKIP_REASONS: Readonly<Record<RecordSkipReason, string>> = {
  'null-key': 'it has no key there, and a key is needed',
  'null-value': 'it has no value there, and a value is needed',
  'invalid-timestamp': 'its time is negative or not a number',
  'late-record': 'it came later than the grace period allows',
  'null-foreign-key': 'it has no foreign key, and so no part in the join',
  'expired-version': 'it is older than what the versioned table still keeps',
  'out-of-order-version': 'the table has a later value for its key already',
  'outdated-response': 'it answers for a value that was replaced meanwhile',
};

/** Not the record's fault, so that no handler may skip it: the next record would fail as well. */
function isAboutState(error: unknown): error is Error {
  return (
    error instanceof StateCorruptedError ||
    error instanceof StateDatabaseClosedError ||
    error instanceof StateDirectoryError
  );
}

/** Header names of KIP-1034, so that tools for Kafka Streams' dead letters read ours. */
function errorHeaders(error: unknown, location: ErrorLocation): Headers {
  const header = (name: string, value: unknown): { key: string; value: Buffer } => ({
    key: `__streams.errors.${name}`,
    value: Buffer.from(String(value)),
  });
  const named = error instanceof Error ? error : new Error(String(error));
  return [
    header('exception', named.name),
    header('message', named.message),
    header('stacktrace', named.stack ?? ''),
    header('topic', location.topic),
    header('partition', location.partition),
    header('offset', location.offset),
    header('node', location.node),
  ];
}
