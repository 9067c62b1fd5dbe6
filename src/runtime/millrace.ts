import { resolveConfig, type MillraceConfig, type MillraceOptions } from '../config/millrace-config';
import { ClusterClient, TopicAdmin } from '../kafka';
import { createLogger } from '../logging/create-logger';
import type { Logger } from '../logging/logger';
import { createMetrics, type MillraceMetrics } from '../metrics/metrics';
import { StateDirectory } from '../state/state-directory';
import { GeneratedNamesError } from '../topology/generated-names';
import type { Topology, TopicReference } from '../topology/graph';
import {
  ApplicationStateMachine,
  IllegalStateError,
  type ApplicationState,
  type StateListener,
} from './application-state';
import { configuredRestarts } from './configured-restarts';
import { copyChannels } from '../checkpoint/channel-copies';
import { CheckpointCatalog } from '../checkpoint/checkpoint-catalog';
import { createSnapshotStore } from '../checkpoint/create-snapshot-store';
import type { SnapshotStore } from '../checkpoint/snapshot-store';
import { ApplicationAvailability } from './application-availability';
import { checkpointSettings } from './checkpoint-settings';
import { clientOptions } from './client-options';
import { createStreamThread } from './create-stream-thread';
import type { FailpointHook } from './failpoints';
import { FormerMembers } from './former-members';
import { GlobalTables } from './global-tables';
import { InstanceCheckpoints } from './instance-checkpoints';
import { InstanceMemory } from './instance-memory';
import { LocalStates } from './local-states';
import { warnOfLostStores } from './lost-stores';
import { MetricsFailureCounter } from './metrics-failure-counter';
import { RepartitionPurge } from './repartition-purge';
import type { RestoreListener } from './restore-progress';
import { requireNoRestore } from './rewind-checks';
import { StoredShape } from './stored-shape';
import type { StreamThread } from './stream-thread';
import { StreamThreads } from './stream-threads';
import { systemClock } from './system-clock';
import { TaskLayout } from './task-layout';
import { repartitionCounts, topicName } from './topic-plan';
import { prepareTopics } from './topic-preparation';
import { shapeOf } from '../topology/topology-shape';

/** What a program may give instead of the defaults. */
export interface MillraceDependencies {
  /** Default: JSON lines to standard output at `logLevel`. */
  readonly logger?: Logger | undefined;
  /** Default: a registry of its own. */
  readonly metrics?: MillraceMetrics | undefined;
  /** Milliseconds that only go forward. Default: the clock of the process. */
  readonly now?: (() => number) | undefined;
  /** Is told of each restore of a task's state when it begins: to show people how far it is. */
  readonly onRestore?: RestoreListener | undefined;
  /** For tests: called at moments at which a crash is most telling. */
  readonly failpoint?: FailpointHook | undefined;
}

/** The state directory is not looked through more often than this. */
const MIN_CLEANING_INTERVAL_MS = 60_000;

const MAX_OPEN_FILES_PER_GLOBAL_TABLE = 256;

/** The application did not stop within the time that `close` was given. What was not committed is processed again after the next start. */
export class CloseTimeoutError extends IllegalStateError {}

/**
 * Runs a topology as a member of the consumer group that the application id names. Instances with the same id share the work.
 *
 * @example
 * const application = new Millrace(builder.build(), { applicationId: 'word-count', brokers: 'localhost:9092' });
 * application.onStateChange((state) => console.log(state));
 * await application.start();
 * process.once('SIGTERM', () => void application.close());
 * await application.closed;
 */
export class Millrace {
  readonly config: MillraceConfig;
  readonly metrics: MillraceMetrics;
  /** Resolves when the application has stopped; rejects with the error that stopped it. */
  readonly closed: Promise<void>;
  private readonly logger: Logger;
  private readonly now: () => number;
  private readonly machine = new ApplicationStateMachine();
  private threads: StreamThreads<StreamThread> | undefined;
  private readonly cleanups: (() => Promise<void> | void)[] = [];
  private settleClosed!: { resolve: () => void; reject: (error: unknown) => void };
  private stopping: Promise<void> | undefined;
  private starting: Promise<void> | undefined;
  private opening: Promise<void> | undefined;
  private cluster: ClusterClient | undefined;

  /**
   * Checks the configuration. Nothing outside of the process is touched before `start`.
   *
   * @throws ConfigError listing everything that is wrong
   * @throws GeneratedNamesError with `ensureExplicitNames`, where nobody named a store or an internal topic
   */
  constructor(
    private readonly topology: Topology,
    options: MillraceOptions | MillraceConfig,
    private readonly dependencies: MillraceDependencies = {},
  ) {
    this.config = resolveConfig(options);
    if (this.config.ensureExplicitNames && topology.generatedNames.length > 0)
      throw new GeneratedNamesError(topology.generatedNames);
    this.logger = dependencies.logger ?? createLogger({ level: this.config.logLevel, format: this.config.logFormat });
    this.metrics = dependencies.metrics ?? createMetrics();
    this.now = dependencies.now ?? (() => performance.now());
    this.closed = new Promise((resolve, reject) => {
      this.settleClosed = { resolve, reject };
    });
    // Whoever does not look at `closed` is told by `start`, `close` and the log.
    this.closed.catch(() => undefined);
    this.machine.onChange((next, before) => {
      this.metrics.instanceState.set({ state: before }, 0);
      this.metrics.instanceState.set({ state: next }, 1);
      this.logger.info({ event: 'state_changed', from: before, to: next }, `State ${before} -> ${next}`);
    });
  }

