import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointCatalog } from '../checkpoint/checkpoint-catalog';
import type { CheckpointMetadata } from '../checkpoint/checkpoint-metadata';
import type { SnapshotStore } from '../checkpoint/snapshot-store';
import type { MillraceConfig } from '../config/millrace-config';
import {
  ClusterClient,
  emptyCompactedTopics,
  endEmptying,
  fetchCommitted,
  GroupAdmin,
  LogWriter,
  partitionKey,
  TopicAdmin,
  type CommittedOffset,
  type LogRecord,
  type OffsetAndMetadata,
  type ProducedRange,
  type TopicPartition,
} from '../kafka';
import type { Logger } from '../logging/logger';
import { makeDirectory } from '../state/make-directory';
import type { Topology } from '../topology/graph';
import { clientOptions } from './client-options';
import { checkMark, checkRecords, checkSnapshot } from './rewind-checks';
import { ChannelSource } from './rewind-channels';
import { ApplicationExistsError, NonRestoredStateError } from './rewind-errors';
import { layOutRewind, type RewindLayout } from './rewind-layout';
import type { PlannedChannel, PlannedStore, RestorePlan } from './rewind-plan';
import { SnapshotStates } from './rewind-state';
import { settleTransactions } from './settle-transactions';
import { prepareTopics, readTopicPlan } from './topic-preparation';
import type { TopicPlan } from './topic-plan';

/**
 * How far a restore is; the steps follow one another as they stand here:
 *
 * - `checked`: nothing stands against it; nothing was touched yet.
 * - `marked`: instances refuse to start.
 * - `emptied`: the changelogs are empty.
 * - `state`: a changelog partition says what the checkpoint says.
 * - `channel`: a repartition partition has what was on its way.
 * - `committed`: the group goes on where the checkpoint was taken.
 * - `done`: instances may start.
 */
export interface RestoreProgress {
  readonly step: 'checked' | 'marked' | 'emptied' | 'state' | 'channel' | 'committed' | 'done';
  /** The partition that `state` and `channel` are about, as `topic-partition`. */
  readonly partition?: string | undefined;
  /** Of the partitions of this step, with this one. */
  readonly completed?: number | undefined;
  readonly total?: number | undefined;
}

export interface RestoreOptions {
  /** Of the application. `stateDir` holds the snapshot of one task after another while it is read. */
  readonly config: MillraceConfig;
  readonly topology: Topology;
  /** What to restore. */
  readonly metadata: CheckpointMetadata;
  /** Where its files are. */
  readonly store: SnapshotStore;
  /** Makes a new application of this id instead of rewinding the one of the checkpoint, which may be running. */
  readonly as?: string | undefined;
  /** Whether state that cannot be restored is left out; else it is an error. Default false. */
  readonly allowNonRestoredState?: boolean | undefined;
  /** Whether this takes the place of another restore that did not come to its end. Default false. */
  readonly replaceUnfinished?: boolean | undefined;
  /** Reads everything, and changes nothing. Default false. */
  readonly dryRun?: boolean | undefined;
  readonly onProgress?: ((progress: RestoreProgress) => void) | undefined;
  readonly logger: Logger;
  /** Milliseconds since 1970. Default: the clock of this machine. */
  readonly wallClock?: (() => number) | undefined;
}

type CommittedOffsets = ReadonlyMap<string, CommittedOffset | undefined>;

/**
 * Puts a whole application back to a checkpoint: its state, its offsets, and what was on its way between its tasks. What it wrote to its
 * output topics since then stays there, and is written again.
 *
 *     check       all that could stand against it, before anything is touched
 *     mark        in the snapshot store: no instance starts from here on
 *     changelogs  emptied, so that they begin behind whatever local states and other checkpoints know of them; then the state
 *     channels    what was on its way is appended to the repartition topics; what is there already is passed over
 *     offsets     committed for the group, all at once
 *     unmark
 *
 * Whatever it dies of, it can be run again, and does everything again.
 *
 * @returns what was changed; with `dryRun`, what would be
 * @throws GroupActiveError while an instance runs
 * @throws OtherRestoreError, ApplicationExistsError, RestoreMismatchError, CheckpointIncompleteError, NonRestoredStateError,
 *   RecordsLostError, CheckpointUnusableError before anything is touched
 */
