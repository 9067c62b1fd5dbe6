import type { CatalogEntry } from '../checkpoint/catalog-entries';
import { CheckpointCatalog } from '../checkpoint/checkpoint-catalog';
import type { ChannelState, CheckpointMetadata, SnapshotFile } from '../checkpoint/checkpoint-metadata';
import { ControlLog } from '../checkpoint/control-log';
import { FailedCheckpoints } from '../checkpoint/failed-checkpoints';
import type { ControlMessage } from '../checkpoint/control-messages';
import { CheckpointCoordinator, type CompletedCheckpoints } from '../checkpoint/coordinator';
import { TooManyCheckpointFailuresError } from '../checkpoint/errors';
import { KnownContents } from '../checkpoint/known-contents';
import type { SnapshotStore } from '../checkpoint/snapshot-store';
import { uploadTaskSnapshot } from '../checkpoint/task-upload';
import { areReadToTheirEnds } from './repartitions-read';
import { partitionKey, type ClusterClient, type TopicAdmin } from '../kafka';
import type { Logger } from '../logging/logger';
import type { MillraceMetrics } from '../metrics/metrics';
import type { StateDirectory } from '../state/state-directory';
import type { Task } from '../task/task';
import type { TaskId } from '../task/task-id';
import type { RecordCollector } from '../task/task-io';
import type { TopologyShape } from '../topology/topology-shape';
import type { ApplicationAvailability } from './application-availability';
import type { CheckpointSettings } from './checkpoint-settings';
import { CheckpointRecovery } from './checkpoint-recovery';
import type { FailpointHook } from './failpoints';
import type { RepartitionPurge } from './repartition-purge';
import type { RestoreListener } from './restore-progress';
import { fedTopicsOf, ThreadCheckpoints, type TakenSnapshot } from './thread-checkpoints';
import type { TaskLayout } from './task-layout';
import { controlTopicName, topicName } from './topic-plan';

export interface InstanceCheckpointsParts {
  readonly store: SnapshotStore;
  readonly cluster: ClusterClient;
  readonly admin: TopicAdmin;
  readonly layout: TaskLayout;
  readonly shape: TopologyShape;
  readonly directory: StateDirectory;
  readonly purge: RepartitionPurge;
  readonly settings: CheckpointSettings;
  readonly availability: ApplicationAvailability;
  /** Complete checkpoints that are kept. */
  readonly retention: number;
  readonly copyChannels: (channels: readonly ChannelState[], number: number) => Promise<readonly ChannelState[]>;
  readonly logger: Logger;
  readonly metrics: MillraceMetrics;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** A savepoint is complete that the application stops with. */
  readonly onStop: () => void;
  readonly onFailure: (error: unknown) => void;
  readonly onRestore?: RestoreListener | undefined;
  readonly failpoint?: FailpointHook | undefined;
}

/** The checkpoints of one instance: what its threads, its coordinator and the other instances tell each other. */
export class InstanceCheckpoints {
  readonly recovery: CheckpointRecovery;
  private readonly catalog: CheckpointCatalog;
  private readonly failures: FailedCheckpoints;
  private readonly log: ControlLog;
  private readonly coordinator: CheckpointCoordinator;
  private readonly threads = new Set<ThreadCheckpoints>();
  /** The thread that the control topic's partition came to, with the first of all tasks. */
  private leader: object | undefined;
  private readonly known = new Map<string, KnownContents>();
  private base: { readonly id: string; readonly metadata: Promise<CheckpointMetadata | undefined> } | undefined;

