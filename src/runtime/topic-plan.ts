import { describeLocation, MillraceError } from '../errors/millrace-error';
import type { Subtopology, Topology, TopicReference } from '../topology/graph';
import { copartitionedFor } from '../topology/copartition';
import { changelogTopic } from '../topology/topics';
import { TaskId } from '../task/task-id';

/** How a topic is called in Kafka. */
export function topicName(applicationId: string, topic: TopicReference): string {
  return topic.internal ? `${applicationId}-${topic.name}` : topic.name;
}

/** How the topology calls one of its input topics. */
export function referenceOf(topology: Topology, applicationId: string, topic: string): TopicReference {
  const name = topic.slice(applicationId.length + 1);
  const internal = topic.startsWith(`${applicationId}-`) && topology.repartitionTopics.has(name);
  return internal ? { name, internal } : { name: topic, internal };
}

/** How the topic is called in which the instances of an application speak of checkpoints. */
export function controlTopicName(applicationId: string): string {
  return topicName(applicationId, { name: 'millrace-control', internal: true });
}

/** How the topic with a store's changes is called in Kafka. */
export function changelogTopicName(applicationId: string, store: string): string {
  return topicName(applicationId, changelogTopic(store));
}

/** A topic that the topology reads or writes does not exist. */
export class TopicsMissingError extends MillraceError {
  readonly code = 'TOPICS_MISSING';

  constructor(topics: readonly string[], role: 'source' | 'sink' | 'dead-letter') {
    const names = topics.map((topic) => `'${topic}'`).join(', ');
    super(
      `The ${role} topic${topics.length === 1 ? '' : 's'} ${names} cannot be found. Create ${topics.length === 1 ? 'it' : 'them'} before the application starts.`,
      {
        location: { topic: topics[0] },
      },
    );
  }
}

/** Topics that are read by one task per partition have different numbers of partitions. */
export class CopartitionError extends MillraceError {
  readonly code = 'TOPICS_NOT_COPARTITIONED';

  constructor(counts: ReadonlyMap<string, number>, node: string | undefined) {
    const list = [...counts].map(([topic, count]) => `'${topic}' has ${count}`).join(', ');
    const where = node === undefined ? '' : ` at node '${node}'`;
    super(
      `Topics that are processed together${where} must have the same number of partitions, but ${list}. Recreate one, or pass one through repartition().`,
      { location: { node } },
    );
  }
}

/** An internal topic exists, but is not what this topology needs. */
export class InternalTopicMismatchError extends MillraceError {
  readonly code = 'INTERNAL_TOPIC_MISMATCH';

  constructor(topic: string, setting: string, expected: string | number, found: string | number) {
    super(
      `The internal topic at ${describeLocation({ topic })} has ${setting} ${found}, expected ${expected}. It was made by another version of the topology, or by hand: reset the application, or use another application id.`,
      { location: { topic } },
    );
  }
}

/** An internal topic as it has to be. */
export interface InternalTopic {
  readonly name: string;
  readonly kind: 'changelog' | 'repartition' | 'control';
  readonly partitions: number;
}

/** Everything that follows from the topology and the partition counts of its source topics. */
export interface TopicPlan {
  readonly tasks: readonly TaskId[];
  readonly internalTopics: readonly InternalTopic[];
  /** Partition count of every source topic, internal ones included. */
  readonly sourcePartitions: ReadonlyMap<string, number>;
}

/** Names of the topics that users have to create: sources, sinks with a fixed name, and those of global tables. */
export function externalTopics(topology: Topology): { sources: string[]; sinks: string[]; globals: string[] } {
  const sources = new Set<string>();
  const sinks = new Set<string>();
  for (const node of topology.nodes.values()) {
    if (node.kind === 'source')
      node.topics.filter((topic) => !topic.internal).forEach((topic) => sources.add(topic.name));
    if (node.kind === 'sink' && typeof node.topic !== 'function' && !node.topic.internal) sinks.add(node.topic.name);
  }
  const globals = [...topology.globalTables.values()].map(({ topic }) => topic.name);
  return { sources: [...sources], sinks: [...sinks], globals: [...new Set(globals)] };
}

/**
 * Works out tasks and internal topics.
 *
 * @param partitionsOf - partition counts of the external source topics
 * @throws CopartitionError when topics that must be co-partitioned are not
 */
