import type { StateDatabase } from '../state/state-database';
import type { StoreDefinition, Subtopology, Topology, TopicReference } from '../topology/graph';
import type { TaskId } from '../task/task-id';
import { changelogTopicName, referenceOf, repartitionCounts, sourceTopics, type TopicPlan } from './topic-plan';

/** Undefined for a task of another version of the topology. */
export function subtopologyOf(topology: Topology, { subtopology }: TaskId): Subtopology | undefined {
  return topology.subtopologies.find(({ id }) => id === subtopology);
}

/** Which partitions belong to which task. */
export class TaskLayout {
  constructor(
    readonly applicationId: string,
    private readonly topology: Topology,
    private readonly plan: TopicPlan,
  ) {}

  get tasks(): readonly TaskId[] {
    return this.plan.tasks;
  }

  subtopology(id: TaskId): Subtopology {
    return subtopologyOf(this.topology, id)!;
  }

  /** A source topic with fewer partitions than others of its subtopology has no part in the tasks above its last one. */
  inputsOf(id: TaskId): readonly { readonly topic: string; readonly partition: number }[] {
    return sourceTopics(this.applicationId, this.subtopology(id))
      .filter((topic) => id.partition < this.plan.sourcePartitions.get(topic)!)
      .map((topic) => ({ topic, partition: id.partition }));
  }

  changelogsOf(
    id: TaskId,
  ): readonly { readonly topic: string; readonly partition: number; readonly store: StoreDefinition }[] {
    return this.subtopology(id)
      .stores.filter((store) => store.changelog)
      .map((store) => ({ topic: changelogTopicName(this.applicationId, store.name), partition: id.partition, store }));
  }

  /** How the topology calls one of its source topics. */
  referenceOf(topic: string): TopicReference {
    return referenceOf(this.topology, this.applicationId, topic);
  }

  /** By store: how far its changelog partition is in this state. */
  changelogPositions(id: TaskId, database: StateDatabase): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.changelogsOf(id).flatMap(({ store: { name } }) => {
        const position = database.changelogPosition(name);
        return position === undefined ? [] : [[name, position]];
      }),
    );
  }

  /** Every source topic: what each member subscribes to. */
  get allSourceTopics(): readonly string[] {
    return [...this.plan.sourcePartitions.keys()];
  }

  /** How many partitions a repartition topic has, by the name that the topology has for it. */
  partitionsOf(repartitionTopic: string): number | undefined {
    return repartitionCounts(this.applicationId, this.plan)(repartitionTopic);
  }

  get repartitionTopics(): readonly string[] {
    return this.plan.internalTopics.filter(({ kind }) => kind === 'repartition').map(({ name }) => name);
  }
}
