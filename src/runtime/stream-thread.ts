import type {
  EpochProducer,
  EpochRecords,
  Fetcher,
  FetcherOptions,
  GroupGeneration,
  GroupHandlers,
  GroupMember,
  RevocationCause,
  TopicPartition,
} from '../kafka';
import { KafkaUnavailableError } from '../kafka';
import { asError } from '../errors/as-error';
import type { Logger } from '../logging/logger';
import type { MillraceMetrics } from '../metrics/metrics';
import { StateCorruptedError } from '../state/state-database-errors';
import type { Task } from '../task/task';
import type { TaskId } from '../task/task-id';
import { CommitFailures } from './commit-failures';
import type { FailpointHook } from './failpoints';
import { FencedCommits } from './fenced-commits';
import { assignedTasks, livingMembers } from './group-assignor';
import type { InstanceMemory } from './instance-memory';
import type { RepartitionPurge } from './repartition-purge';
import type { OpenedTask, TaskOpener } from './task-opener';
import { TaskOpening } from './task-opening';
import { TaskSet } from './task-set';
import type { ThreadCheckpoints } from './thread-checkpoints';
import { ThreadRecovery, type ThreadRecoveryParts } from './thread-recovery';
import { isTransactionFailure, lostMembership } from './transaction-failure';
import { WakeSignal, yieldToEventLoop } from './wake-signal';

export type ThreadState = 'CREATED' | 'STARTING' | 'REBALANCING' | 'RUNNING' | 'PENDING_SHUTDOWN' | 'DEAD';

/** Limits and intervals of one thread. */
export interface ThreadLimits {
  readonly commitIntervalMs: number;
  readonly epochMaxBytes: number;
  readonly inputBufferMaxBytes: number;
}

/** What a stream thread works with; it owns all of it. */
export interface ThreadParts extends ThreadRecoveryParts {
  readonly name: string;
  /** When the thread or process ended by a failure that this one comes after. */
  readonly awaySince: number | undefined;
  /** Members that had these tasks, and are none of those that live. */
  readonly formerOwners: (tasks: readonly TaskId[], living: readonly string[]) => readonly string[];
  readonly inputsOf: (task: TaskId) => readonly TopicPartition[];
  readonly limits: ThreadLimits;
  readonly createMember: (handlers: GroupHandlers) => GroupMember;
  /** Looks up what the member will tell the group's leader. */
  readonly beforeJoin: () => Promise<void>;
  readonly onJoined: (memberId: string) => void;
  readonly onLeft: () => void;
  readonly createFetcher: (handlers: Pick<FetcherOptions, 'onBatches' | 'onOutOfRange' | 'onError'>) => Fetcher;
  readonly createProducer: () => EpochProducer;
  readonly collector: EpochRecords;
  readonly purge: RepartitionPurge;
  readonly opener: TaskOpener;
  readonly memory: InstanceMemory;
  /** Absent where no checkpoints are taken. */
  readonly checkpoints?: ThreadCheckpoints | undefined;
  /** So many records were processed for nothing: here or elsewhere, they are processed again. */
  readonly onReplayed: (records: number) => void;
  /** A commit failed, or state was damaged: work is done again. */
  readonly onTasksDropped: () => void;
  /** The group gave this thread tasks, or the thread gives them up (undefined). */
  readonly onGeneration: (generationId: number | undefined, tasks: readonly TaskId[]) => void;
  readonly logger: Logger;
  readonly metrics: MillraceMetrics;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly failpoint?: FailpointHook | undefined;
  readonly onState: (state: ThreadState) => void;
}

/** How long the loop processes before it lets the event loop have a turn. */
const SLICE_MS = 10;

/**
 * One consumer, one producer, and the tasks that the group gave them, in one loop.
 *
 * Everything that changes tasks happens in the loop, in its own turn: what comes from outside (an assignment, an opened task, a
 * failure) is put into `inbox` and the loop is woken.
 */
