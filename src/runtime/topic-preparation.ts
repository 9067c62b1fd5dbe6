import type { MillraceConfig } from '../config/millrace-config';
import type { TopicAdmin } from '../kafka';
import type { Logger } from '../logging/logger';
import type { Topology } from '../topology/graph';
import {
  controlTopicName,
  externalTopics,
  InternalTopicMismatchError,
  planTopics,
  TopicsMissingError,
  type InternalTopic,
  type TopicPlan,
} from './topic-plan';

/**
 * Settings of the topics that Millrace makes, as Kafka Streams makes them. A repartition topic keeps its records until they are
 * deleted behind the committed offsets; its segments are small so that deleting frees disk soon.
 */
const SETTINGS: Readonly<Record<InternalTopic['kind'], Readonly<Record<string, string>>>> = {
  changelog: { 'cleanup.policy': 'compact', 'message.timestamp.type': 'CreateTime' },
  repartition: {
    'cleanup.policy': 'delete',
    'retention.ms': '-1',
    'segment.bytes': String(50 * 1024 * 1024),
    'message.timestamp.type': 'CreateTime',
  },
  // What was said is of no use to who was not there.
  control: { 'cleanup.policy': 'delete', 'retention.ms': String(24 * 60 * 60 * 1000) },
};

/** Settings of an existing internal topic without which records would be lost. */
const REQUIRED: Readonly<Record<InternalTopic['kind'], Readonly<Record<string, string>>>> = {
  changelog: { 'cleanup.policy': 'compact' },
  repartition: { 'cleanup.policy': 'delete', 'retention.ms': '-1' },
  control: {},
};

/**
 * Checks the topics of the user and makes the internal ones that are missing.
 *
 * @param check - looks at the plan before anything is made
 * @throws TopicsMissingError a source, a sink with a fixed name or the dead-letter topic does not exist
 * @throws CopartitionError sources that must be co-partitioned are not
 * @throws InternalTopicMismatchError an internal topic exists with another partition count or cleanup policy
 */
export async function prepareTopics(
  admin: TopicAdmin,
  options: Pick<MillraceConfig, 'applicationId' | 'replicationFactor' | 'deadLetterTopic'> &
    Partial<Pick<MillraceConfig, 'checkpointStore'>>,
  topology: Topology,
  logger: Logger,
  check: (plan: TopicPlan) => void = () => undefined,
): Promise<TopicPlan> {
  const plan = await readTopicPlan(admin, options, topology);
  check(plan);
  const control: InternalTopic = { name: controlTopicName(options.applicationId), kind: 'control', partitions: 1 };
  const internalTopics =
    options.checkpointStore === undefined ? plan.internalTopics : [...plan.internalTopics, control];
  await createInternalTopics(admin, options.replicationFactor, internalTopics, logger);
  return plan;
}

/**
 * Checks the topics of the user, and makes nothing.
 *
 * @throws TopicsMissingError, CopartitionError
 */
export async function readTopicPlan(
  admin: TopicAdmin,
  options: Pick<MillraceConfig, 'applicationId' | 'deadLetterTopic'>,
  topology: Topology,
): Promise<TopicPlan> {
  const { sources, sinks, globals } = externalTopics(topology);
  const deadLetter = options.deadLetterTopic === undefined ? [] : [options.deadLetterTopic];
  const found = await admin.describeTopics([...new Set([...sources, ...sinks, ...globals, ...deadLetter])]);
  const missing = (topics: readonly string[]): string[] => topics.filter((topic) => found.get(topic) === undefined);
  for (const [topics, role] of [
    [[...sources, ...globals], 'source'],
    [sinks, 'sink'],
    [deadLetter, 'dead-letter'],
  ] as const) {
    const absent = missing(topics);
    if (absent.length > 0) throw new TopicsMissingError(absent, role);
  }
  return planTopics(
    options.applicationId,
    topology,
    new Map(sources.map((topic) => [topic, found.get(topic)!.partitions])),
  );
}

async function createInternalTopics(
  admin: TopicAdmin,
  replicationFactor: number,
  topics: readonly InternalTopic[],
  logger: Logger,
): Promise<void> {
  const existing = await admin.describeTopics(topics.map(({ name }) => name));
  const absent = topics.filter(({ name }) => existing.get(name) === undefined);
  if (absent.length > 0) {
    await admin.createTopics(
      absent.map(({ name, kind, partitions }) => ({ name, partitions, replicationFactor, configs: SETTINGS[kind] })),
    );
    logger.info(
      { event: 'topics_created', topics: absent.map(({ name }) => name) },
      `Created ${absent.length} internal topics`,
    );
  }
  // Another instance may have made them in the meantime, perhaps for another topology: look at what is there now.
  const present = await admin.describeTopics(topics.map(({ name }) => name));
  const configs = await admin.topicConfigs(topics.map(({ name }) => name));
  for (const { name, kind, partitions } of topics) {
    const count = present.get(name)!.partitions;
    if (count !== partitions) throw new InternalTopicMismatchError(name, 'a partition count of', partitions, count);
    for (const [setting, expected] of Object.entries(REQUIRED[kind])) {
      const value = configs.get(name)?.get(setting);
      if (value !== undefined && value !== expected)
        throw new InternalTopicMismatchError(name, setting, expected, value);
    }
  }
}
