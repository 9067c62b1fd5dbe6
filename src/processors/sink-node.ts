import { MillraceError } from '../errors/millrace-error';
import { ReusedBytes } from '../serde/reused-bytes';
import type { SinkNode as SinkDescription, TopicReference } from '../topology/graph';
import { OperatorNode, type Processed } from './operator-node';
import { InvalidPartitionError } from './invalid-partition-error';
import { TOPIC_MISSING, type OutputTopic, type RecordCollector } from './record-collector';
import type { TaskContext } from './task-context';

const NO_HEAD = Buffer.alloc(0);

/** Serializes records and adds them to the open epoch. */
export class SinkNode extends OperatorNode {
  /** Known from `init` on for a sink with one topic. */
  private fixedTopic: OutputTopic | undefined;
  private readonly dropsNullKeys: boolean;
  private readonly key = new ReusedBytes(NO_HEAD);
  private readonly value = new ReusedBytes(NO_HEAD);

  constructor(
    private readonly description: SinkDescription,
    context: TaskContext,
    private readonly collector: RecordCollector,
    private readonly topicName: (topic: TopicReference) => string,
  ) {
    super(description.name, context);
    this.dropsNullKeys =
      typeof description.topic !== 'function' && description.topic.internal && description.keepsNullKeys !== true;
  }

  override async init(): Promise<void> {
    const { topic } = this.description;
    if (typeof topic !== 'function') this.fixedTopic = await this.collector.topic(this.topicName(topic));
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    if (this.dropsNullKeys && (key === null || key === undefined)) {
      // As in Kafka Streams: a record without a key belongs to no task.
      this.context.failures.recordSkipped(this.name, 'null-key');
      return undefined;
    }
    if (this.fixedTopic !== undefined) {
      this.send(this.fixedTopic, key, value, timestamp);
      return undefined;
    }
    let name: string;
    try {
      name = (this.description.topic as (key: unknown, value: unknown) => string)(key, value);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    let topic: OutputTopic | Promise<OutputTopic>;
    try {
      topic = this.collector.topic(name);
    } catch (error) {
      this.context.failures.productionFailed(this.name, name, error);
      return undefined;
    }
    if (!(topic instanceof Promise)) {
      this.send(topic, key, value, timestamp);
      return undefined;
    }
    return topic.then(
      (known) => this.send(known, key, value, timestamp),
      (error: unknown) => {
        // That the record names no topic is the record's fault; that Kafka does not answer is not.
        if (!(error instanceof MillraceError) || error.code !== TOPIC_MISSING) throw error;
        this.context.failures.productionFailed(this.name, name, error);
      },
    );
  }

  private send(topic: OutputTopic, key: unknown, value: unknown, timestamp: number): void {
    const { keySerde, valueSerde, partitioner } = this.description;
    try {
      const keyBytes = key === null || key === undefined ? null : this.key.serialize(keySerde, key);
      const valueBytes = value === null || value === undefined ? null : this.value.serialize(valueSerde, value);
      let partition: number | undefined;
      if (partitioner !== undefined) {
        partition = partitioner(key, value, topic.partitionCount);
        if (!Number.isInteger(partition) || partition < 0 || partition >= topic.partitionCount) {
          throw new InvalidPartitionError(this.name, topic, partition);
        }
      }
      this.collector.send(topic, partition, timestamp, keyBytes, valueBytes, this.context.headers);
    } catch (error) {
      this.context.failures.productionFailed(this.name, topic.name, error);
    }
  }
}