export class StreamThread {
  private current: ThreadState = 'CREATED';
  private readonly tasks: TaskSet;
  /** Tasks that the group gave this thread, whether they are open yet or not. */
  private assigned: readonly TaskId[] = [];
  /** Of the group, when it assigned them. */
  private generationId: number | undefined;
  private opening: TaskOpening | undefined;
  private readonly inbox: (() => Promise<void> | void)[] = [];
  private readonly signal = new WakeSignal();
  private member: GroupMember | undefined;
  private readonly commits: FencedCommits;
  private readonly failures: CommitFailures;
  private readonly recovery: ThreadRecovery;
  private nextCommitAt = 0;
  /** A commit is due, and cannot begin because a record is being processed. */
  private commitWaits = false;
  private suspended = true;
  private stopping = false;
  /** The loop is over, and what still comes from outside changes nothing. */
  private ending = false;
  /** Set when the loop is over. Until it settled this member must not give its partitions up. */
  private lastCommit: Promise<void> | undefined;
  private fatal: Error | undefined;
  private finished: Promise<void> | undefined;

  constructor(private readonly parts: ThreadParts) {
    this.tasks = new TaskSet({
      createFetcher: parts.createFetcher,
      onOutOfRange: (topic, partition, offset) => void this.inLoop(() => this.outOfRange(topic, partition, offset)),
      onError: (error) => this.fail(error),
      wake: this.signal.wake,
      inputBufferMaxBytes: parts.limits.inputBufferMaxBytes,
      metrics: parts.metrics,
    });
    this.failures = new CommitFailures(parts.now);
    this.recovery = new ThreadRecovery(parts, parts.awaySince);
    this.commits = new FencedCommits({
      ...parts,
      failpoint: parts.failpoint,
      failures: this.failures,
      onCommitted: (offsets) => this.recovery.committed(offsets),
      generation: () => this.generationOfTasks(),
      mayWaitForKafka: () => this.current !== 'STARTING' && !this.stopping,
      wake: this.signal.wake,
    });
  }

  get state(): ThreadState {
    return this.current;
  }

  /** Starts the loop. The promise settles when the thread is dead; it rejects with what killed it. */
  run(): Promise<void> {
    this.finished ??= this.lifecycle();
    return this.finished;
  }

  /** Commits, leaves the group and ends. */
  async shutdown(): Promise<void> {
    this.stopping = true;
    this.signal.wake();
    await this.finished;
  }

  /** Something outside has changed that the loop should look at. */
  wake(): void {
    this.signal.wake();
  }

  openTasks(): readonly Task[] {
    return [...this.tasks];
  }

  private async lifecycle(): Promise<void> {
    const { logger } = this.parts;
    this.moveTo('STARTING');
    try {
      this.member = this.parts.createMember({
        onRevoked: (cause) => this.inLoop(() => this.lastCommit ?? this.revoked(cause)),
        onAssigned: ({ userData, generation: { memberId, generationId } }) => {
          this.parts.onJoined(memberId);
          return this.inLoop(() => (this.ending ? undefined : this.assignedTo(userData, generationId)));
        },
        onFatal: (error) => this.fail(error),
      });
      await this.commits.renew();
      await this.parts.beforeJoin();
      this.member.start();
      this.moveTo('REBALANCING');
      await this.loop();
    } catch (error) {
      this.fatal ??= asError(error);
    }
    this.moveTo('PENDING_SHUTDOWN');
    try {
      await this.end();
    } catch (error) {
      this.fatal ??= asError(error);
    }
    this.moveTo('DEAD');
    if (this.fatal !== undefined) {
      logger.error({ event: 'thread_died', thread: this.parts.name, err: this.fatal }, 'Stream thread died');
      throw this.fatal;
    }
  }

  private async loop(): Promise<void> {
    while (!this.stopping) {
      if (this.fatal !== undefined) throw this.fatal;
      await this.runInbox();
      if (this.commits.failure !== undefined) {
        await this.recoverFromFailedCommit(this.commits.failure);
        continue;
      }
      let processed = 0;
      let commitIn: number;
      try {
        commitIn = this.commitIfDue();
        if (!this.suspended && this.parts.checkpoints?.isHolding !== true)
          processed = this.commitWaits ? this.handOnResults() : this.processSlice();
      } catch (error) {
        await this.recoverFromTaskError(error);
        continue;
      }
      if (processed > 0) await yieldToEventLoop();
      else await this.signal.wait(Math.min(commitIn, this.nextDueIn()));
    }
  }

  // --- processing ---------------------------------------------------------------------------------------------------------------

