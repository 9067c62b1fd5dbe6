import type { Admin } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, KafkaJSProtocolError, logLevel } from 'kafkajs';

/** The partitions of every input and output topic. */
export const PARTITIONS = 4;

const ASK_AGAIN_MS = 50;

/** What a benchmark asks of Kafka, through the admin API: the engines are watched from outside. */
export class Cluster {
  /** A broker lists a topic for a moment after it was deleted. Names are never used again. */
  private readonly deleted = new Set<string>();

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
      waitForLeaders: false,
    });
    await untilAnswered(() => this.admin.fetchTopicMetadata({ topics: [topic] }));
  }

  /** Deletes topics of that name or prefix, so that runs do not fill the disk. */
  async deleteTopics(prefix: string): Promise<void> {
    const existing = await this.admin.listTopics();
    const topics = existing.filter((topic) => topic.startsWith(prefix) && !this.deleted.has(topic));
    if (topics.length === 0) return;
    await this.admin.deleteTopics({ topics });
    for (const topic of topics) this.deleted.add(topic);
  }

  /** By partition. */
  async endOffsets(topic: string): Promise<number[]> {
    return byPartition(await this.admin.fetchTopicOffsets(topic));
  }

  /** What the group has committed, by partition: 0 where it has committed nothing. */
  async committedOffsets(groupId: string, topic: string): Promise<number[]> {
    const [answer] = await untilAnswered(() => this.admin.fetchOffsets({ groupId, topics: [topic] }));
    return byPartition(answer?.partitions ?? []);
  }

  async groupHasMembers(groupId: string): Promise<boolean> {
    const { groups } = await untilAnswered(() => this.admin.describeGroups([groupId]));
    return groups.some((group) => group.members.length > 0);
  }
}

/** The leaders of a new topic and the group coordinator of a new broker are not there at once: errors that pass say so. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof KafkaJSProtocolError && error.retriable)) throw error;
      await pause(ASK_AGAIN_MS);
    }
  }
}

function byPartition(offsets: readonly { readonly partition: number; readonly offset: string }[]): number[] {
  const result = new Array<number>(PARTITIONS).fill(0);
  for (const { partition, offset } of offsets) result[partition] = Math.max(0, Number(offset));
  return result;
}
