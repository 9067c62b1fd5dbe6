import { partitionForKey } from '../kafka';
import { TOPIC_MISSING, type OutputTopic } from '../task/task-io';
import { MillraceError } from '../errors/millrace-error';
import { MemoryLog, type LoggedRecord } from './memory-log';

/** A test names a topic that the topology does not have. */
export class UnknownTopicError extends MillraceError {
  readonly code = TOPIC_MISSING;

  constructor(topic: string, known: Iterable<string>) {
    super(`The topology has no topic '${topic}'. It has: ${[...known].join(', ')}.`, { location: { topic } });
  }
}

/** A test names a partition that a topic does not have. */
export class UnknownPartitionError extends MillraceError {
  readonly code = 'PARTITION_MISSING';

  constructor(topic: string, partition: number, partitionCount: number) {
    super(
      `Topic '${topic}' has no partition ${partition}: it has ${partitionCount}, from 0 on. Say how many in the driver's option 'partitions'.`,
      { location: { topic, partition } },
    );
  }
}

/** The topics of a driver: what Kafka is for an application. */
export class MemoryTopics {
  private readonly topics = new Map<string, MemoryLog[]>();

  create(name: string, partitionCount: number): void {
    this.topics.set(
      name,
      Array.from({ length: partitionCount }, () => new MemoryLog()),
    );
  }

  has(name: string): boolean {
    return this.topics.has(name);
  }

  get names(): Iterable<string> {
    return this.topics.keys();
  }

  /** @throws {UnknownTopicError} */
  partitions(name: string): readonly MemoryLog[] {
    const logs = this.topics.get(name);
    if (logs === undefined) throw new UnknownTopicError(name, this.topics.keys());
    return logs;
  }

  /** @throws {UnknownTopicError} {@link UnknownPartitionError} */
  partition(name: string, partition: number): MemoryLog {
    const logs = this.partitions(name);
    const log = logs[partition];
    if (log === undefined) throw new UnknownPartitionError(name, partition, logs.length);
    return log;
  }

  outputTopic(name: string): OutputTopic {
    return { name, partitionCount: this.partitions(name).length };
  }

  /** Without a partition, that of the key as in every Kafka client; a record without a key goes to the first one. */
  append(name: string, partition: number | undefined, record: LoggedRecord): void {
    const { key } = record;
    const logs = this.partitions(name);
    const chosen = partition ?? (key === null || logs.length === 1 ? 0 : partitionForKey(key, logs.length));
    const log = logs[chosen] ?? this.partition(name, chosen);
    log.records.push(record);
  }
}