  private processSlice(): number {
    const { now, limits, metrics } = this.parts;
    const startedAt = now();
    let processed = 0;
    for (const task of this.tasks.inTurn()) {
      task.prepare(this.signal.wake);
      if (this.epochIsFull()) continue;
      const before = now();
      const count = task.runReady(now, before + SLICE_MS, limits.epochMaxBytes, this.signal.wake);
      task.prepare(this.signal.wake);
      processed += count;
      if (count > 0) {
        metrics.processLatency.observe((now() - before) / 1000);
        this.tasks.resumeDrained(task);
      }
      if (now() - startedAt > 2 * SLICE_MS) break;
    }
    return processed;
  }

  /** Milliseconds until a task has something to do though nobody wakes the loop; Infinity for never. */
  private nextDueIn(): number {
    // What is due already could not be done just now, and whatever was in its way wakes the loop.
    if (this.suspended || this.commitWaits || this.epochIsFull()) return Infinity;
    let next = Infinity;
    for (const task of this.tasks) next = Math.min(next, task.nextDue);
    return next === Infinity ? Infinity : Math.max(1, next - this.parts.wallClock());
  }

  /** A commit waits: nothing is begun, but what is in flight in asynchronous operators has to come to its end. */
  private handOnResults(): number {
    let handedOn = 0;
    for (const task of this.tasks) handedOn += task.handOn(this.signal.wake);
    return handedOn;
  }

  private epochIsFull(): boolean {
    let bytes = this.parts.collector.sizeInBytes;
    for (const task of this.tasks) bytes += task.dirtyBytes;
    return bytes >= this.parts.limits.epochMaxBytes;
  }

  // --- committing ---------------------------------------------------------------------------------------------------------------

  /** @returns milliseconds until the next commit is due */
  private commitIfDue(): number {
    const { now, limits } = this.parts;
    this.commitWaits = false;
    if (this.suspended) return limits.commitIntervalMs;
    const remaining = this.nextCommitAt - now();
    if (this.commits.isRunning) return limits.commitIntervalMs;
    const { checkpoints } = this.parts;
    if (checkpoints?.isHolding === true) return limits.commitIntervalMs;
    const due =
      remaining <= 0 ||
      checkpoints?.isCutDue === true ||
      this.epochIsFull() ||
      this.tasks.some((task) => task.commitRequested);
    if (!due) return remaining;
    // A record that waits wakes the loop when it is done. No other is begun until then: where every record waits, there would never be a moment between two of them.
    this.commitWaits = this.tasks.some((task) => task.isWaiting);
    if (this.commitWaits) return limits.commitIntervalMs;
    this.nextCommitAt = now() + limits.commitIntervalMs;
    const inputRecords = this.tasks.report();
    checkpoints?.processed(inputRecords);
    const closing = checkpoints?.closingInputs(this.tasks);
    this.commits.begin(this.tasks, checkpoints?.beginCut());
    if (closing !== undefined)
      void this.commits.settled().then(() => {
        if (this.commits.failure === undefined) closing();
      });
    return limits.commitIntervalMs;
  }

  /** Undefined too between a new assignment by the group and its arrival here: the open tasks may be others' by then. */
  private generationOfTasks(): GroupGeneration | undefined {
    const generation = this.member?.generation;
    return generation?.generationId === this.generationId ? generation : undefined;
  }

  /**
   * Memory is ahead of what is committed, or nobody knows: drop it all, fence whatever is still on its way, and begin again from
   * committed offsets.
   */
  private async recoverFromFailedCommit(error: unknown): Promise<void> {
    if (!isTransactionFailure(error) && !(error instanceof StateCorruptedError)) throw error;
    this.logFailedCommit(error, 'its tasks are opened again at the committed offsets');
    this.recovery.failed(this.commits.failedSince ?? this.parts.now());
    this.parts.onTasksDropped();
    const tasks = this.assigned;
    const delayMs = this.failures.failed(error);
    await this.startAfresh();
    if (error instanceof StateCorruptedError) await this.parts.opener.wipeDamaged(error, tasks);
    if (lostMembership(error)) this.member!.requestRejoin();
    else this.reopen(delayMs);
  }

  private logFailedCommit(error: unknown, consequence: string): void {
    const { logger, name } = this.parts;
    logger.warn({ event: 'commit_failed', thread: name, err: error }, `A commit failed: ${consequence}`);
  }

