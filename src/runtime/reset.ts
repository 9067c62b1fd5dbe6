import { existsSync } from 'node:fs';
import { CheckpointCatalog } from '../checkpoint/checkpoint-catalog';
import type { SnapshotStore } from '../checkpoint/snapshot-store';
import type { MillraceConfig } from '../config/millrace-config';
import {
  ClusterClient,
  beginEmptying,
  emptyCompactedTopics,
  fetchCommitted,
  GroupAdmin,
  partitionKey,
  TopicAdmin,
  type CommittedOffset,
  type TopicPartition,
} from '../kafka';
import type { Logger } from '../logging/logger';
import { StateDirectory } from '../state/state-directory';
import { stateDirectoryLayout } from '../state/state-directory-layout';
import type { Topology } from '../topology/graph';
import { clientOptions } from './client-options';
import { CheckpointsLeftError, ResetMismatchError } from './reset-errors';
import type { PlannedOffset } from './rewind-plan';
import { partitionsOf, settleTransactions } from './settle-transactions';
import { StoredShape } from './stored-shape';
import { TaskLayout } from './task-layout';
import { readTopicPlan } from './topic-preparation';
import { controlTopicName, type InternalTopic, type TopicPlan } from './topic-plan';

/** Where source topics are read from after a reset: an end, or the first record of a time, in milliseconds since 1970. */
export type ResetPosition = 'earliest' | 'latest' | number;

export interface ResetOptions {
  readonly config: MillraceConfig;
  readonly topology: Topology;
  /** Where checkpoints are kept, if they are: a restore that did not come to its end is given up. */
  readonly store?: SnapshotStore | undefined;
  /** Default: `earliest`. */
  readonly to?: ResetPosition | undefined;
  /**
   * Whether internal topics are deleted instead of emptied, and with them the topic in which instances speak of checkpoints. Local states
   * on other machines must then be deleted by hand, before the application starts: nothing tells them from states of now. Default false.
   */
  readonly deleteInternalTopics?: boolean | undefined;
  /** Changes nothing. Default false. */
  readonly dryRun?: boolean | undefined;
  readonly logger: Logger;
}

/** What a reset changes. */
export interface ResetPlan {
  readonly applicationId: string;
  readonly offsets: readonly PlannedOffset[];
  /** Changelogs that are emptied. */
  readonly emptied: readonly string[];
  readonly deleted: readonly string[];
  /** Whether the group forgets its offsets, because a start without any begins at the same place. */
  readonly groupForgotten: boolean;
  /** Tasks whose state on this machine is deleted. */
  readonly localTasks: readonly string[];
}

/**
 * Puts an application back to its beginning: no state, and source topics read from where it is said. Output topics stay as they are.
 *
 * Changelogs are emptied so that they begin behind every position that local states and checkpoints know of: those become unusable
 * by themselves, and savepoints can still be restored. Repartition topics keep their records, which savepoints may need, and are read
 * from their end.
 *
 * Where topics are deleted, nothing of the application is left in Kafka if it is to begin where it would without offsets: its id can
 * be given to a fork.
 *
 * Until it is done the changelogs are set up in a way that no instance starts with. If it dies, run it again.
 *
 * @returns what was changed; with `dryRun`, what would be
 * @throws GroupActiveError while an instance runs
 * @throws StateDirectoryLockedError while an instance uses this machine's state directory
 * @throws TopicsMissingError, CopartitionError, ResetMismatchError, CheckpointsLeftError before anything is touched
 */
export async function resetApplication(options: ResetOptions): Promise<ResetPlan> {
  const { config, logger } = options;
  const cluster = new ClusterClient(clientOptions(config, logger));
  const directory = existsSync(stateDirectoryLayout(config.stateDir, config.applicationId).root)
    ? await StateDirectory.open(config.stateDir, config.applicationId)
    : undefined;
  try {
    await cluster.connect();
    return await new Reset(options, cluster, directory).run();
  } finally {
    await cluster.close();
    await directory?.close();
  }
}

class Reset {
  private readonly admin: TopicAdmin;
  private readonly group: GroupAdmin;
  private readonly catalog: CheckpointCatalog | undefined;

  constructor(
    private readonly options: ResetOptions,
    private readonly cluster: ClusterClient,
    private readonly directory: StateDirectory | undefined,
  ) {
    const { config, store, logger } = options;
    this.admin = new TopicAdmin(cluster);
    this.group = new GroupAdmin(cluster);
    this.catalog = store === undefined ? undefined : new CheckpointCatalog(store, config.applicationId, logger);
  }

