import type { ClusterClient } from './cluster-client';
import { BrokerResponseError, TopicMissingError } from './errors';
import { ErrorCode } from './protocol/error-codes';
import { listOffsetsRequest } from './protocol/list-offsets';
import { partitionKey, type TopicPartition, type TopicPartitionOffset } from './protocol/topic-partition';
import { createTopicsRequest, deleteRecordsRequest, describeConfigsRequest, type NewTopic } from './protocol/topics';

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