  get state(): ApplicationState {
    return this.machine.state;
  }

  /**
   * Calls the listener at each change of state.
   *
   * @returns a function that removes the listener
   */
  onStateChange(listener: StateListener): () => void {
    return this.machine.onChange((next, before) => {
      try {
        listener(next, before);
      } catch (error) {
        this.logger.error({ event: 'state_listener_failed', err: error }, 'A state listener threw');
      }
    });
  }

  /**
   * Checks the topics, makes the internal ones, locks the state directory and joins the group. Resolves when the threads run; tasks
   * are assigned and restored after that (state `REBALANCING`, then `RUNNING`).
   *
   * @throws IllegalStateError when it was called before
   * @throws TopicsMissingError, CopartitionError, InternalTopicMismatchError before anything is consumed
   * @throws RestoreUnfinishedError the application is being restored, or was and did not come to its end
   * @throws SnapshotStoreError the snapshot store cannot be reached
   * @throws TopologyChangedError the topology would misread the state that an earlier version of it left
   * @throws StateDirectoryLockedError another process uses the state directory
   * @throws KafkaUnavailableError no broker could be reached
   */
  async start(): Promise<void> {
    if (this.starting !== undefined || this.machine.state !== 'CREATED') {
      throw new IllegalStateError(
        `start() was called in state ${this.machine.state}; an application starts once. Make a new one.`,
      );
    }
    this.starting = this.startUp();
    await this.starting;
  }

  private async startUp(): Promise<void> {
    this.machine.transition('REBALANCING');
    try {
      this.opening = this.open();
      await this.opening;
    } catch (error) {
      await this.stop(error);
      throw error;
    }
  }

  private async open(): Promise<void> {
    const { config, logger, metrics, topology } = this;
    const cluster = new ClusterClient(clientOptions(config, logger));
    this.cluster = cluster;
    this.cleanups.push(() => cluster.close());
    const directory = await StateDirectory.open(config.stateDir, config.applicationId);
    this.cleanups.push(() => directory.close());
    if (this.isStopping) return;
    const shape = await StoredShape.read(directory.path, logger);
    shape.check(shapeOf(topology));
    const memory = new InstanceMemory(config, topology);
    const states = new LocalStates(directory, topology, memory, logger);
    this.cleanups.push(() => states.closeUnassigned());
    await states.openAhead();
    if (this.isStopping) return;
    const snapshots = await createSnapshotStore(config);
    this.cleanups.push(() => snapshots?.close());
    if (snapshots !== undefined) await requireNoRestore(new CheckpointCatalog(snapshots, config.applicationId, logger));
    if (this.isStopping) return;
    await cluster.connect();
    const admin = new TopicAdmin(cluster);
    const plan = await prepareTopics(admin, config, topology, logger, (planned) =>
      shape.check(shapeOf(topology, repartitionCounts(config.applicationId, planned))),
    );
    if (this.isStopping) return;
    const planned = shapeOf(topology, repartitionCounts(config.applicationId, plan));
    warnOfLostStores(shape.storeChanges(planned), config.applicationId, logger);
    await shape.write(planned);
    if (this.isStopping) return;
    const members = new FormerMembers(directory.path, cluster, config.applicationId, logger);
    this.cleanups.push(() => members.settled());
    const former = await members.formerProcess();
    const leftAlone = former !== undefined && (await members.areTasksLeftAlone(former));
    // A static member comes back to its tasks, and a rebalance is what it is meant to avoid.
    if (config.groupInstanceId === undefined) await members.leaveGroup();
    const globalTables = new GlobalTables({
      topology,
      cluster,
      admin,
      directory,
      cacheBytesPerTable: memory.cacheBytesPerGlobalTable,
      rocksdb: {
        blockCacheBytes: memory.blockCacheBytesPerTask(topology.globalTables.size),
        writeBufferBytes: memory.writeBufferBytesPerTask,
        maxOpenFiles: MAX_OPEN_FILES_PER_GLOBAL_TABLE,
      },
      handling: config.deserializationExceptionHandler,
      counter: new MetricsFailureCounter(metrics),
      logger,
      onFailure: (error) => void this.stop(error),
    });
    this.cleanups.push(() => globalTables.close());
    await globalTables.start();
    if (this.isStopping) return;
    const layout = new TaskLayout(config.applicationId, topology, plan);
    const purge = new RepartitionPurge(admin, layout.repartitionTopics, logger);
    this.cleanups.push(() => purge.settled());
    const cleaning = setInterval(
      () => {
        directory.removeUnused(config.stateCleanupDelayMs, systemClock()).then(
          (removed) => {
            if (removed.length > 0)
              logger.info({ event: 'state_removed', tasks: removed }, 'Deleted the state of tasks that moved away');
          },
          (error: unknown) =>
            logger.warn(
              { event: 'state_removal_failed', err: error },
              'Could not delete the state of tasks that moved away',
            ),
        );
      },
      Math.max(MIN_CLEANING_INTERVAL_MS, config.stateCleanupDelayMs),
    );
    this.cleanups.push(() => clearInterval(cleaning));
    const availability = new ApplicationAvailability(metrics, systemClock);
    const checkpoints =
      snapshots && (await this.openCheckpoints(snapshots, cluster, admin, layout, directory, purge, availability));
    if (this.isStopping) return;
    if (former !== undefined) availability.wasKilled(former, leftAlone);
    /** When the one before it ended by a failure, by the place of a thread. */
    const awaySince = new Map<number, number>();
    if (leftAlone) {
      const since = this.now() - Math.max(0, systemClock() - former.lastSeenAt);
      for (let index = 0; index < config.numStreamThreads; index++) awaySince.set(index, since);
    }
    const parts = {
      config,
      availability,
      checkpoints,
      cluster,
      admin,
      layout,
      memory,
      globalTables,
      states,
      purge,
      members,
      logger,
      metrics,
      now: this.now,
      onRestore: this.dependencies.onRestore,
      failpoint: this.dependencies.failpoint,
      directory,
    };
    this.threads = new StreamThreads({
      count: config.numStreamThreads,
      create: (index, onState) => createStreamThread({ ...parts, awaySince: awaySince.get(index) }, index, onState),
      strategy: configuredRestarts(config),
      now: this.now,
      logger,
      onChange: (allRun) => {
        this.machine.transition(allRun ? 'RUNNING' : 'REBALANCING');
        if (this.machine.state === 'RUNNING') void states.closeUnassigned();
      },
      onDied: (index) => {
        awaySince.set(index, this.now());
        availability.failed('thread-died');
      },
      onReplaced: (dead) => memory.released(dead),
      onFailure: (error) => void this.stop(error),
    });
    this.threads.start();
  }