export async function restoreApplication(options: RestoreOptions): Promise<RestorePlan> {
  const applicationId = options.as ?? options.config.applicationId;
  const config = { ...options.config, applicationId };
  const cluster = new ClusterClient(clientOptions(config, options.logger));
  await makeDirectory(config.stateDir);
  const directory = await mkdtemp(join(config.stateDir, '.restoring-'));
  try {
    await cluster.connect();
    return await new Rewind(options, config, cluster, directory).run();
  } finally {
    await cluster.close();
    await rm(directory, { recursive: true, force: true });
  }
}

class Rewind {
  private readonly applicationId: string;
  private readonly admin: TopicAdmin;
  private readonly group: GroupAdmin;
  private readonly catalog: CheckpointCatalog;
  private readonly states: SnapshotStates;
  private readonly channels: ChannelSource;

  constructor(
    private readonly options: RestoreOptions,
    private readonly config: MillraceConfig,
    private readonly cluster: ClusterClient,
    directory: string,
  ) {
    const { metadata, store, logger } = options;
    this.applicationId = config.applicationId;
    this.admin = new TopicAdmin(cluster);
    this.group = new GroupAdmin(cluster);
    this.catalog = new CheckpointCatalog(store, this.applicationId, logger);
    this.states = new SnapshotStates(store, directory, metadata.beganAt);
    this.channels = new ChannelSource(cluster, store, metadata.applicationId);
  }

  async run(): Promise<RestorePlan> {
    const { topology, metadata, dryRun = false } = this.options;
    const topics = await readTopicPlan(this.admin, this.config, topology);
    const layout = layOutRewind(this.applicationId, topology, topics, metadata);
    const { before, isAgain } = await this.check(layout);
    this.report({ step: 'checked' });
    if (dryRun) {
      const stores = await this.states.readEach(layout.changelogs, drain);
      const channels = await this.countChannels(layout);
      return this.plan(layout, before, await this.currentEnds(layout), stores, channels);
    }
    await this.mark(isAgain);
    this.report({ step: 'marked' });
    await this.settle(topics);
    await emptyCompactedTopics(this.cluster, this.admin, layout.changelogs);
    this.report({ step: 'emptied' });
    const stores = await this.writeState(layout);
    const { channels, starts } = await this.writeChannels(layout);
    const plan = this.plan(layout, before, starts, stores, channels);
    await this.commit(layout, plan);
    this.report({ step: 'committed' });
    await this.catalog.clearRestoring();
    this.report({ step: 'done' });
    return plan;
  }

  /** @returns what the group has committed, and whether a restore was begun before */
  private async check({ inputs, lost }: RewindLayout): Promise<{ before: CommittedOffsets; isAgain: boolean }> {
    const { metadata, store, logger, allowNonRestoredState = false, replaceUnfinished = false } = this.options;
    const isFork = this.applicationId !== metadata.applicationId;
    await this.group.requireNoMembers(this.applicationId);
    const isAgain = await checkMark(this.catalog, metadata, replaceUnfinished);
    const before = await fetchCommitted(this.cluster, this.applicationId, inputs, {
      requireStable: false,
      timeoutMs: this.config.requestTimeoutMs,
    });
    if (isFork && !isAgain && [...before.values()].some((offset) => offset !== undefined))
      throw new ApplicationExistsError(this.applicationId);
    if (lost.length > 0 && !allowNonRestoredState) throw new NonRestoredStateError(metadata.id, lost);
    await checkRecords(this.admin, metadata.id, inputs, this.channels);
    const source = new CheckpointCatalog(store, metadata.applicationId, logger);
    await checkSnapshot(source, metadata, this.channels);
    return { before, isAgain };
  }

  private async mark(isAgain: boolean): Promise<void> {
    const { metadata, wallClock = Date.now } = this.options;
    const mark = { sourceApplicationId: metadata.applicationId, id: metadata.id, beganAt: wallClock() };
    await this.catalog.markRestoring(mark);
    try {
      // An instance that looked before the mark was there may have joined. If it joins later, the group will refuse our offsets.
      await this.group.requireNoMembers(this.applicationId);
    } catch (error) {
      // Nothing was touched yet.
      if (!isAgain) await this.catalog.clearRestoring();
      throw error;
    }
  }

  /** Internal topics are as they have to be, and no transaction is open that could still change them or the group. */
  private async settle(plan: TopicPlan): Promise<void> {
    const { admin, config, options } = this;
    const changelogs = plan.internalTopics.filter(({ kind }) => kind === 'changelog').map(({ name }) => name);
    const existing = await admin.describeTopics(changelogs);
    // A restore that died may have left them in between.
    await endEmptying(
      admin,
      changelogs.filter((name) => existing.get(name) !== undefined),
    );
    await prepareTopics(admin, config, options.topology, options.logger);
    await settleTransactions(this.cluster, admin, config, plan, plan.internalTopics);
  }

