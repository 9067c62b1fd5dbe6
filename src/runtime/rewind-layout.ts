import { ChannelCut } from '../checkpoint/channel-cut';
import type { ChannelState, CheckpointMetadata, TaskSnapshot } from '../checkpoint/checkpoint-metadata';
import { partitionKey, type TopicPartition } from '../kafka';
import { TaskId } from '../task/task-id';
import type { StoreDefinition, Topology, TopicReference } from '../topology/graph';
import { shapeChanges, shapeOf, type ShapeChange } from '../topology/topology-shape';
import { CheckpointIncompleteError, RestoreMismatchError, type LostState } from './rewind-errors';
import { TaskLayout } from './task-layout';
import { repartitionCounts, topicName, type TopicPlan } from './topic-plan';

/** A changelog partition, and what it is to say. */
export interface ChangelogTarget extends TopicPartition {
  /** Of the topology as it is now. */
  readonly task: string;
  readonly store: StoreDefinition;
  /** Undefined for a store that the checkpoint does not know: it begins empty. */
  readonly snapshot: TaskSnapshot | undefined;
}

/** An input partition, and where it is to be read from. */
export interface InputTarget extends TopicPartition {
  /** Of the topology as it is now. */
  readonly task: string;
  /** Beside the offset: the partition's time, encoded. */
  readonly metadata: string;
  /** Of a source topic; undefined where the checkpoint does not know it, and it begins anew. */
  readonly offset: number | undefined;
  /** What was on its way in a repartition partition, if anything was: it is written anew, and read from there. */
  readonly channel: ChannelState | undefined;
  readonly isRepartition: boolean;
}

/** What of a checkpoint belongs where in an application as it is now. */
export interface RewindLayout {
  readonly changelogs: readonly ChangelogTarget[];
  readonly inputs: readonly InputTarget[];
  /** What cannot be restored. */
  readonly lost: readonly LostState[];
}

/**
 * Finds for each changelog and each input what a checkpoint has for it. Stores and topics are found by their names: the numbers of
 * subtopologies may have changed.
 *
 * @param applicationId - that is to be rewound; of a fork, the new one
 * @throws RestoreMismatchError, CheckpointIncompleteError
 */
export function layOutRewind(
  applicationId: string,
  topology: Topology,
  plan: TopicPlan,
  metadata: CheckpointMetadata,
): RewindLayout {
  const layout = new TaskLayout(applicationId, topology, plan);
  const named = (topic: TopicReference): string => topicName(applicationId, topic);
  const differences = [
    ...shapeChanges(metadata.shape, shapeOf(topology, repartitionCounts(applicationId, plan))),
    ...taskCountChanges(topology, plan, metadata),
    ...inputCountChanges(plan, metadata, named),
  ];
  if (differences.length > 0) throw new RestoreMismatchError(metadata.id, differences);

  const snapshots = new Map(metadata.tasks.map((snapshot) => [snapshot.task, snapshot]));
  const changelogs = layout.tasks.flatMap((id) =>
    layout.changelogsOf(id).map(({ topic, partition, store }) => {
      const shape = metadata.shape.stores[store.name];
      const target = { task: id.toString(), topic, partition, store };
      if (shape === undefined) return { ...target, snapshot: undefined };
      const task = new TaskId(shape.subtopology, partition).toString();
      const snapshot = snapshots.get(task);
      if (snapshot === undefined) throw new CheckpointIncompleteError(metadata.id, `task ${task}`);
      return { ...target, snapshot };
    }),
  );
  const known = new Map(
    metadata.tasks
      .flatMap(({ inputs }) => inputs)
      .map((input) => [partitionKey(named(input.topic), input.partition), input]),
  );
  const channels = new Map(
    metadata.channels.map((channel) => [partitionKey(named(channel.topic), channel.partition), channel]),
  );
  const repartitions = new Set(layout.repartitionTopics);
  const inputs = layout.tasks.flatMap((id) =>
    layout.inputsOf(id).map(({ topic, partition }): InputTarget => {
      const input = known.get(partitionKey(topic, partition));
      const channel = channels.get(partitionKey(topic, partition));
      const isRepartition = repartitions.has(topic);
      const { metadata: beside = '', offset } = input ?? {};
      return { task: id.toString(), topic, partition, metadata: beside, offset, channel, isRepartition };
    }),
  );
  return { changelogs, inputs, lost: lostState(topology, metadata) };
}

/** Keys are in the task that their hash and the number of tasks say. */
function taskCountChanges(topology: Topology, plan: TopicPlan, metadata: CheckpointMetadata): ShapeChange[] {
  const taken = countBy(metadata.tasks.map(({ task }) => TaskId.parse(task)?.subtopology));
  const planned = countBy(plan.tasks.map(({ subtopology }) => subtopology));
  return topology.subtopologies.flatMap(({ id, stores }) =>
    stores.flatMap(({ name }): ShapeChange[] => {
      const shape = metadata.shape.stores[name];
      if (shape === undefined) return [];
      const before = taken.get(shape.subtopology) ?? 0;
      const now = planned.get(id) ?? 0;
      const consequence = 'keys would come to other tasks than those that have their state';
      return before === now ? [] : [{ what: `store '${name}'`, property: 'number of tasks', before, now, consequence }];
    }),
  );
}

/** Partitions may have been added to a topic. That there are fewer says that it is another one. */
function inputCountChanges(
  plan: TopicPlan,
  metadata: CheckpointMetadata,
  named: (topic: TopicReference) => string,
): ShapeChange[] {
  const taken = countBy(metadata.tasks.flatMap(({ inputs }) => inputs.map(({ topic }) => named(topic))));
  return [...taken].flatMap(([topic, before]): ShapeChange[] => {
    const now = plan.sourcePartitions.get(topic) ?? before;
    const consequence = 'it was made anew, and does not have the records that were in it';
    return now >= before ? [] : [{ what: `topic '${topic}'`, property: 'partitions', before, now, consequence }];
  });
}

function countBy<T>(items: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

function lostState(topology: Topology, metadata: CheckpointMetadata): LostState[] {
  const written = new Set(metadata.tasks.flatMap(({ changelogPositions }) => Object.keys(changelogPositions)));
  const gone = Object.entries(metadata.shape.stores)
    // What a topology lost long ago stays in its shape.
    .filter(([name, { changelog }]) => !topology.stores.has(name) && (written.has(name) || !changelog))
    .map(([name]) => ({ what: `store '${name}'`, why: 'the topology has no such store' }));
  const unlogged = [...topology.stores.values()]
    .filter(({ changelog }) => !changelog)
    .map(({ name }) => ({
      what: `store '${name}'`,
      why: 'it has no changelog to restore it through. Delete the state directories of all instances, or it goes on as it is',
    }));
  const sources = new Set(
    topology.subtopologies.flatMap(({ sources: nodes }) =>
      nodes.flatMap(({ topics }) => topics.filter(({ internal }) => internal).map(({ name }) => name)),
    ),
  );
  const unread = metadata.channels
    .filter(({ topic, from, barriers }) => !sources.has(topic.name) && new ChannelCut(barriers).end > from)
    .map(({ topic, partition }) => ({
      what: `what is on its way through topic '${topic.name}', partition ${partition}`,
      why: 'the topology does not read it',
    }));
  return [...gone, ...unlogged, ...unread];
}
