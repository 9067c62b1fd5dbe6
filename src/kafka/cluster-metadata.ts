import { BrokerResponseError } from './errors';
import { ErrorCode, isTransientCode } from './protocol/error-codes';
import type { BrokerNode, MetadataResponse, TopicMetadata } from './protocol/metadata';

const NO_LEADER = -1;

/** What is known of the cluster: its brokers, and the leaders of the partitions of the topics that were asked for. */
export class ClusterMetadata {
  private readonly nodes = new Map<number, BrokerNode>();
  private readonly topics = new Map<string, TopicMetadata>();
  private controllerId = -1;

  /** Every topic that was ever asked for and exists. */
  get topicNames(): string[] {
    return [...this.topics.keys()];
  }

  brokers(): BrokerNode[] {
    return [...this.nodes.values()];
  }

  broker(nodeId: number): BrokerNode | undefined {
    return this.nodes.get(nodeId);
  }

  controller(): BrokerNode | undefined {
    return this.nodes.get(this.controllerId);
  }

  /** Undefined while unknown. */
  partitionCount(topic: string): number | undefined {
    return this.topics.get(topic)?.partitions.length;
  }

  /** Undefined while the partition is unknown or has no leader. */
  leader(topic: string, partition: number): BrokerNode | undefined {
    const leader = this.topics.get(topic)?.partitions.find((candidate) => candidate.partition === partition)?.leader;
    return leader === undefined || leader === NO_LEADER ? undefined : this.nodes.get(leader);
  }

  /**
   * Takes over an answer.
   *
   * @throws {@link BrokerResponseError} for a topic that cannot be described, except one that does not exist.
   */
  update(response: MetadataResponse): void {
    if (response.brokers.length > 0) this.nodes.clear();
    for (const node of response.brokers) this.nodes.set(node.nodeId, node);
    this.controllerId = response.controllerId;
    for (const topic of response.topics) {
      if (topic.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) this.topics.delete(topic.name);
      else if (topic.errorCode === ErrorCode.NONE) this.topics.set(topic.name, topic);
      else if (!isTransientCode(topic.errorCode)) {
        throw new BrokerResponseError(topic.errorCode, 'Metadata', { topic: topic.name });
      }
    }
  }
}