  private reopen(delayMs: number): void {
    if (this.suspended) return;
    this.moveTo('REBALANCING');
    this.open(this.assigned, delayMs);
  }

  /** Records were deleted before they could be read. Opened again, the task begins where `autoOffsetReset` says, or fails. */
  private async outOfRange(topic: string, partition: number, offset: number): Promise<void> {
    if (this.ending || this.suspended || !this.tasks.reads(topic, partition)) return;
    const { logger, name } = this.parts;
    logger.warn(
      { event: 'offset_out_of_range', thread: name, topic, partition, offset },
      'Records were deleted before they were read',
    );
    await this.commits.settled();
    await this.startAfresh();
    this.reopen(0);
  }

  private async recoverFromTaskError(error: unknown): Promise<void> {
    if (!(error instanceof StateCorruptedError)) throw error;
    await this.commits.settled();
    await this.recoverFromFailedCommit(error);
  }

  // --- the group ----------------------------------------------------------------------------------------------------------------

  private async revoked(cause: RevocationCause): Promise<void> {
    this.parts.failpoint?.('during-rebalance');
    if (!this.stopping) this.moveTo('REBALANCING');
    this.suspended = true;
    this.recovery.revoked();
    this.parts.onGeneration(undefined, []);
    this.parts.checkpoints?.interrupted('the consumer group rebalanced');
    await this.stopOpening();
    if (cause === 'lost') {
      await this.commits.settled();
      if (this.commits.failure !== undefined) {
        this.logFailedCommit(this.commits.failure, 'others have the tasks now, and process its records');
      }
      await this.startAfresh();
    } else {
      await this.commitBeforeRejoin();
    }
    await this.parts.beforeJoin();
  }

  private async commitBeforeRejoin(): Promise<void> {
    try {
      await this.commits.commitAll(this.tasks);
    } catch (error) {
      if (!isTransactionFailure(error) && !(error instanceof StateCorruptedError)) throw error;
      this.logFailedCommit(error, 'its records will be processed again');
      await this.startAfresh();
      if (error instanceof StateCorruptedError) await this.parts.opener.wipeDamaged(error, this.assigned);
    }
  }

  private async startAfresh(): Promise<void> {
    this.parts.checkpoints?.interrupted('the tasks of a thread are opened again');
    await this.dropTasks();
    await this.commits.renew();
  }

  private async assignedTo(userData: Buffer, generationId: number): Promise<void> {
    const tasks = assignedTasks(userData);
    this.parts.metrics.rebalances.inc();
    // Another member may have run a task in a generation that this one missed; what is in memory is then old.
    if (generationId - 1 !== this.generationId) await this.dropTasks();
    this.generationId = generationId;
    const kept = new Set(tasks.map(String));
    for (const name of this.tasks.names()) {
      if (!kept.has(name)) await this.tasks.close(name);
    }
    this.assigned = tasks;
    this.parts.memory.assigned(this, tasks, () => this.resizeCaches());
    this.suspended = false;
    const closed = tasks.filter((task) => !this.tasks.has(task.toString()));
    const living = livingMembers(userData);
    const formerOwners = living === undefined ? [] : this.parts.formerOwners(closed, living);
    this.recovery.assigned(tasks.flatMap(this.parts.inputsOf), formerOwners);
    this.parts.onGeneration(generationId, tasks);
    this.nextCommitAt = this.parts.now() + this.parts.limits.commitIntervalMs;
    this.parts.logger.info(
      { event: 'assigned', thread: this.parts.name, tasks: tasks.map(String) },
      `Assigned ${tasks.length} tasks`,
    );
    this.open(closed);
  }

  /** Opens tasks beside the loop; each joins the loop as soon as its state is restored. */
  private open(tasks: readonly TaskId[], delayMs = 0): void {
    const opening: TaskOpening = new TaskOpening(this.parts.opener, tasks, delayMs, {
      onOpened: (opened) => void this.inLoop(() => (opening.aborted ? opened.close() : this.opened(opened))),
      onAllOpened: () => void this.inLoop(() => (opening.aborted ? undefined : this.allOpen())),
      onError: (error) => {
        if (error instanceof KafkaUnavailableError)
          void this.inLoop(() => (opening.aborted ? undefined : this.openRest(error)));
        else this.fail(error);
      },
    });
    this.opening = opening;
  }

