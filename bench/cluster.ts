import type { Admin } from 'kafkajs';
import { Kafka, logLevel } from 'kafkajs';

/** The partitions of every input and output topic. */
export const PARTITIONS = 4;

/** What a benchmark asks of Kafka, through the admin API: the engines are watched from outside. */
export class Cluster {
  private constructor(
    readonly brokers: readonly string[],
    private readonly admin: Admin,
  ) {}

  static async connect(brokers: readonly string[]): Promise<Cluster> {
    const admin = new Kafka({ clientId: 'millrace-bench', brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    return new Cluster(brokers, admin);
  }

  async disconnect(): Promise<void> {
    await this.admin.disconnect();
  }

  async createTopic(topic: string): Promise<void> {
    const retention = { name: 'retention.ms', value: '-1' };
    await this.admin.createTopics({
      topics: [{ topic, numPartitions: PARTITIONS, configEntries: [retention] }],
    });
  }

  /** Deletes topics of that name or prefix, so that runs do not fill the disk. */
  async deleteTopics(prefix: string): Promise<void> {
    const topics = (await this.admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await this.admin.deleteTopics({ topics });
  }

  /** By partition. */
  async endOffsets(topic: string): Promise<number[]> {
    return byPartition(await this.admin.fetchTopicOffsets(topic));
  }

  /** What the group has committed, by partition: 0 where it has committed nothing. */
  async committedOffsets(groupId: string, topic: string): Promise<number[]> {
    const [answer] = await this.admin.fetchOffsets({ groupId, topics: [topic] });
    return byPartition(answer?.partitions ?? []);
  }

  async groupHasMembers(groupId: string): Promise<boolean> {
    const { groups } = await this.admin.describeGroups([groupId]);
    return groups.some((group) => group.members.length > 0);
  }
}

function byPartition(offsets: readonly { readonly partition: number; readonly offset: string }[]): number[] {
  const result = new Array<number>(PARTITIONS).fill(0);
  for (const { partition, offset } of offsets) result[partition] = Math.max(0, Number(offset));
  return result;
}
