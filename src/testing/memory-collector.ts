import type { Headers } from '../serde/record';
import type { OutputTopic, RecordCollector } from '../task/task-io';
import type { LoggedRecord } from './memory-log';
import type { MemoryTopics } from './memory-topics';

interface CollectedRecord {
  readonly topic: string;
  readonly partition: number | undefined;
  readonly record: LoggedRecord;
}

/** Keeps what the tasks of a driver produce until the epoch is committed. */
export class MemoryCollector implements RecordCollector {
  private open: CollectedRecord[] = [];
  sizeInBytes = 0;

  constructor(private readonly topics: MemoryTopics) {}

  topic(name: string): OutputTopic {
    // Whatever a topology writes to exists: who tests it need not list the topics that a function chooses.
    if (!this.topics.has(name)) this.topics.create(name, 1);
    return this.topics.outputTopic(name);
  }

  send(
    topic: OutputTopic,
    partition: number | undefined,
    timestamp: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: Headers,
  ): void {
    this.open.push({
      topic: topic.name,
      partition,
      record: { key: key && Buffer.from(key), value: value && Buffer.from(value), timestamp, headers },
    });
    this.sizeInBytes += (key?.length ?? 0) + (value?.length ?? 0);
  }

  get isEmpty(): boolean {
    return this.open.length === 0;
  }

  /** Makes the records of the open epoch readable, and begins the next. */
  commit(): void {
    for (const { topic, partition, record } of this.open) this.topics.append(topic, partition, record);
    this.discard();
  }

  discard(): void {
    this.open = [];
    this.sizeInBytes = 0;
  }
}