  private async openCheckpoints(
    store: SnapshotStore,
    cluster: ClusterClient,
    admin: TopicAdmin,
    layout: TaskLayout,
    directory: StateDirectory,
    purge: RepartitionPurge,
    availability: ApplicationAvailability,
  ): Promise<InstanceCheckpoints> {
    const { config, logger, metrics, topology, now } = this;
    const { applicationId } = config;
    const nameOf = (topic: TopicReference): string => topicName(applicationId, topic);
    const checkpoints = new InstanceCheckpoints({
      store,
      cluster,
      admin,
      layout,
      shape: shapeOf(topology, (topic) => layout.partitionsOf(topic)),
      directory,
      purge,
      settings: checkpointSettings(config, systemClock()),
      availability,
      retention: config.checkpointRetention,
      copyChannels: (channels, number) => copyChannels({ cluster, store, applicationId, nameOf }, channels, number),
      logger,
      metrics,
      now,
      wallClock: systemClock,
      onStop: () => void this.stop(undefined),
      onFailure: (error) => void this.stop(error),
      onRestore: this.dependencies.onRestore,
      failpoint: this.dependencies.failpoint,
    });
    this.cleanups.push(() => checkpoints.close());
    await checkpoints.start();
    return checkpoints;
  }

  /**
   * Commits what was processed, leaves the group and frees everything. Calling it again waits for the same end.
   *
   * @param options.timeoutMs - how long the last commit may take, in milliseconds; default `shutdownTimeoutMs`
   * @throws CloseTimeoutError when that was not enough
   */
  async close(options: { timeoutMs?: number } = {}): Promise<void> {
    const timeoutMs = options.timeoutMs ?? this.config.shutdownTimeoutMs;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new CloseTimeoutError(
              `The application did not stop within ${timeoutMs} ms. Its last epoch was not committed and will be processed again.`,
            ),
          ),
        timeoutMs,
      );
    });
    try {
      await Promise.race([this.stop(undefined), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private stop(error: unknown): Promise<void> {
    if (error !== undefined && this.machine.transition('PENDING_ERROR')) this.failure = error;
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  private failure: unknown;

  private async shutDown(): Promise<void> {
    this.machine.transition('PENDING_SHUTDOWN');
    if (this.threads === undefined) await this.endOpening();
    for (const error of (await this.threads?.shutdown()) ?? [])
      if (this.machine.transition('PENDING_ERROR')) this.failure ??= error;
    for (const cleanup of this.cleanups.reverse()) {
      try {
        await cleanup();
      } catch (error) {
        this.logger.warn({ event: 'cleanup_failed', err: error }, 'Something could not be closed cleanly');
      }
    }
    if (this.failure === undefined) {
      this.machine.transition('NOT_RUNNING');
      this.settleClosed.resolve();
    } else {
      this.machine.transition('ERROR');
      this.settleClosed.reject(this.failure);
    }
  }

  private get isStopping(): boolean {
    return this.stopping !== undefined;
  }

  /** Whatever it waits for, no thread begins after this. */
  private async endOpening(): Promise<void> {
    await this.cluster?.close();
    await this.opening?.catch(() => undefined);
  }
}
