import { setTimeout } from 'node:timers/promises';
import type {
  EpochProducer,
  EpochRecords,
  FetchedBatches,
  Fetcher,
  FetcherOptions,
  GroupGeneration,
  GroupHandlers,
  GroupMember,
  RevocationCause,
} from '../kafka';
import { KafkaUnavailableError } from '../kafka';
import { asError } from '../errors/as-error';
import type { Logger } from '../logging/logger';
import type { MillraceMetrics } from '../metrics/metrics';
import { StateCorruptedError } from '../state/state-database-errors';
import type { PartitionQueue } from '../task/partition-queue';
import type { TaskId } from '../task/task-id';
import { CommitCycle } from './commit-cycle';
import { CommitFailures } from './commit-failures';
import type { FailpointHook } from './failpoints';
import { assignedTasks } from './group-assignor';
import type { InstanceMemory } from './instance-memory';
import type { RepartitionPurge } from './repartition-purge';
import type { OpenedTask, TaskOpener } from './task-opener';
import { TaskMetrics } from './task-metrics';
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
export interface ThreadParts {
  readonly name: string;
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
  readonly logger: Logger;
  readonly metrics: MillraceMetrics;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
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
  private readonly tasks = new Map<string, OpenedTask>();
  /** Tasks that the group gave this thread, whether they are open yet or not. */
  private assigned: readonly TaskId[] = [];
  /** Of the group, when it assigned them. */
  private generationId: number | undefined;
  private opening: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  private readonly inbox: (() => Promise<void> | void)[] = [];
  private readonly signal = new WakeSignal();
  private readonly pausedQueues = new Set<PartitionQueue>();
  private member: GroupMember | undefined;
  private fetcher: Fetcher | undefined;
  private producer: EpochProducer | undefined;
  private commits: CommitCycle | undefined;
  private readonly taskMetrics: TaskMetrics;
  private readonly failures: CommitFailures;
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
    this.taskMetrics = new TaskMetrics(parts.metrics);
    this.failures = new CommitFailures(parts.now);
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

