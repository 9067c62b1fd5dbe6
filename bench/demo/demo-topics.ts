import { Kafka, logLevel, type Admin } from 'kafkajs';

/** The topics that `topologies/word-count.ts` reads and writes. */
export const SENTENCES = 'sentences';
export const WORD_COUNTS = 'word-counts';

const PARTITIONS = 4;

/**
 * Creates the two topics of the demo.
 *
 * @throws Error when one of them exists already: the demo would count, and in the end delete, what is not its own
 */
export async function createDemoTopics(brokers: readonly string[]): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const existing = await admin.listTopics();
    const taken = [SENTENCES, WORD_COUNTS].filter((topic) => existing.includes(topic));
    if (taken.length > 0) {
      const names = taken.map((topic) => `'${topic}'`).join(' and ');
      throw new Error(
        `The broker at ${brokers.join(', ')} already has ${names}, which the demo makes itself and deletes afterwards. ` +
          'Delete them if nobody needs them, or unset KAFKA_BROKERS to let the demo start a broker of its own.',
      );
    }
    const topics = [SENTENCES, WORD_COUNTS].map((topic) => ({
      topic,
      numPartitions: PARTITIONS,
      replicationFactor: -1,
    }));
    await admin.createTopics({ topics, waitForLeaders: true });
  });
}

/** Deletes what the demo left on a broker that others use: its topics, those that Millrace made for it, its group. */
export async function deleteDemoTopics(brokers: readonly string[], applicationId: string): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const own = (topic: string): boolean =>
      topic === SENTENCES || topic === WORD_COUNTS || topic.startsWith(`${applicationId}-`);
    await admin.deleteTopics({ topics: (await admin.listTopics()).filter(own) });
    // A group whose last member was killed counts as in use until its session time-out.
    await admin.deleteGroups([applicationId]).catch(() => undefined);
  });
}

async function withAdmin(brokers: readonly string[], work: (admin: Admin) => Promise<void>): Promise<void> {
  const admin = new Kafka({ clientId: 'millrace-demo', brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await work(admin).finally(() => admin.disconnect());
}
