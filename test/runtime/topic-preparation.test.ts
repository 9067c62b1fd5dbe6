import { serdes } from '../../src/index';
import type { NewTopic, TopicAdmin } from '../../src/kafka';
import { silentLogger } from '../../src/logging/logger';
import type { TopicPlan } from '../../src/runtime/topic-plan';
import { prepareTopics } from '../../src/runtime/topic-preparation';
import { build, text } from '../topology/build';

interface Topic {
  readonly partitions: number;
  readonly configs: ReadonlyMap<string, string>;
}

/** Stands for a broker, where only what Millrace asks of it and does with the answer is the matter. */
class TopicsInMemory {
  readonly topics = new Map<string, Topic>();
  readonly created: NewTopic[] = [];
  /** Called before topics are created: another instance may be faster. */
  beforeCreate = (): void => undefined;

  has(name: string, partitions: number, configs: Record<string, string> = {}): this {
    this.topics.set(name, { partitions, configs: new Map(Object.entries(configs)) });
    return this;
  }

  async describeTopics(names: readonly string[]): Promise<Map<string, { partitions: number } | undefined>> {
    return new Map(names.map((name) => [name, this.topics.get(name)]));
  }

  async topicConfigs(names: readonly string[]): Promise<Map<string, ReadonlyMap<string, string>>> {
    return new Map(names.map((name) => [name, this.topics.get(name)!.configs]));
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    this.beforeCreate();
    for (const topic of topics) {
      if (this.topics.has(topic.name)) continue;
      this.created.push(topic);
      this.has(topic.name, topic.partitions, topic.configs);
    }
  }
}

const topology = build((builder) =>
  builder
    .stream('in', text)
    .groupBy((_key, value) => value, text)
    .count('counts')
    .toStream()
    .to('out', { value: serdes.decimalText }),
);

const prepare = (broker: TopicsInMemory, deadLetterTopic?: string): Promise<TopicPlan> =>
  prepareTopics(
    broker as unknown as TopicAdmin,
    { applicationId: 'app', replicationFactor: 3, deadLetterTopic },
    topology,
    silentLogger,
  );

const CHANGELOG = 'app-counts-changelog';
const REPARTITION = 'app-counts-repartition';
const withUserTopics = (): TopicsInMemory => new TopicsInMemory().has('in', 2).has('out', 1);
const withInternalTopics = (): TopicsInMemory =>
  withUserTopics()
    .has(CHANGELOG, 2, { 'cleanup.policy': 'compact' })
    .has(REPARTITION, 2, { 'cleanup.policy': 'delete', 'retention.ms': '-1' });

describe('prepareTopics', () => {
  it('creates the internal topics with the settings that keep their records', async () => {
    const broker = withUserTopics();
    const { tasks } = await prepare(broker);
    expect(tasks.map(String)).toEqual(['0_0', '0_1', '1_0', '1_1']);
    expect(broker.created).toMatchObject([
      { name: CHANGELOG, partitions: 2, replicationFactor: 3, configs: { 'cleanup.policy': 'compact' } },
      { name: REPARTITION, partitions: 2, configs: { 'cleanup.policy': 'delete', 'retention.ms': '-1' } },
    ]);
  });

  it('leaves internal topics that fit as they are', async () => {
    const broker = withInternalTopics();
    await prepare(broker);
    expect(broker.created).toEqual([]);
  });

  it.each([
    ['source', () => new TopicsInMemory().has('out', 1), undefined, "The source topic 'in' cannot be found."],
    ['sink', () => new TopicsInMemory().has('in', 1), undefined, "The sink topic 'out' cannot be found."],
    ['dead-letter', withUserTopics, 'letters', "The dead-letter topic 'letters' cannot be found."],
  ] as const)(
    'refuses a missing %s topic before it creates anything',
    async (_role, brokerOf, deadLetters, message) => {
      const broker = brokerOf();
      await expect(prepare(broker, deadLetters)).rejects.toThrow(message);
      expect(broker.created).toEqual([]);
    },
  );

  it('has its plan looked at before it creates anything', async () => {
    const broker = withUserTopics();
    const options = { applicationId: 'app', replicationFactor: 1, deadLetterTopic: undefined };
    const refuse = ({ sourcePartitions }: TopicPlan): void => {
      throw new Error(`no ${sourcePartitions.get(REPARTITION)} partitions`);
    };
    await expect(
      prepareTopics(broker as unknown as TopicAdmin, options, topology, silentLogger, refuse),
    ).rejects.toThrow('no 2 partitions');
    expect(broker.created).toEqual([]);
  });

  it('names all missing sources at once', async () => {
    const many = build((builder) => builder.stream(['a', 'b'], text).to('out'));
    const broker = new TopicsInMemory();
    const options = { applicationId: 'app', replicationFactor: 1, deadLetterTopic: undefined };
    await expect(prepareTopics(broker as unknown as TopicAdmin, options, many, silentLogger)).rejects.toThrow(
      "The source topics 'a', 'b' cannot be found. Create them before the application starts.",
    );
  });

  it('refuses an internal topic with another number of partitions', async () => {
    const broker = withInternalTopics().has(REPARTITION, 5, { 'cleanup.policy': 'delete', 'retention.ms': '-1' });
    await expect(prepare(broker)).rejects.toMatchObject({
      code: 'INTERNAL_TOPIC_MISMATCH',
      message: expect.stringContaining(`topic '${REPARTITION}' has a partition count of 5, expected 2`) as string,
    });
  });

  it.each([
    [CHANGELOG, { 'cleanup.policy': 'delete' }, 'has cleanup.policy delete, expected compact'],
    // Its old records would be deleted as well, and the state with them.
    [CHANGELOG, { 'cleanup.policy': 'compact,delete' }, 'has cleanup.policy compact,delete, expected compact'],
    [REPARTITION, { 'cleanup.policy': 'compact' }, 'has cleanup.policy compact, expected delete'],
    [
      REPARTITION,
      { 'cleanup.policy': 'delete', 'retention.ms': '604800000' },
      'has retention.ms 604800000, expected -1',
    ],
  ])('refuses %s with settings that lose records: %j', async (topic, configs, message) => {
    await expect(prepare(withInternalTopics().has(topic, 2, configs))).rejects.toThrow(message);
  });

  it('looks at what another instance created in the meantime', async () => {
    const broker = withUserTopics();
    broker.beforeCreate = () => broker.has(CHANGELOG, 9, { 'cleanup.policy': 'compact' });
    await expect(prepare(broker)).rejects.toThrow('has a partition count of 9, expected 2');
  });
});