  constructor(private readonly parts: InstanceCheckpointsParts) {
    const { store, layout, logger, cluster, admin, wallClock } = parts;
    const { applicationId } = layout;
    this.catalog = new CheckpointCatalog(store, applicationId, logger);
    this.failures = new FailedCheckpoints(store, applicationId, logger);
    this.recovery = new CheckpointRecovery({ ...parts, catalog: this.catalog });
    this.log = new ControlLog({
      cluster,
      admin,
      topic: controlTopicName(applicationId),
      onMessage: (message) => this.heard(message),
      onFailure: parts.onFailure,
      wallClock,
      logger,
    });
    this.coordinator = new CheckpointCoordinator({
      applicationId,
      tasks: layout.tasks.map(String),
      shape: () => parts.shape,
      settings: parts.settings,
      completed: this.completedCheckpoints(),
      repartitionsAreRead: () => this.repartitionsAreRead(),
      copyChannels: parts.copyChannels,
      availability: () => parts.availability.current,
      send: (message) => this.log.send(message),
      now: wallClock,
      setTimer: (callback, milliseconds) => {
        const timer = setTimeout(callback, milliseconds);
        return () => clearTimeout(timer);
      },
      logger,
      listener: {
        completed: (metadata) => this.count(metadata),
        failed: (checkpoint) => {
          parts.metrics.checkpoints.inc({ outcome: 'failed' });
          this.failures.add(checkpoint);
        },
      },
      onTooManyFailures: (reason) =>
        parts.onFailure(new TooManyCheckpointFailuresError(parts.settings.toleratedFailures, reason)),
    });
  }

  /** To be called before any thread joins the group. */
  async start(): Promise<void> {
    this.parts.purge.holdBack();
    await this.log.start();
    this.parts.availability.tellAll((message) => this.log.send(message));
  }

  /** @param wake - of the thread's loop */
  createThread(collector: RecordCollector, wake: () => void): ThreadCheckpoints {
    const { layout, logger, metrics, now, wallClock, failpoint } = this.parts;
    const thread = new ThreadCheckpoints({
      send: (message) => this.log.send(message),
      wake,
      process: this.parts.availability.process,
      countsRecords: this.parts.settings.schedule?.trigger === 'records',
      collector,
      fedTopics: (tasks) => fedTopicsOf(layout, tasks),
      referenceOf: (topic) => layout.referenceOf(topic),
      takeSnapshot: (task, number) => this.takeSnapshot(task, number),
      changelogPositions: (task) => layout.changelogPositions(task.id, task.database),
      now,
      wallClock,
      logger,
      metrics,
      failpoint,
    });
    this.threads.add(thread);
    return thread;
  }

  /** The group gave a thread tasks, or the thread gives them up. */
  assigned(thread: object, generation: number | undefined, tasks: readonly TaskId[]): void {
    const first = this.parts.layout.tasks[0]?.toString();
    if (generation !== undefined && tasks.some((task) => task.toString() === first)) {
      this.leader = thread;
      void this.coordinator.lead(generation);
    } else if (this.leader === thread) {
      this.leader = undefined;
      this.coordinator.resign('the consumer group rebalanced');
    }
  }

  threadEnded(thread: ThreadCheckpoints): void {
    this.threads.delete(thread);
  }

  /** To be called when all threads have ended. */
  async close(): Promise<void> {
    this.coordinator.resign('the instance stops');
    await this.log.close();
    await this.failures.settled();
    this.parts.store.close();
  }

  private heard(message: ControlMessage): void {
    this.coordinator.received(message);
    if (this.parts.availability.heard(message)) this.parts.settings.measured.failed();
    const { purge, layout } = this.parts;
    switch (message.type) {
      case 'begin':
        if (this.leader !== undefined) this.parts.failpoint?.('after-begin');
        purge.holdBack();
        for (const thread of this.threads) thread.begun(message);
        return;
      case 'completed':
        for (const thread of this.threads) thread.completed(message.generation, message.number, message.thenStop);
        if (message.thenStop) this.parts.onStop();
        return;
      case 'aborted':
        for (const thread of this.threads) thread.aborted(message.generation, message.number);
        purge.goOn();
        return;
      case 'drain':
        for (const thread of this.threads) thread.drainBegun(message);
        return;
      case 'drain-ended':
        for (const thread of this.threads) thread.drainEnded(message.request);
        return;
      case 'floors':
        for (const thread of this.threads) thread.coordinatorChanged(message.generation);
        purge.keepFrom(
          new Map(
            message.floors.map(({ topic, partition, offset }) => [
              partitionKey(topicName(layout.applicationId, topic), partition),
              offset,
            ]),
          ),
        );
        return;
      default:
        return;
    }
  }