  private async writeState({ changelogs }: RewindLayout): Promise<PlannedStore[]> {
    const total = changelogs.filter(({ snapshot }) => snapshot !== undefined).length;
    let completed = 0;
    return this.states.readEach(changelogs, async (target, records) => {
      await this.append(target, records);
      completed++;
      this.report({ step: 'state', partition: partitionKey(target.topic, target.partition), completed, total });
    });
  }

  /** @returns where each repartition partition is read from, by `topic-partition` */
  private async writeChannels(
    layout: RewindLayout,
  ): Promise<{ channels: PlannedChannel[]; starts: ReadonlyMap<string, number> }> {
    const starts = new Map(await this.currentEnds(layout));
    const repartitions = layout.inputs.filter(({ isRepartition }) => isRepartition);
    const channels: PlannedChannel[] = [];
    for (const { topic, partition, channel } of repartitions) {
      const key = partitionKey(topic, partition);
      const written = channel && (await this.append({ topic, partition }, this.channels.recordsOf(channel)));
      if (written !== undefined) starts.set(key, written.baseOffset);
      channels.push({ topic, partition, records: written === undefined ? 0 : written.nextOffset - written.baseOffset });
      this.report({ step: 'channel', partition: key, completed: channels.length, total: repartitions.length });
    }
    return { channels, starts };
  }

  private async append(to: TopicPartition, records: AsyncIterable<LogRecord>): Promise<ProducedRange | undefined> {
    const { maxBatchBytes, compressionType: compression } = this.config;
    const writer = await LogWriter.open(this.cluster, { maxBatchBytes, compression });
    try {
      return await writer.write(to, records);
    } finally {
      writer.close();
    }
  }

  private async countChannels({ inputs }: RewindLayout): Promise<PlannedChannel[]> {
    const counted: PlannedChannel[] = [];
    for (const { topic, partition, channel } of inputs) {
      if (channel === undefined) continue;
      let records = 0;
      for await (const { headers } of this.channels.recordsOf(channel)) records += headers === undefined ? 0 : 1;
      counted.push({ topic, partition, records });
    }
    return counted;
  }

  /** Of repartition partitions, by `topic-partition`; 0 for those that are not there yet. */
  private async currentEnds({ inputs }: RewindLayout): Promise<ReadonlyMap<string, number>> {
    const repartitions = inputs.filter(({ isRepartition }) => isRepartition);
    const found = await this.admin.describeTopics([...new Set(repartitions.map(({ topic }) => topic))]);
    const existing = repartitions.filter(({ topic }) => found.get(topic) !== undefined);
    const ends = await this.admin.listOffsets(existing, 'latest');
    return new Map(
      repartitions.map(({ topic, partition }) => {
        const key = partitionKey(topic, partition);
        return [key, ends.get(key) ?? 0];
      }),
    );
  }

  private plan(
    { inputs, lost }: RewindLayout,
    before: CommittedOffsets,
    starts: ReadonlyMap<string, number>,
    stores: readonly PlannedStore[],
    channels: readonly PlannedChannel[],
  ): RestorePlan {
    const { applicationId, id, kind, beganAt } = this.options.metadata;
    const offsets = inputs.map(({ task, topic, partition, offset }) => {
      const key = partitionKey(topic, partition);
      return { task, topic, partition, now: before.get(key)?.offset, then: starts.get(key) ?? offset };
    });
    const from = { applicationId, id, kind, beganAt };
    return { applicationId: this.applicationId, from, offsets, stores, channels, lost };
  }

  private async commit({ inputs }: RewindLayout, { offsets }: RestorePlan): Promise<void> {
    const begunAnew = offsets.filter(({ then }) => then === undefined);
    await this.group.deleteOffsets(this.applicationId, begunAnew);
    const metadata = new Map(inputs.map((input) => [partitionKey(input.topic, input.partition), input.metadata]));
    await this.group.commitOffsets(
      this.applicationId,
      offsets.flatMap(({ topic, partition, then }): OffsetAndMetadata[] =>
        then === undefined
          ? []
          : [{ topic, partition, offset: then, metadata: metadata.get(partitionKey(topic, partition)) }],
      ),
    );
  }

  private report(progress: RestoreProgress): void {
    this.options.onProgress?.(progress);
  }
}

async function drain(_target: unknown, records: AsyncIterable<LogRecord>): Promise<void> {
  const iterator = records[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}