  /** Also called when another thread of the instance got tasks, or gave some up. */
  private resizeCaches(): void {
    for (const task of this.tasks) task.resizeCaches(this.parts.memory.cacheBytesOf(task.id));
  }

  /** Kafka went away while tasks were opened: those that are still missing are tried again. */
  private async openRest(error: KafkaUnavailableError): Promise<void> {
    if (this.ending || this.suspended) return;
    const { logger, name } = this.parts;
    logger.warn({ event: 'kafka_unavailable', thread: name, err: error }, 'Kafka does not answer: trying again');
    const delayMs = this.failures.failed(error);
    await this.stopOpening();
    this.open(
      this.assigned.filter((task) => !this.tasks.has(task.toString())),
      delayMs,
    );
  }

  private opened(opened: OpenedTask): void {
    const { task } = opened;
    // The shares may have changed since it was begun to be opened.
    task.resizeCaches(this.parts.memory.cacheBytesOf(task.id));
    this.recovery.opened(
      task.inputs.map(({ topic, partition, consumedOffset: offset }) => ({ topic, partition, offset })),
    );
    this.tasks.add(opened);
  }

  private allOpen(): void {
    this.opening = undefined;
    if (this.suspended || this.stopping) return;
    this.moveTo('RUNNING');
    void this.recovery.allOpen();
    const generation = this.generationOfTasks();
    if (generation === undefined) return;
    this.parts.checkpoints
      ?.allOpen(generation, this.commits.writer, [...this.tasks])
      .catch((error: unknown) => this.fail(error));
  }

  private async stopOpening(): Promise<void> {
    const { opening } = this;
    this.opening = undefined;
    await opening?.abort();
  }

  private async dropTasks(): Promise<void> {
    await this.stopOpening();
    this.countReplayed();
    for (const name of this.tasks.names()) await this.tasks.close(name);
    this.parts.collector.discard();
  }

  /** To be called when the tasks are dropped: what they did and did not commit is done again. */
  private countReplayed(): void {
    let records = 0;
    for (const task of this.tasks) records += task.uncommittedRecords;
    if (records > 0) this.parts.onReplayed(records);
  }

  // --- the end ------------------------------------------------------------------------------------------------------------------

  private async end(): Promise<void> {
    this.suspended = true;
    this.parts.onGeneration(undefined, []);
    this.parts.checkpoints?.interrupted('the instance stops');
    await this.stopOpening();
    this.ending = true;
    const finalCommit = this.commitAtEnd();
    this.lastCommit = finalCommit.catch(() => undefined);
    try {
      await this.runInbox();
      await finalCommit;
    } finally {
      this.countReplayed();
      for (const name of this.tasks.names()) {
        // What a processor throws in its close() must not keep the partitions from the other members.
        await this.tasks.close(name).catch((error: unknown) => this.fail(error));
      }
      await this.tasks.stopFetching();
      this.parts.checkpoints?.leaving(this.fatal !== undefined);
      await this.member?.leave();
      this.parts.onLeft();
      this.commits.close();
    }
  }

  private async commitAtEnd(): Promise<void> {
    if (this.fatal !== undefined) return this.commits.settled();
    try {
      await this.commits.commitAll(this.tasks);
    } catch (error) {
      if (!lostMembership(error)) throw error;
      this.logFailedCommit(error, 'others have the tasks now, and process its records');
    }
  }

  private async runInbox(): Promise<void> {
    for (let job = this.inbox.shift(); job !== undefined; job = this.inbox.shift()) await job();
  }

  /** Runs a job in the loop's turn, or at once when the loop is over. A job that throws kills the thread. */
  private inLoop(job: () => Promise<void> | void): Promise<void> {
    return new Promise<void>((resolve) => {
      const run = async (): Promise<void> => {
        try {
          await job();
        } catch (error) {
          this.fatal ??= asError(error);
        }
        resolve();
      };
      if (this.ending) void run();
      else this.inbox.push(run);
      this.signal.wake();
    });
  }

  private fail(error: unknown): void {
    this.fatal ??= asError(error);
    this.signal.wake();
  }

  private moveTo(state: ThreadState): void {
    if (this.current === state) return;
    this.current = state;
    this.parts.onState(state);
  }
}
