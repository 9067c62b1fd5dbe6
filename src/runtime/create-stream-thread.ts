import type { MillraceConfig } from '../config/millrace-config';
import {
  ClusterTopicLookup,
  EpochRecords,
  Fetcher,
  GroupMember,
  PlainProducer,
  TransactionalProducer,
  type ClusterClient,
  type GroupHandlers,
  type TopicAdmin,
} from '../kafka';
import type { Logger } from '../logging/logger';
import type { MillraceMetrics } from '../metrics/metrics';
import type { ApplicationAvailability } from './application-availability';
import type { FailpointHook } from './failpoints';
import { createGroupAssignor } from './group-assignor';
import type { FormerMembers } from './former-members';
import type { GlobalTables } from './global-tables';
import type { InstanceCheckpoints } from './instance-checkpoints';
import type { InstanceMemory } from './instance-memory';
import type { LocalStates } from './local-states';
import { MetricsFailureCounter } from './metrics-failure-counter';
import type { RepartitionPurge } from './repartition-purge';
import type { RestoreListener } from './restore-progress';
import type { StateDirectory } from '../state/state-directory';
import { systemClock } from './system-clock';
import { StreamThread, type ThreadState } from './stream-thread';
import { TaskFactory } from './task-factory';
import type { TaskLayout } from './task-layout';
import { TaskOpener } from './task-opener';

/** What the threads of an instance share. */
export interface InstanceParts {
  readonly config: MillraceConfig;
  readonly directory: StateDirectory;
  readonly cluster: ClusterClient;
  readonly admin: TopicAdmin;
  readonly layout: TaskLayout;
  readonly memory: InstanceMemory;
  readonly states: LocalStates;
  readonly globalTables: GlobalTables;
  readonly purge: RepartitionPurge;
  /** Absent where no checkpoints are taken. */
  readonly checkpoints: InstanceCheckpoints | undefined;
  readonly members: FormerMembers;
  readonly availability: ApplicationAvailability;
  /** When the thread or process ended by a failure that the new one comes after. */
  readonly awaySince: number | undefined;
  readonly logger: Logger;
  readonly metrics: MillraceMetrics;
  readonly now: () => number;
  readonly onRestore: RestoreListener | undefined;
  readonly failpoint: FailpointHook | undefined;
}

/** Beyond the transaction time-out the coordinator needs a moment to abort and to tell the group's coordinator. */
const STABLE_OFFSETS_MARGIN_MS = 20_000;

/** Puts one stream thread together. */
export function createStreamThread(
  parts: InstanceParts,
  index: number,
  onState: (state: ThreadState) => void,
): StreamThread {
  const { config, cluster, admin, layout, memory, states, metrics, now, failpoint, availability } = parts;
  const name = `${config.clientId}-${index + 1}`;
  const logger = parts.logger.child({ thread: name });
  const collector = new EpochRecords(new ClusterTopicLookup(cluster, admin), {
    maxBatchBytes: config.maxBatchBytes,
    compression: config.compressionType,
  });
  let local: ReadonlyMap<string, number> = new Map();
  const owned = (): string[] => thread.openTasks().map((task) => task.id.toString());
  const createMember = (handlers: GroupHandlers): GroupMember =>
    new GroupMember({
      cluster,
      groupId: config.applicationId,
      topics: layout.allSourceTopics,
      sessionTimeoutMs: config.sessionTimeoutMs,
      rebalanceTimeoutMs: config.rebalanceTimeoutMs,
      heartbeatIntervalMs: config.heartbeatIntervalMs,
      groupInstanceId: config.groupInstanceId === undefined ? undefined : `${config.groupInstanceId}-${index + 1}`,
      assignor: createGroupAssignor(layout, () => ({ owned: owned(), local })),
      handlers,
      logger,
    });
  const checkpoints = parts.checkpoints?.createThread(collector, () => thread.wake());
  const exactlyOnce = config.processingGuarantee === 'exactly_once_v2';
  const opener = new TaskOpener({
    groupId: config.applicationId,
    cluster,
    admin,
    layout,
    states,
    factory: new TaskFactory({
      layout,
      collector,
      handlers: {
        deserialization: config.deserializationExceptionHandler,
        processing: config.processingExceptionHandler,
        production: config.productionExceptionHandler,
      },
      deadLetterTopic: config.deadLetterTopic,
      counter: new MetricsFailureCounter(metrics),
      globalTables: parts.globalTables.stores,
      cacheBytesPerTask: (id) => memory.cacheBytesOf(id),
      logger,
      wallClock: systemClock,
      maxTaskIdleMs: config.maxTaskIdleMs,
      barrierGate: checkpoints,
    }),
    recovery: parts.checkpoints?.recovery,
    offsetReset: config.autoOffsetReset,
    stableOffsetsTimeoutMs: config.transactionTimeoutMs + STABLE_OFFSETS_MARGIN_MS,
    logger,
    metrics,
    now,
    onRestore: parts.onRestore,
    failpoint,
  });
  const thread = new StreamThread({
    name,
    awaySince: parts.awaySince,
    inputsOf: (task) => layout.inputsOf(task),
    inputEnds: (partitions) => admin.listOffsets(partitions, 'latest'),
    formerOwners: (tasks, living) => availability.formerOwners(tasks.map(String), living),
    endOf: (member) => {
      const end = availability.endOf(member);
      return end && { failed: end.failed, at: now() - Math.max(0, systemClock() - end.at) };
    },
    sessionTimeoutMs: config.sessionTimeoutMs,
    onLost: (member) => availability.lost(member),
    onRecovered: (recovery) => availability.recovered(recovery, logger),
    onUnmeasured: (error) =>
      logger.warn({ event: 'recovery_unmeasured', err: error }, 'A recovery could not be measured to its end'),
    limits: {
      commitIntervalMs: config.commitIntervalMs,
      epochMaxBytes: memory.epochBytesPerThread,
      inputBufferMaxBytes: memory.inputBufferBytesPerThread,
    },
    createMember,
    beforeJoin: async () => {
      local = new Map((await parts.states.localTasks()).map(({ taskId, changelogSum }) => [taskId, changelogSum]));
    },
    onJoined: (memberId) => parts.members.joined(name, memberId),
    onLeft: () => {
      parts.members.left(name);
      if (checkpoints !== undefined) parts.checkpoints?.threadEnded(checkpoints);
    },
    createFetcher: (handlers) =>
      new Fetcher(cluster, {
        isolation: exactlyOnce ? 'read_committed' : 'read_uncommitted',
        maxBytesPerFetch: config.fetchMaxBytes,
        maxBytesPerPartition: Math.ceil(config.fetchMaxBytes / 2),
        maxWaitMs: config.fetchMaxWaitMs,
        ...handlers,
      }),
    createProducer: () =>
      exactlyOnce
        ? new TransactionalProducer({
            cluster,
            transactionalId: `${config.applicationId}-${parts.directory.instanceId}-${index + 1}`,
            transactionTimeoutMs: config.transactionTimeoutMs,
            beforeEnd: failpoint === undefined ? undefined : () => failpoint('before-transaction-end'),
          })
        : new PlainProducer({ cluster }),
    collector,
    purge: parts.purge,
    opener,
    memory,
    checkpoints,
    onReplayed: (records) => availability.replayed(records),
    onTasksDropped: () => availability.failed('tasks-dropped'),
    onGeneration: (generation, tasks) => parts.checkpoints?.assigned(thread, generation, tasks),
    logger,
    metrics,
    now,
    wallClock: systemClock,
    failpoint,
    onState,
  });
  return thread;
}