  private repartitionsAreRead(): Promise<boolean> {
    const { cluster, admin, layout, settings } = this.parts;
    const repartition = new Set(layout.repartitionTopics);
    const partitions = layout.tasks.flatMap((id) => layout.inputsOf(id)).filter(({ topic }) => repartition.has(topic));
    return areReadToTheirEnds(cluster, admin, layout.applicationId, partitions, settings.timeoutMs);
  }

  private async takeSnapshot(task: Task, number: number): Promise<TakenSnapshot> {
    const { directory, store, layout, failpoint } = this.parts;
    const name = task.id.toString();
    const snapshot = await task.database.snapshot(directory.snapshotPath(name, number));
    let known = this.known.get(name);
    if (known === undefined) this.known.set(name, (known = new KnownContents()));
    return {
      store: async (_, base, signal) => {
        try {
          const shared = await this.filesIn(base, name);
          const { applicationId } = layout;
          const uploaded = await uploadTaskSnapshot({
            store,
            applicationId,
            number,
            task: name,
            snapshot,
            shared,
            known,
            signal,
            onFileStored: failpoint && (() => failpoint('during-upload')),
          });
          return { files: uploaded.files, storedBytes: uploaded.uploadedBytes };
        } finally {
          await snapshot.release();
        }
      },
      discard: () => snapshot.release(),
    };
  }

  /** What a task has in a checkpoint whose files may be shared. Nothing when that cannot be read: then all is written again. */
  private async filesIn(base: string | undefined, task: string): Promise<readonly SnapshotFile[]> {
    if (base === undefined) return [];
    if (this.base?.id !== base) this.base = { id: base, metadata: this.catalog.read(base).catch(() => undefined) };
    const metadata = await this.base.metadata;
    const files = metadata?.tasks.find((each) => each.task === task)?.files ?? [];
    return files.filter((file) => this.recovery.mayShare(task, file));
  }

  private completedCheckpoints(): CompletedCheckpoints {
    const { catalog } = this;
    const { failpoint, availability } = this.parts;
    const oldestFirst = (entries: readonly CatalogEntry[]): CheckpointMetadata[] =>
      entries
        .flatMap((entry) => (entry.status === 'complete' ? [entry.metadata] : []))
        .sort((a, b) => a.number - b.number);
    return {
      load: async () => {
        const kept = oldestFirst(await catalog.list());
        const before = kept.at(-1)?.availability;
        if (before !== undefined) availability.continueFrom(before);
        return { kept, highestNumber: await catalog.highestNumber() };
      },
      write: async (metadata) => {
        failpoint?.('before-metadata');
        await catalog.write(metadata);
        failpoint?.('after-metadata');
      },
      retain: async (below, inUse) => {
        const { kept } = await catalog.cleanUp({ keep: this.parts.retention, below, inUse });
        return oldestFirst(kept);
      },
    };
  }

  private count({ beganAt, completedAt, incrementalBytes, tasks }: CheckpointMetadata): void {
    const { checkpoints, checkpointDuration, checkpointBytes } = this.parts.metrics;
    checkpoints.inc({ outcome: 'completed' });
    this.parts.settings.measured.completed(completedAt - beganAt);
    checkpointDuration.observe((completedAt - beganAt) / 1000);
    checkpointBytes.set({ extent: 'stored' }, incrementalBytes);
    const full = tasks.flatMap(({ files }) => files).reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
    checkpointBytes.set({ extent: 'full' }, full);
  }
}
