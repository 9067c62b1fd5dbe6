import { TopicMissingError } from '../../../src/kafka/errors';
import type { Headers } from '../../../src/serde/record';
import type { OutputTopic, RecordCollector } from '../../../src/task/task-io';

/** A record as it would go to Kafka. */
export interface KeptRecord {
  readonly topic: string;
  readonly partition: number | undefined;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

export interface KeptRecordsOptions {
  /** Partitions of each output topic. Default 1. */
  readonly partitions?: Readonly<Record<string, number>> | undefined;
  /** Topics that nobody created. */
  readonly missing?: readonly string[] | undefined;
  /** The largest value that a record may have. */
  readonly maxValueBytes?: number | undefined;
}

/** Collects what a task produces, in the order in which it does. */
export class KeptRecords implements RecordCollector {
  private records: KeptRecord[] = [];
  private readonly known = new Map<string, OutputTopic>();
  sizeInBytes = 0;

  constructor(private readonly options: KeptRecordsOptions = {}) {}

  topic(name: string): OutputTopic | Promise<OutputTopic> {
    return this.known.get(name) ?? this.lookUp(name);
  }

  send(
    topic: OutputTopic,
    partition: number | undefined,
    timestamp: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: Headers,
  ): void {
    const limit = this.options.maxValueBytes;
    if (limit !== undefined && value !== null && value.length > limit) {
      throw new Error(`a value of ${value.length} bytes is too large for ${topic.name}`);
    }
    this.sizeInBytes += (key?.length ?? 0) + (value?.length ?? 0);
    this.records.push({
      topic: topic.name,
      partition,
      timestamp,
      key: key && Buffer.from(key),
      value: value && Buffer.from(value),
      headers,
    });
  }

  /** The records of the open epoch. */
  get open(): readonly KeptRecord[] {
    return this.records;
  }

  /** Takes out the records of the open epoch and begins the next. */
  seal(): readonly KeptRecord[] {
    const { records } = this;
    this.records = [];
    this.sizeInBytes = 0;
    return records;
  }

  private async lookUp(name: string): Promise<OutputTopic> {
    if (this.options.missing?.includes(name) === true) throw new TopicMissingError(name);
    const topic = { name, partitionCount: this.options.partitions?.[name] ?? 1 };
    this.known.set(name, topic);
    return topic;
  }
}