  async run(): Promise<ResetPlan> {
    const { config, topology, to = 'earliest', deleteInternalTopics = false, dryRun = false } = this.options;
    const { applicationId } = config;
    await this.group.requireNoMembers(applicationId);
    const topics = await readTopicPlan(this.admin, config, topology);
    const internal = await this.existingInternal(topics);
    await this.check(internal);
    const offsets = await this.planOffsets(new TaskLayout(applicationId, topology, topics));
    const namesOf = (kind: InternalTopic['kind']): string[] =>
      internal.filter(({ wanted }) => wanted.kind === kind).map(({ wanted }) => wanted.name);
    const plan: ResetPlan = {
      applicationId,
      offsets,
      emptied: deleteInternalTopics ? [] : namesOf('changelog'),
      deleted: deleteInternalTopics
        ? [...namesOf('changelog'), ...namesOf('repartition'), ...(await this.existingControl())]
        : [],
      groupForgotten: deleteInternalTopics && to === 'earliest' && config.autoOffsetReset === 'earliest',
      localTasks: (await this.directory?.taskIds()) ?? [],
    };
    if (dryRun) return plan;

    await settleTransactions(
      this.cluster,
      this.admin,
      config,
      topics,
      internal.map(({ wanted, partitions }) => ({ name: wanted.name, partitions })),
    );
    const begin = async (): Promise<void> => {
      await this.forgetLocalState(plan);
      await this.commit(plan);
    };
    if (deleteInternalTopics) {
      await beginEmptying(this.admin, namesOf('changelog'));
      await begin();
      await this.admin.deleteTopics(plan.deleted);
    } else {
      const changelogs = internal.filter(({ wanted }) => wanted.kind === 'changelog');
      const partitions = changelogs.flatMap((topic) => partitionsOf(topic.wanted.name, topic.partitions));
      await emptyCompactedTopics(this.cluster, this.admin, partitions, begin);
    }
    await this.catalog?.clearRestoring();
    return plan;
  }

  private async existingInternal({ internalTopics }: TopicPlan): Promise<ExistingTopic[]> {
    const found = await this.admin.describeTopics(internalTopics.map(({ name }) => name));
    return internalTopics.flatMap((wanted): ExistingTopic[] => {
      const description = found.get(wanted.name);
      return description === undefined ? [] : [{ wanted, partitions: description.partitions }];
    });
  }

  /** It is not part of the plan: it is there if checkpoints were ever taken. */
  private async existingControl(): Promise<string[]> {
    const name = controlTopicName(this.options.config.applicationId);
    const found = await this.admin.describeTopics([name]);
    return found.get(name) === undefined ? [] : [name];
  }

  private async check(internal: readonly ExistingTopic[]): Promise<void> {
    const { config, deleteInternalTopics = false } = this.options;
    if (!deleteInternalTopics) {
      const misfits = internal.filter(({ wanted, partitions }) => wanted.partitions !== partitions);
      if (misfits.length > 0) throw new ResetMismatchError(misfits);
      return;
    }
    const left = (await this.catalog?.list()) ?? [];
    if (left.length > 0) {
      const ids = left.map(({ id }) => id);
      throw new CheckpointsLeftError(config.applicationId, this.catalog!.description, ids);
    }
  }

  private async planOffsets(layout: TaskLayout): Promise<PlannedOffset[]> {
    const { config, deleteInternalTopics = false } = this.options;
    const repartitions = new Set(layout.repartitionTopics);
    const inputs = layout.tasks
      .flatMap((id) => layout.inputsOf(id).map((input) => ({ task: id.toString(), ...input })))
      .sort((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition);
    const external = inputs.filter(({ topic }) => !repartitions.has(topic));
    const committed = await fetchCommitted(this.cluster, config.applicationId, inputs, {
      requireStable: false,
      timeoutMs: config.requestTimeoutMs,
    });
    const then = new Map(await this.positions(external));
    if (!deleteInternalTopics) {
      const found = await this.admin.describeTopics([...repartitions]);
      const internal = inputs.filter(({ topic }) => repartitions.has(topic) && found.get(topic) !== undefined);
      for (const [key, end] of await this.admin.listOffsets(internal, 'latest')) then.set(key, end);
    }
    return inputs.map(({ task, topic, partition }) => {
      const key = partitionKey(topic, partition);
      const now: CommittedOffset | undefined = committed.get(key);
      return { task, topic, partition, now: now?.offset, then: then.get(key) };
    });
  }

  /** Where source partitions are to be read from, by `topic-partition`. */
  private async positions(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>> {
    const { to = 'earliest' } = this.options;
    if (typeof to === 'string') return this.admin.listOffsets(partitions, to);
    const [found, ends] = [
      await this.admin.offsetsAt(partitions, to),
      await this.admin.listOffsets(partitions, 'latest'),
    ];
    return new Map([...ends].map(([key, end]) => [key, found.get(key) ?? end]));
  }

  /** Of all stores; those without a changelog would not notice otherwise. */
  private async forgetLocalState({ localTasks }: ResetPlan): Promise<void> {
    if (this.directory === undefined) return;
    for (const task of localTasks) await this.directory.wipeTask(task);
    await StoredShape.forget(this.directory.path);
  }

  private async commit({ applicationId, offsets, groupForgotten }: ResetPlan): Promise<void> {
    if (groupForgotten) return this.group.deleteOffsets(applicationId, offsets);
    await this.group.commitOffsets(
      applicationId,
      offsets.flatMap(({ topic, partition, then }) => (then === undefined ? [] : [{ topic, partition, offset: then }])),
    );
  }
}

interface ExistingTopic {
  readonly wanted: InternalTopic;
  readonly partitions: number;
}
