import type { Headers } from '../serde/record';
import type { OutputTopic, RecordCollector } from '../task/task-io';
import type { Compression } from './compression';
import type { PartitionRecords } from './epoch-producer';
import { partitionForKey } from './partitioner';
import { RecordBatchBuilder } from './record-batch-builder';

export interface EpochRecordsOptions {
  /** Of one record batch, before compression. A topic whose `max.message.bytes` is less gets smaller ones. */
  readonly maxBatchBytes: number;
  readonly compression: Compression;
}

/** Tells what has to be known of a topic to write to it. */
export interface TopicLookup {
  partitionCount(topic: string): Promise<number>;
  /** The topic's own `max.message.bytes`; undefined when it may not be known. */
  maxMessageBytes(topic: string): Promise<number | undefined>;
}

/** The records of a sealed epoch, for its producer. */
export interface SealedRecords {
  readonly records: readonly PartitionRecords[];
  readonly recordCount: number;
  readonly sizeInBytes: number;
  /** Gives the memory back for later epochs. To be called once, when the commit is settled and nothing is retried. */
  release(): void;
}

/** Records without a key go to one partition until it has got so many bytes, then to the next: fewer, larger batches. */
const STICKY_BYTES = 64 * 1024;

interface TopicRecords extends OutputTopic {
  readonly maxBatchBytes: number;
  readonly builders: (RecordBatchBuilder | undefined)[];
  readonly spare: RecordBatchBuilder[];
  stickyPartition: number;
  stickyUntil: number;
}

/** Collects what an epoch writes, encoded as it will be sent. */
export class EpochRecords implements RecordCollector {
  private readonly topics = new Map<string, TopicRecords>();
  private bytes = 0;
  private records = 0;

  constructor(
    private readonly lookup: TopicLookup,
    private readonly options: EpochRecordsOptions,
  ) {}

  /** Of the open epoch, uncompressed. */
  get sizeInBytes(): number {
    return this.bytes;
  }

  /** Of the open epoch. */
  get recordCount(): number {
    return this.records;
  }

  /** @throws {@link TopicMissingError} through the promise. */
  topic(name: string): OutputTopic | Promise<OutputTopic> {
    return this.topics.get(name) ?? this.lookUp(name);
  }

  /** @throws {@link RecordTooLargeError}: the record is not appended then. */
  send(
    topic: OutputTopic,
    partition: number | undefined,
    timestamp: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: Headers,
  ): void {
    const target = topic as TopicRecords;
    const chosen = partition ?? (key === null ? stickyPartition(target) : partitionForKey(key, target.partitionCount));
    let builder = target.builders[chosen];
    if (builder === undefined) {
      builder = target.spare.pop() ?? this.newBuilder(target);
      target.builders[chosen] = builder;
    }
    const before = builder.sizeInBytes;
    builder.append(timestamp, key, value, headers);
    this.bytes += builder.sizeInBytes - before;
    this.records++;
  }

  /** Takes the epoch's records out and begins the next epoch. */
  seal(): SealedRecords {
    const records: PartitionRecords[] = [];
    const owners: TopicRecords[] = [];
    for (const topic of this.topics.values()) {
      for (let partition = 0; partition < topic.builders.length; partition++) {
        const builder = topic.builders[partition];
        if (builder === undefined) continue;
        topic.builders[partition] = undefined;
        records.push({ topic: topic.name, partition, builder });
        owners.push(topic);
      }
      topic.stickyUntil = 0;
    }
    const { bytes, records: recordCount } = this;
    this.bytes = 0;
    this.records = 0;
    return {
      records,
      recordCount,
      sizeInBytes: bytes,
      release: () => {
        records.forEach(({ builder }, index) => {
          builder.reset();
          (owners[index] as TopicRecords).spare.push(builder);
        });
      },
    };
  }

  /** Drops the records of the open epoch. */
  discard(): void {
    this.seal().release();
  }

  private async lookUp(name: string): Promise<OutputTopic> {
    const [partitionCount, maxMessageBytes] = await Promise.all([
      this.lookup.partitionCount(name),
      this.lookup.maxMessageBytes(name),
    ]);
    const maxBatchBytes = Math.min(this.options.maxBatchBytes, maxMessageBytes ?? Infinity);
    const known = this.topics.get(name);
    if (known !== undefined) return known;
    const topic = { name, partitionCount, maxBatchBytes, builders: [], spare: [], stickyPartition: 0, stickyUntil: 0 };
    this.topics.set(name, topic);
    return topic;
  }

  private newBuilder({ name, maxBatchBytes }: TopicRecords): RecordBatchBuilder {
    return new RecordBatchBuilder(name, maxBatchBytes, this.options.compression);
  }
}

function stickyPartition(topic: TopicRecords): number {
  const current = topic.builders[topic.stickyPartition]?.sizeInBytes ?? 0;
  if (topic.stickyUntil > 0 && current < topic.stickyUntil) return topic.stickyPartition;
  topic.stickyPartition = (topic.stickyPartition + 1) % topic.partitionCount;
  topic.stickyUntil = (topic.builders[topic.stickyPartition]?.sizeInBytes ?? 0) + STICKY_BYTES;
  return topic.stickyPartition;
}