  ownedTasks(): readonly OpenedTask[] {
    return [...this.tasks.values()];
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
      await this.renewProducer();
      await this.parts.beforeJoin();
      this.fetcher = this.parts.createFetcher({
        onBatches: (topic, partition, fetched) => this.take(topic, partition, fetched),
        onOutOfRange: (topic, partition, offset) => void this.inLoop(() => this.outOfRange(topic, partition, offset)),
        onError: (error) => this.fail(error),
      });
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
      if (this.commits?.failure !== undefined) {
        await this.recoverFromFailedCommit(this.commits.failure);
        continue;
      }
      let processed = 0;
      let commitIn: number;
      try {
        commitIn = this.commitIfDue();
        if (!this.suspended && !this.commitWaits) processed = this.processSlice();
      } catch (error) {
        await this.recoverFromTaskError(error);
        continue;
      }
      if (processed > 0) await yieldToEventLoop();
      else await this.signal.wait(commitIn);
    }
  }

  // --- processing ---------------------------------------------------------------------------------------------------------------

  private processSlice(): number {
    const { now, limits, metrics } = this.parts;
    const startedAt = now();
    let processed = 0;
    for (const [id, opened] of [...this.tasks]) {
      const { task } = opened;
      // To the back: where a slice ends before all had a turn, the next one begins with those that had none.
      this.tasks.delete(id);
      this.tasks.set(id, opened);
      task.prepare(this.signal.wake);
      if (this.epochIsFull()) continue;
      const before = now();
      const count = task.runReady(now, before + SLICE_MS, limits.epochMaxBytes, this.signal.wake);
      task.prepare(this.signal.wake);
      processed += count;
      if (count > 0) {
        metrics.processLatency.observe((now() - before) / 1000);
        this.resumeDrained(task.inputs);
      }
      if (now() - startedAt > 2 * SLICE_MS) break;
    }
    return processed;
  }

  private epochIsFull(): boolean {
    let bytes = this.parts.collector.sizeInBytes;
    for (const { task } of this.tasks.values()) bytes += task.dirtyBytes;
    return bytes >= this.parts.limits.epochMaxBytes;
  }

  private take(topic: string, partition: number, { batches, nextOffset, highWatermark }: FetchedBatches): void {
    const opened = this.taskOfPartition.get(partitionKey(topic, partition));
    if (opened === undefined) return;
    opened.task.add(topic, batches, nextOffset, highWatermark);
    for (const queue of opened.task.inputs) {
      if (queue.topic === topic && queue.queuedBytes > this.queueLimit && !this.pausedQueues.has(queue)) {
        this.pausedQueues.add(queue);
        this.fetcher?.pause({ topic: queue.topic, partition: queue.partition });
      }
    }
    this.signal.wake();
  }

  private resumeDrained(queues: readonly PartitionQueue[]): void {
    if (this.pausedQueues.size === 0) return;
    for (const queue of queues) {
      if (queue.queuedBytes > this.queueLimit / 2 || !this.pausedQueues.delete(queue)) continue;
      this.fetcher?.resume({ topic: queue.topic, partition: queue.partition });
    }
  }

  // --- committing ---------------------------------------------------------------------------------------------------------------

  /** @returns milliseconds until the next commit is due */
  private commitIfDue(): number {
    const { now, limits } = this.parts;
    const { commits } = this;
    this.commitWaits = false;
    if (commits === undefined || this.suspended) return limits.commitIntervalMs;
    const remaining = this.nextCommitAt - now();
    if (commits.isRunning) return limits.commitIntervalMs;
    const due = remaining <= 0 || this.epochIsFull() || this.anyTask((task) => task.commitRequested);
    if (!due) return remaining;
    // A record that waits on an asynchronous operator wakes the loop when it is done. No other is begun until then: where every
    // record waits, there would never be a moment between two of them.
    this.commitWaits = this.anyTask((task) => task.isWaiting);
    if (this.commitWaits) return limits.commitIntervalMs;
    this.nextCommitAt = now() + limits.commitIntervalMs;
    this.taskMetrics.report(this.openTasks());
    commits.begin(this.openTasks(), this.signal.wake);
    return limits.commitIntervalMs;
  }

  /** Commits everything that was processed, and waits until it is durable. Throws when it failed. */
  private async commitAll(): Promise<void> {
    const commits = this.commits!;
    await commits.settled();
    await Promise.all([...this.openTasks()].map((task) => task.quiesced()));
    if (commits.failure === undefined) {
      commits.begin(this.openTasks(), this.signal.wake);
      await commits.settled();
    }
    if (commits.failure !== undefined) throw commits.failure;
  }

  private async renewProducer(): Promise<void> {
    this.producer?.close();
    this.producer = await this.fencingProducer();
    const { collector, purge, metrics, now, failpoint } = this.parts;
    this.commits = new CommitCycle({
      producer: this.producer,
      collector,
      generation: () => this.generationOfTasks(),
      purge,
      metrics,
      now,
      failpoint,
      onCommitted: () => this.failures.succeeded(),
    });
  }

  /** Undefined too between a new assignment by the group and its arrival here: the open tasks may be others' by then. */
  private generationOfTasks(): GroupGeneration | undefined {
    const generation = this.member?.generation;
    return generation?.generationId === this.generationId ? generation : undefined;
  }

  /** A producer that has fenced its predecessor. While Kafka is away a running thread tries for as long as it tries to commit. */
  private async fencingProducer(): Promise<EpochProducer> {
    for (;;) {
      const producer = this.parts.createProducer();
      try {
        await producer.init();
        return producer;
      } catch (error) {
        producer.close();
        if (!(error instanceof KafkaUnavailableError) || this.current === 'STARTING' || this.stopping) throw error;
        this.failures.failed(error);
        const { logger, name } = this.parts;
        logger.warn({ event: 'kafka_unavailable', thread: name, err: error }, 'Kafka does not answer: trying again');
      }
    }
  }

  /**
   * Memory is ahead of what is committed, or nobody knows: drop it all, fence whatever is still on its way, and begin again from
   * committed offsets.
   */
  private async recoverFromFailedCommit(error: unknown): Promise<void> {
    if (!isTransactionFailure(error) && !(error instanceof StateCorruptedError)) throw error;
    this.logFailedCommit(error, 'its tasks are opened again at the committed offsets');
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
    if (this.ending || this.suspended || !this.taskOfPartition.has(partitionKey(topic, partition))) return;
    const { logger, name } = this.parts;
    logger.warn(
      { event: 'offset_out_of_range', thread: name, topic, partition, offset },
      'Records were deleted before they were read',
    );
    await this.commits!.settled();
    await this.startAfresh();
    this.reopen(0);
  }

  private async recoverFromTaskError(error: unknown): Promise<void> {
    if (!(error instanceof StateCorruptedError)) throw error;
    await this.commits!.settled();
    await this.recoverFromFailedCommit(error);
  }

  // --- the group ----------------------------------------------------------------------------------------------------------------

  private async revoked(cause: RevocationCause): Promise<void> {
    this.parts.failpoint?.('during-rebalance');
    if (!this.stopping) this.moveTo('REBALANCING');
    this.suspended = true;
    await this.stopOpening();
    if (cause === 'lost') {
      await this.commits!.settled();
      if (this.commits!.failure !== undefined) {
        this.logFailedCommit(this.commits!.failure, 'others have the tasks now, and process its records');
      }
      await this.startAfresh();
    } else {
      await this.commitBeforeRejoin();
    }
    await this.parts.beforeJoin();
  }

  private async commitBeforeRejoin(): Promise<void> {
    try {
      await this.commitAll();
    } catch (error) {
      if (!isTransactionFailure(error) && !(error instanceof StateCorruptedError)) throw error;
      this.logFailedCommit(error, 'its records will be processed again');
      await this.startAfresh();
      if (error instanceof StateCorruptedError) await this.parts.opener.wipeDamaged(error, this.assigned);
    }
  }

  private async startAfresh(): Promise<void> {
    await this.dropTasks();
    await this.renewProducer();
  }

  private async assignedTo(userData: Buffer, generationId: number): Promise<void> {
    const tasks = assignedTasks(userData);
    this.parts.metrics.rebalances.inc();
    // Another member may have run a task in a generation that this one missed; what is in memory is then old.
    if (generationId - 1 !== this.generationId) await this.dropTasks();
    this.generationId = generationId;
    const kept = new Set(tasks.map(String));
    for (const [id, opened] of this.tasks) {
      if (!kept.has(id)) await this.closeTask(id, opened);
    }
    this.assigned = tasks;
    this.parts.memory.assigned(this, tasks, () => this.resizeCaches());
    this.suspended = false;
    this.nextCommitAt = this.parts.now() + this.parts.limits.commitIntervalMs;
    this.parts.logger.info(
      { event: 'assigned', thread: this.parts.name, tasks: tasks.map(String) },
      `Assigned ${tasks.length} tasks`,
    );
    this.open(tasks.filter((task) => !this.tasks.has(task.toString())));
  }

  /** Opens tasks beside the loop; each joins the loop as soon as its state is restored. */
  private open(tasks: readonly TaskId[], delayMs = 0): void {
    const abort = new AbortController();
    const hand = (opened: OpenedTask): Promise<void> =>
      this.inLoop(() => (abort.signal.aborted ? opened.close() : this.opened(opened)));
    const open = async (): Promise<void> => {
      if (delayMs > 0) await setTimeout(delayMs, undefined, { signal: abort.signal });
      await this.parts.opener.open(tasks, abort.signal, (opened) => void hand(opened));
    };
    const done = open().then(
      () => void this.inLoop(() => (abort.signal.aborted ? undefined : this.allOpen())),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        if (error instanceof KafkaUnavailableError) void this.inLoop(() => this.openRest(error));
        else this.fail(error);
      },
    );
    this.opening = { abort, done };
  }

  /** Also called when another thread of the instance got tasks, or gave some up. */
  private resizeCaches(): void {
    for (const task of this.openTasks()) task.resizeCaches(this.parts.memory.cacheBytesOf(task.id));
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
    this.tasks.set(opened.task.id.toString(), opened);
    // The shares may have changed since it was begun to be opened.
    opened.task.resizeCaches(this.parts.memory.cacheBytesOf(opened.task.id));
    for (const queue of opened.task.inputs)
      this.taskOfPartition.set(partitionKey(queue.topic, queue.partition), opened);
    this.fetcher!.assign(
      opened.task.inputs.map((queue) => ({
        topic: queue.topic,
        partition: queue.partition,
        offset: queue.consumedOffset,
      })),
    );
    this.parts.metrics.tasks.inc();
  }

  private allOpen(): void {
    this.opening = undefined;
    if (!this.suspended && !this.stopping) this.moveTo('RUNNING');
  }

  private async stopOpening(): Promise<void> {
    const { opening } = this;
    if (opening === undefined) return;
    this.opening = undefined;
    opening.abort.abort();
    await opening.done;
  }

  private async dropTasks(): Promise<void> {
    await this.stopOpening();
    for (const [id, opened] of this.tasks) await this.closeTask(id, opened);
    this.parts.collector.discard();
  }

  private async closeTask(id: string, opened: OpenedTask): Promise<void> {
    this.tasks.delete(id);
    for (const queue of opened.task.inputs) {
      this.taskOfPartition.delete(partitionKey(queue.topic, queue.partition));
      this.pausedQueues.delete(queue);
    }
    this.fetcher!.remove(opened.task.inputs.map((queue) => ({ topic: queue.topic, partition: queue.partition })));
    this.taskMetrics.forget(opened.task);
    this.parts.metrics.tasks.dec();
    await opened.close();
  }

  // --- the end ------------------------------------------------------------------------------------------------------------------

  private async end(): Promise<void> {
    this.suspended = true;
    await this.stopOpening();
    this.ending = true;
    const finalCommit = this.commitAtEnd();
    this.lastCommit = finalCommit.catch(() => undefined);
    try {
      await this.runInbox();
      await finalCommit;
    } finally {
      for (const [id, opened] of [...this.tasks]) {
        // What a processor throws in its close() must not keep the partitions from the other members.
        await this.closeTask(id, opened).catch((error: unknown) => this.fail(error));
      }
      await this.fetcher?.close();
      await this.member?.leave();
      this.parts.onLeft();
      this.producer?.close();
    }
  }

  private async commitAtEnd(): Promise<void> {
    if (this.fatal !== undefined || this.commits === undefined) return this.commits?.settled();
    try {
      await this.commitAll();
    } catch (error) {
      if (!lostMembership(error)) throw error;
      this.logFailedCommit(error, 'others have the tasks now, and process its records');
    }
  }

  private async runInbox(): Promise<void> {
    for (let job = this.inbox.shift(); job !== undefined; job = this.inbox.shift()) await job();
  }

  private readonly taskOfPartition = new Map<string, OpenedTask>();

  private get queueLimit(): number {
    return this.parts.limits.inputBufferMaxBytes / Math.max(1, this.taskOfPartition.size);
  }

  private *openTasks(): Iterable<OpenedTask['task']> {
    for (const { task } of this.tasks.values()) yield task;
  }

  private anyTask(holds: (task: OpenedTask['task']) => boolean): boolean {
    for (const { task } of this.tasks.values()) if (holds(task)) return true;
    return false;
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

function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}
