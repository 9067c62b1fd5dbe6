import type { ClusterClient } from './cluster-client';
import { BrokerResponseError, TopicMissingError } from './errors';
import { ErrorCode } from './protocol/error-codes';
import { alterConfigsRequest, type TopicSettings } from './protocol/alter-configs';
import { listOffsetsRequest } from './protocol/list-offsets';
import { partitionKey, type TopicPartition, type TopicPartitionOffset } from './protocol/topic-partition';
import {
  createTopicsRequest,
  deleteRecordsRequest,
  deleteTopicsRequest,
  describeConfigsRequest,
  type NewTopic,
} from './protocol/topics';

const BROKER_TIMEOUT_MS = 20_000;

/** `latest-committed` is the last stable offset: what a read_committed consumer can reach. */
export type OffsetKind = 'earliest' | 'latest' | 'latest-committed';

/** What Millrace needs to know about topics and to change in them. */
export class TopicAdmin {
  constructor(private readonly cluster: ClusterClient) {}

  /** Undefined for topics that do not exist. */
  async describeTopics(names: readonly string[]): Promise<Map<string, { partitions: number } | undefined>> {
    const counts = await this.cluster.currentPartitionCounts(names);
    return new Map(
      [...counts].map(([name, partitions]) => [name, partitions === undefined ? undefined : { partitions }]),
    );
  }

  /**
   * All settings of each topic, defaults included.
   *
   * @throws {@link TopicMissingError}
   */
  async topicConfigs(names: readonly string[]): Promise<Map<string, Map<string, string>>> {
    const request = describeConfigsRequest(names);
    const results = await this.cluster.sendToAny(request, (topics) => {
      for (const { name, errorCode, errorMessage } of topics) {
        if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) throw new TopicMissingError(name);
        if (errorCode !== ErrorCode.NONE) {
          throw new BrokerResponseError(errorCode, request.name, { topic: name }, errorMessage);
        }
      }
    });
    return new Map(results.map(({ name, configs }) => [name, configs]));
  }

  /** Creates topics and waits until they can be used. One that exists already is left as it is. */
  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    if (topics.length === 0) return;
    const request = createTopicsRequest(topics, BROKER_TIMEOUT_MS);
    await this.cluster.sendToController(request, (results) => {
      for (const { name, errorCode, errorMessage } of results) {
        if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.TOPIC_ALREADY_EXISTS) continue;
        throw new BrokerResponseError(errorCode, request.name, { topic: name }, errorMessage);
      }
    });
    await this.waitUntilUsable(topics);
  }

  /** Deletes topics and waits until they are gone. One that does not exist is no error. */
  async deleteTopics(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const request = deleteTopicsRequest(names, BROKER_TIMEOUT_MS);
    await this.cluster.sendToController(request, (results) => {
      for (const { name, errorCode } of results) {
        if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) continue;
        throw new BrokerResponseError(errorCode, request.name, { topic: name });
      }
    });
    await this.cluster.retry('waiting until deleted topics are gone', async () => {
      const counts = await this.cluster.currentPartitionCounts(names);
      for (const name of names) {
        if (counts.get(name) !== undefined)
          throw new BrokerResponseError(ErrorCode.OPERATION_NOT_ATTEMPTED, request.name, { topic: name });
      }
    });
  }

  /** Changes the named settings of topics. Brokers hear of it a moment after this resolves. */
  async alterConfigs(topics: readonly TopicSettings[]): Promise<void> {
    if (topics.length === 0) return;
    const request = alterConfigsRequest(topics);
    await this.cluster.sendToController(request, (results) => {
      for (const { name, errorCode, errorMessage } of results) {
        if (errorCode === ErrorCode.NONE) continue;
        throw new BrokerResponseError(errorCode, request.name, { topic: name }, errorMessage);
      }
    });
  }

  /** Deletes the records before each offset. Offsets before the log's start are no error. */
  async deleteRecords(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    await this.cluster.sendToLeaders(offsets, (group) => deleteRecordsRequest(group, BROKER_TIMEOUT_MS));
  }

  /** Offsets by `topic-partition`. */
  async listOffsets(partitions: readonly TopicPartition[], kind: OffsetKind): Promise<Map<string, number>> {
    const isolation = kind === 'latest-committed' ? 'read_committed' : 'read_uncommitted';
    const end = kind === 'earliest' ? 'earliest' : 'latest';
    const listed = await this.cluster.sendToLeaders(partitions, (group) => listOffsetsRequest(isolation, end, group));
    return new Map(listed.map(({ topic, partition, offset }) => [partitionKey(topic, partition), offset]));
  }

  /** The first offset at or after a time in milliseconds since 1970, by `topic-partition`; undefined where all records are older. */
  async offsetsAt(partitions: readonly TopicPartition[], timestamp: number): Promise<Map<string, number | undefined>> {
    const listed = await this.cluster.sendToLeaders(partitions, (group) =>
      listOffsetsRequest('read_uncommitted', timestamp, group),
    );
    return new Map(
      listed.map(({ topic, partition, offset }) => [partitionKey(topic, partition), offset < 0 ? undefined : offset]),
    );
  }

  /**
   * Waits until every transaction has ended that wrote to these partitions before.
   *
   * @param timeoutMs - longer than the transaction time-out of whoever may have one open
   * @throws {@link KafkaUnavailableError} when one stays open for longer
   */
  async untilTransactionsEnd(partitions: readonly TopicPartition[], timeoutMs: number): Promise<void> {
    if (partitions.length === 0) return;
    const ends = await this.listOffsets(partitions, 'latest');
    await this.cluster.retry(
      'waiting for open transactions to end',
      async () => {
        const stable = await this.listOffsets(partitions, 'latest-committed');
        for (const { topic, partition } of partitions) {
          const key = partitionKey(topic, partition);
          if (stable.get(key)! < ends.get(key)!)
            throw new BrokerResponseError(ErrorCode.CONCURRENT_TRANSACTIONS, 'ListOffsets', { topic, partition });
        }
      },
      { ...this.cluster.retryPolicy, timeoutMs },
    );
  }

  private async waitUntilUsable(topics: readonly NewTopic[]): Promise<void> {
    await this.cluster.retry('waiting for new topics', async () => {
      const counts = await this.cluster.currentPartitionCounts(topics.map(({ name }) => name));
      for (const { name } of topics) {
        const count = counts.get(name);
        if (count === undefined)
          throw new BrokerResponseError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'Metadata', { topic: name });
        await this.cluster.leaders(Array.from({ length: count }, (_, partition) => ({ topic: name, partition })));
      }
    });
  }
}
