import type { Headers } from '../serde/record';
import { NO_HEADERS } from '../serde/record';
import type { Serde } from '../serde/serde';
import type { MemoryTopics } from './memory-topics';

/** How the keys and values of a topic are written. */
export interface TopicSerdes<K, V> {
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}

export interface InputTopicOptions<K, V> extends TopicSerdes<K, V> {
  /** Of the first record that names no timestamp, in milliseconds since 1970. Default: the driver's wall clock at each record. */
  readonly startTimestamp?: number | undefined;
  /** How much later each further such record is, in milliseconds. Default 0. Needs `startTimestamp`. */
  readonly autoAdvanceMs?: number | undefined;
}

/** A record to write. */
export interface TestRecord<K, V> {
  readonly key: K | null;
  readonly value: V | null;
  /** Milliseconds since 1970. */
  readonly timestamp?: number | undefined;
  readonly headers?: Headers | undefined;
  /** Default: by the key, as in every Kafka client; the first one where the key is null. */
  readonly partition?: number | undefined;
}

/** A record that was read from an output topic. */
export interface OutputRecord<K, V> {
  readonly key: K | null;
  readonly value: V | null;
  readonly timestamp: number;
  readonly headers: Headers;
  readonly partition: number;
}

/** Writes records into a driver. Made by `TopologyTestDriver.createInputTopic`. */
export class TestInputTopic<K, V> {
  private nextTimestamp: number | undefined;

  constructor(
    readonly name: string,
    private readonly options: InputTopicOptions<K, V>,
    private readonly topics: MemoryTopics,
    private readonly wallClock: () => number,
    private readonly processAll: () => Promise<void>,
  ) {
    topics.partitions(name);
    this.nextTimestamp = options.startTimestamp;
  }

  /** Writes one record and has it processed to its end, through all repartition topics. Rejects with what the topology throws. */
  async pipeInput(
    key: K | null,
    value: V | null,
    options: Omit<TestRecord<K, V>, 'key' | 'value'> = {},
  ): Promise<void> {
    this.append({ key, value, ...options });
    await this.processAll();
  }

  /** Writes records as if one fetch had brought them, and has them processed: much faster than one by one. */
  async pipeRecordList(records: Iterable<TestRecord<K, V>>): Promise<void> {
    for (const record of records) this.append(record);
    await this.processAll();
  }

  /** Moves the timestamp of the next record that names none. */
  advanceTime(milliseconds: number): void {
    this.nextTimestamp = (this.nextTimestamp ?? this.wallClock()) + milliseconds;
  }

  private append({ key, value, timestamp, headers = NO_HEADERS, partition }: TestRecord<K, V>): void {
    this.topics.append(this.name, partition, {
      key: key === null ? null : this.options.key.serialize(key),
      value: value === null ? null : this.options.value.serialize(value),
      timestamp: timestamp ?? this.takeTimestamp(),
      headers,
    });
  }

  private takeTimestamp(): number {
    if (this.nextTimestamp === undefined) return this.wallClock();
    const timestamp = this.nextTimestamp;
    this.nextTimestamp += this.options.autoAdvanceMs ?? 0;
    return timestamp;
  }
}

/** Reads what a topology committed to a topic, each record once. Made by `TopologyTestDriver.createOutputTopic`. */
export class TestOutputTopic<K, V> {
  private readonly positions: number[] = [];

  constructor(
    readonly name: string,
    private readonly serdes: TopicSerdes<K, V>,
    private readonly topics: MemoryTopics,
  ) {}

  /** Whether everything was read. */
  isEmpty(): boolean {
    return this.nextPartition() === undefined;
  }

  /** How many records were not read yet. */
  getQueueSize(): number {
    if (!this.topics.has(this.name)) return 0;
    return this.topics
      .partitions(this.name)
      .reduce((count, log, partition) => count + log.end - (this.positions[partition] ?? 0), 0);
  }

  /** The next record; undefined when there is none. Lower partitions come first. */
  readRecord(): OutputRecord<K, V> | undefined {
    const partition = this.nextPartition();
    if (partition === undefined) return undefined;
    const position = this.positions[partition] ?? 0;
    this.positions[partition] = position + 1;
    const { key, value, timestamp, headers } = this.topics.partition(this.name, partition).records[position]!;
    return {
      key: key === null ? null : this.serdes.key.deserialize(key),
      value: value === null ? null : this.serdes.value.deserialize(value),
      timestamp,
      headers,
      partition,
    };
  }

  /** All records that were not read yet. */
  readRecordsToList(): OutputRecord<K, V>[] {
    const records: OutputRecord<K, V>[] = [];
    for (let record = this.readRecord(); record !== undefined; record = this.readRecord()) records.push(record);
    return records;
  }

  /** All records that were not read yet, keys and values only. */
  readKeyValuesToList(): (readonly [K | null, V | null])[] {
    return this.readRecordsToList().map(({ key, value }) => [key, value] as const);
  }

  /** The last value of each key among the records that were not read yet. Later entries of one key replace earlier ones. */
  readKeyValuesToMap(): Map<K | null, V | null> {
    return new Map(this.readKeyValuesToList());
  }

  private nextPartition(): number | undefined {
    if (!this.topics.has(this.name)) return undefined;
    const partition = this.topics
      .partitions(this.name)
      .findIndex((log, index) => log.end > (this.positions[index] ?? 0));
    return partition < 0 ? undefined : partition;
  }
}