export function planTopics(
  applicationId: string,
  topology: Topology,
  partitionsOf: ReadonlyMap<string, number>,
): TopicPlan {
  const counts = new Map(partitionsOf);
  resolveRepartitionTopics(applicationId, topology, counts);
  for (const subtopology of topology.subtopologies) checkCopartitioning(applicationId, subtopology, counts);

  const tasks: TaskId[] = [];
  const internalTopics: InternalTopic[] = [];
  for (const subtopology of topology.subtopologies) {
    const taskCount = Math.max(...sourceTopics(applicationId, subtopology).map((topic) => counts.get(topic)!));
    for (let partition = 0; partition < taskCount; partition++) tasks.push(new TaskId(subtopology.id, partition));
    for (const store of subtopology.stores) {
      if (store.changelog)
        internalTopics.push({
          name: changelogTopicName(applicationId, store.name),
          kind: 'changelog',
          partitions: taskCount,
        });
    }
  }
  for (const name of topology.repartitionTopics.keys()) {
    const topic = topicName(applicationId, { name, internal: true });
    internalTopics.push({ name: topic, kind: 'repartition', partitions: counts.get(topic)! });
  }
  return { tasks, internalTopics, sourcePartitions: counts };
}

/** How many partitions a repartition topic has, by the name that the topology has for it. */
export function repartitionCounts(applicationId: string, plan: TopicPlan): (name: string) => number | undefined {
  return (name) => plan.sourcePartitions.get(topicName(applicationId, { name, internal: true }));
}

export function sourceTopics(applicationId: string, subtopology: Subtopology): string[] {
  return [
    ...new Set(subtopology.sources.flatMap((source) => source.topics.map((topic) => topicName(applicationId, topic)))),
  ];
}

/**
 * A repartition topic without a count of its own takes that of the topics that it must be co-partitioned with, else the largest
 * that its writers read. Several such topics in one co-partition group all take the largest of theirs.
 */
function resolveRepartitionTopics(applicationId: string, topology: Topology, counts: Map<string, number>): void {
  const nameOf = (name: string): string => topicName(applicationId, { name, internal: true });
  for (const { name, partitions } of topology.repartitionTopics.values()) {
    if (partitions !== undefined) counts.set(nameOf(name), partitions);
  }
  const unresolved = new Set([...topology.repartitionTopics.keys()].filter((name) => !counts.has(nameOf(name))));
  let progress = true;
  while (unresolved.size > 0 && progress) {
    progress = false;
    for (const name of unresolved) {
      const count = copartitionedCount(applicationId, topology, name, counts);
      if (count === undefined) continue;
      counts.set(nameOf(name), count);
      unresolved.delete(name);
      progress = true;
    }
    if (!progress && unresolved.size > 0) progress = resolveLoop(applicationId, topology, unresolved, counts);
  }
}

/** Repartition topics that feed each other in a loop: the largest count known among the sources that feed any of them. */
function resolveLoop(
  applicationId: string,
  topology: Topology,
  unresolved: Set<string>,
  counts: Map<string, number>,
): boolean {
  const known = [...unresolved].flatMap((name) =>
    topology.subtopologies
      .filter((subtopology) => subtopology.writesRepartition.includes(name))
      .flatMap((subtopology) => sourceTopics(applicationId, subtopology).flatMap((topic) => counts.get(topic) ?? [])),
  );
  const first = [...unresolved][0]!;
  counts.set(topicName(applicationId, { name: first, internal: true }), Math.max(1, ...known));
  unresolved.delete(first);
  return true;
}

function copartitionedCount(
  applicationId: string,
  topology: Topology,
  name: string,
  counts: ReadonlyMap<string, number>,
): number | undefined {
  const group = topology.subtopologies
    .flatMap(({ copartitionGroups }) => copartitionGroups)
    .find((topics) => topics.some((topic) => topic.internal && topic.name === name));
  if (group === undefined) return writersCount(applicationId, topology, name, counts);
  const known = group.flatMap((topic) => counts.get(topicName(applicationId, topic)) ?? []);
  if (known.length > 0) return Math.max(...known);
  const written = group.map((topic) => writersCount(applicationId, topology, topic.name, counts));
  return written.every((count) => count !== undefined) ? Math.max(...written) : undefined;
}

function writersCount(
  applicationId: string,
  topology: Topology,
  name: string,
  counts: ReadonlyMap<string, number>,
): number | undefined {
  let largest: number | undefined;
  for (const subtopology of topology.subtopologies) {
    if (!subtopology.writesRepartition.includes(name)) continue;
    for (const topic of sourceTopics(applicationId, subtopology)) {
      const count = counts.get(topic);
      if (count === undefined) return undefined;
      largest = Math.max(largest ?? 0, count);
    }
  }
  return largest;
}

function checkCopartitioning(
  applicationId: string,
  subtopology: Subtopology,
  counts: ReadonlyMap<string, number>,
): void {
  for (const group of subtopology.copartitionGroups) {
    const inGroup = new Map(
      group.map((topic) => topicName(applicationId, topic)).map((topic) => [topic, counts.get(topic)!]),
    );
    if (new Set(inGroup.values()).size > 1)
      throw new CopartitionError(inGroup, copartitionedFor(subtopology.nodes, group));
  }
}
