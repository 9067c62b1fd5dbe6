import { asError } from '../errors/as-error';
import type { Logger } from '../logging/logger';
import type { TopologyShape } from '../topology/topology-shape';
import type { Availability } from './availability';
import type { ChannelState, CheckpointMetadata, CheckpointTrigger } from './checkpoint-metadata';
import type { CheckpointSchedule } from './checkpoint-schedule';
import type { Answer, CheckpointRequest, ControlMessage, Cut, Ready, Stored } from './control-messages';
import { Drain } from './drain';
import type { FailedCheckpoint } from './failed-checkpoints';
import { floorsOf } from './floors';
import { ReadyMembers } from './ready-members';
import { RecordTally } from './record-tally';
import { RequestQueue } from './request-queue';
import { RunningCheckpoint } from './running-checkpoint';

/** What the coordinator has to do with checkpoints that are complete. */
export interface CompletedCheckpoints {
  /** Those that are kept, oldest first, savepoints included; and the highest number that was ever begun, as far as is known. */
  load(): Promise<{ readonly kept: readonly CheckpointMetadata[]; readonly highestNumber: number }>;
  write(metadata: CheckpointMetadata): Promise<void>;
  /**
   * Deletes checkpoints that are not to be kept, and files that none needs.
   *
   * @param below - none with a lower number is under way
   * @param inUse - whose files one under way shares
   * @returns those that are kept, oldest first
   */
  retain(below: number, inUse: CheckpointMetadata | undefined): Promise<readonly CheckpointMetadata[]>;
}

export interface CoordinatorSettings {
  /** Default none: checkpoints on request only. */
  readonly schedule: CheckpointSchedule | undefined;
  /** One that takes longer is aborted, in milliseconds. */
  readonly timeoutMs: number;
  /** From the end of one to the beginning of the next that nobody asked for, in milliseconds. */
  readonly minPauseMs: number;
  /** How many may fail one after the other; undefined for any number. */
  readonly toleratedFailures: number | undefined;
}

export interface CoordinatorParts {
  readonly applicationId: string;
  /** All tasks of the application. */
  readonly tasks: readonly string[];
  readonly shape: () => TopologyShape;
  readonly settings: CoordinatorSettings;
  readonly completed: CompletedCheckpoints;
  /** Whether the application has processed and committed all that is in its repartition topics. See {@link Drain} for how to find out. */
  readonly repartitionsAreRead: () => Promise<boolean>;
  /** Copies the records on their way into the snapshot store, for a savepoint. */
  readonly copyChannels: (channels: readonly ChannelState[], number: number) => Promise<readonly ChannelState[]>;
  /** Kept in the metadata of each checkpoint. */
  readonly availability: () => Availability;
  readonly send: (message: ControlMessage) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  readonly logger: Logger;
  readonly listener?: CheckpointListener | undefined;
  /** More failed one after the other than are tolerated. */
  readonly onTooManyFailures: (reason: string) => void;
}

/** Hears how checkpoints end, for figures. */
export interface CheckpointListener {
  completed(metadata: CheckpointMetadata): void;
  failed(checkpoint: FailedCheckpoint): void;
}

/**
 * Begins checkpoints, collects what the members say, and completes or aborts them. One at a time.
 *
 * Every instance has one, and hears everything; it acts while it leads, which is while its instance owns the one partition of the
 * control topic. Checkpoints begin only when every task is open: until then transactions of members that are gone may still end.
 */
export class CheckpointCoordinator {
  private generation: number | undefined;
  private readonly members = new ReadyMembers();
  private running: RunningCheckpoint | undefined;
  private completing = false;
  private drain: Drain | undefined;
  private highestNumber = 0;
  /** The newest that completed: its files may be shared. A savepoint's may be deleted by its owner at any time. */
  private base: CheckpointMetadata | undefined;
  private loaded = false;
  private lastBeganAt: number | undefined;
  private lastEndedAt: number | undefined;
  private consecutiveFailures = 0;
  private readonly tally = new RecordTally();
  private readonly requests = new RequestQueue();
  private cancelTimer: (() => void) | undefined;
  private cancelTimeout: (() => void) | undefined;

  constructor(private readonly parts: CoordinatorParts) {}

  /** From now on this instance owns the control topic's partition. */
  async lead(generation: number): Promise<void> {
    this.resign('the consumer group rebalanced');
    this.generation = generation;
    this.loaded = false;
    try {
      const { kept, highestNumber } = await this.parts.completed.load();
      if (this.generation !== generation) return;
      this.highestNumber = Math.max(this.highestNumber, highestNumber);
      this.keep(kept);
      this.loaded = true;
      this.consider();
    } catch (error) {
      if (this.generation !== generation) return;
      this.parts.logger.warn(
        { event: 'checkpoints_unreadable', err: error },
        'Cannot read which checkpoints there are',
      );
      this.cancelTimer = this.parts.setTimer(() => void this.lead(generation), this.parts.settings.minPauseMs + 1000);
    }
  }

  /** From now on another instance does, or none. */
  resign(reason: string): void {
    // First, as the end of one checkpoint would be the beginning of the next.
    this.generation = undefined;
    this.drain?.fail(reason);
    if (this.running !== undefined && !this.completing) this.abort(reason, 'tolerated');
    this.requests.clear();
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  received(message: ControlMessage): void {
    switch (message.type) {
      case 'ready':
        return this.heardReady(message);
      case 'request':
        return this.heardRequest(message);
      case 'cut':
      case 'stored':
        return this.heardWord(message);
      case 'declined':
        if (this.running?.is(message) === true && !this.completing)
          this.abort(message.reason, message.failed ? 'counted' : 'tolerated');
        return;
      case 'closed':
        return this.drain?.heard(message);
      case 'begin':
        this.highestNumber = Math.max(this.highestNumber, message.number);
        this.tally.begun(message.number);
        return;
      case 'processed':
        this.tally.heard(message);
        return this.consider();
      case 'completed':
      case 'aborted':
      case 'floors':
      case 'failure':
      case 'left':
      case 'recovered':
      case 'replayed':
      case 'drain':
      case 'drain-ended':
        return;
      case 'answer':
        // Perhaps another coordinator's.
        return this.requests.answered(message);
    }
  }

  private heardReady(ready: Ready): void {
    if (!this.members.heard(ready)) return;
    this.drain?.heardReady(ready);
    if (this.running?.isBrokenBy(ready) === true && !this.completing)
      this.abort('a member dropped its tasks and opened them again', 'tolerated');
    this.consider();
  }

  private heardRequest(request: CheckpointRequest): void {
    if (this.generation === undefined) return;
    const answered = this.requests.outcomeOf(request.request);
    if (answered !== undefined) return this.answer(request.request, answered);
    if (this.requests.has(request.request)) return;
    if (this.running?.request?.request === request.request || this.drain?.is(request.request) === true) return;
    this.requests.add(request);
    this.consider();
  }

  private heardWord(message: Cut | Stored): void {
    const { running } = this;
    if (running?.is(message) !== true || this.completing) return;
    if (message.type === 'cut') running.hasCut(message);
    else running.hasStored(message);
    if (running.isComplete) void this.complete(running);
  }

  /** Begins what is due, or sees to it that it will be considered then. */
  private consider(): void {
    const { generation, parts } = this;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    if (generation === undefined || !this.loaded || this.running !== undefined) return;
    if (this.drain !== undefined) return;
    const participants = this.members.withAll(parts.tasks, generation);
    if (participants === undefined) return;
    const request = this.requests.take();
    if (request?.drain === true && request.thenStop) return this.startDrain(generation, participants, request);
    if (request !== undefined) return this.begin(generation, participants, 'on-demand', request);
    const { schedule, minPauseMs } = parts.settings;
    if (schedule === undefined) return;
    const now = parts.now();
    const earliest = this.lastEndedAt === undefined ? now : this.lastEndedAt + minPauseMs;
    const at = Math.max(earliest, schedule.nextAt(this.lastBeganAt, this.lastEndedAt, now, this.tally.records));
    this.lastBeganAt ??= now;
    if (at <= now) this.begin(generation, participants, schedule.trigger, undefined);
    else if (at !== Infinity) this.cancelTimer = parts.setTimer(() => this.consider(), at - now);
  }

  private startDrain(generation: number, participants: readonly Ready[], request: CheckpointRequest): void {
    const { parts } = this;
    this.drain = new Drain({
      ...parts,
      request,
      generation,
      participants,
      timeoutMs: parts.settings.timeoutMs,
      onDrained: () => {
        this.drain = undefined;
        this.begin(generation, participants, 'on-demand', request);
      },
      onFailed: (reason) => {
        this.drain = undefined;
        this.goOn(generation, request);
        this.answer(request.request, { status: 'failed', reason });
        this.consider();
      },
    });
    parts.logger.info({ event: 'draining' }, 'Input topics are not read any more: the application is to stop');
    this.answer(request.request, { status: 'draining' });
    parts.send({
      type: 'drain',
      generation,
      request: request.request,
      participants: participants.map(({ member, producer }) => ({ member, producer })),
    });
  }

  /** The application does not stop: input topics are read again. */
  private goOn(generation: number, { request, drain }: CheckpointRequest): void {
    if (drain === true) this.parts.send({ type: 'drain-ended', generation, request });
  }

  private begin(
    generation: number,
    participants: readonly Ready[],
    trigger: CheckpointTrigger,
    request: CheckpointRequest | undefined,
  ): void {
    const { parts } = this;
    const number = ++this.highestNumber;
    const begin = {
      type: 'begin' as const,
      generation,
      number,
      participants: participants.map(({ member, producer }) => ({ member, producer })),
      base: request?.full === true ? undefined : this.base?.id,
      thenStop: request?.thenStop ?? false,
    };
    this.lastBeganAt = parts.now();
    this.tally.begun(number);
    this.running = new RunningCheckpoint(begin, trigger, request, this.lastBeganAt, parts.tasks);
    this.cancelTimeout = parts.setTimer(() => {
      const missing = this.running?.missing.join(', ') ?? '';
      if (!this.completing)
        this.abort(
          `it took longer than ${parts.settings.timeoutMs} ms; missing: ${missing === '' ? 'barriers' : missing}`,
          'counted',
        );
    }, parts.settings.timeoutMs);
    parts.logger.debug({ event: 'checkpoint_begun', number, trigger }, `Checkpoint ${number} begins`);
    if (request !== undefined) this.answer(request.request, { status: 'begun', number });
    parts.send(begin);
  }

  private async complete(running: RunningCheckpoint): Promise<void> {
    this.completing = true;
    const { parts } = this;
    const { number, request } = running;
    try {
      const kind = request?.kind ?? 'checkpoint';
      const id = request?.id ?? `${kind}-${number}`;
      const channels = kind === 'savepoint' ? await parts.copyChannels(running.channels, number) : running.channels;
      const metadata: CheckpointMetadata = {
        applicationId: parts.applicationId,
        number,
        id,
        kind,
        trigger: running.trigger,
        beganAt: running.beganAt,
        completedAt: parts.now(),
        incrementalBytes: running.storedBytes,
        slowestTask: running.slowestTask,
        availability: parts.availability(),
        shape: parts.shape(),
        tasks: running.snapshots,
        channels,
      };
      // Its successor may be deleting what belongs to no checkpoint that it knows of.
      if (this.generation !== running.begin.generation) throw new Error('another instance coordinates by now');
      await parts.completed.write(metadata);
      this.completed(running, metadata);
    } catch (error) {
      this.completing = false;
      const leads = this.generation === running.begin.generation;
      if (this.running === running)
        this.abort(`it could not be completed: ${asError(error).message}`, leads ? 'counted' : 'tolerated');
    }
  }

  private completed(running: RunningCheckpoint, metadata: CheckpointMetadata): void {
    const { parts } = this;
    const { generation, thenStop } = running.begin;
    this.shareFilesOf(metadata);
    this.consecutiveFailures = 0;
    const { number, id, availability } = metadata;
    parts.send({ type: 'completed', generation, number, id, thenStop, availability });
    if (running.request !== undefined) this.answer(running.request.request, { status: 'completed', id: metadata.id });
    const milliseconds = metadata.completedAt - metadata.beganAt;
    parts.logger.info(
      { event: 'checkpoint_completed', id: metadata.id, milliseconds, storedBytes: metadata.incrementalBytes },
      `Completed ${metadata.id} in ${milliseconds} ms`,
    );
    parts.listener?.completed(metadata);
    this.end();
    void this.retain(metadata.number);
  }

  /** @param failure - whether it is one of those of which only so many are tolerated: not when members came or went */
  private abort(reason: string, failure: 'counted' | 'tolerated'): void {
    const { running, parts } = this;
    if (running === undefined) return;
    const { generation, number } = running.begin;
    parts.logger.warn({ event: 'checkpoint_aborted', number, reason }, `Checkpoint ${number} was aborted: ${reason}`);
    parts.send({ type: 'aborted', generation, number, reason });
    if (running.request !== undefined) {
      this.goOn(generation, running.request);
      this.answer(running.request.request, { status: 'failed', reason });
    }
    parts.listener?.failed({
      number,
      kind: running.request?.kind ?? 'checkpoint',
      trigger: running.trigger,
      beganAt: running.beganAt,
      failedAt: parts.now(),
      reason,
    });
    if (failure === 'counted') this.consecutiveFailures++;
    const { toleratedFailures } = parts.settings;
    const tooMany =
      failure === 'counted' && toleratedFailures !== undefined && this.consecutiveFailures > toleratedFailures;
    // The instance stops: another one would be the next failure.
    if (tooMany) this.generation = undefined;
    this.end();
    if (tooMany) parts.onTooManyFailures(reason);
  }

  private end(): void {
    this.cancelTimeout?.();
    this.cancelTimeout = undefined;
    this.running = undefined;
    this.completing = false;
    this.lastEndedAt = this.parts.now();
    this.consider();
  }

  private async retain(completed: number): Promise<void> {
    try {
      this.keep(await this.parts.completed.retain(completed + 1, this.base));
    } catch (error) {
      this.parts.logger.warn(
        { event: 'checkpoints_not_deleted', err: error },
        'Old checkpoints could not be deleted; tried again after the next one',
      );
    }
  }

  private keep(kept: readonly CheckpointMetadata[]): void {
    for (const metadata of kept) this.shareFilesOf(metadata);
    this.highestNumber = Math.max(this.highestNumber, ...kept.map(({ number }) => number));
    if (this.generation !== undefined)
      this.parts.send({ type: 'floors', generation: this.generation, floors: floorsOf(kept) });
  }

  /** Never those of an older one, though it may be heard of later: it may be deleted already. */
  private shareFilesOf(metadata: CheckpointMetadata): void {
    if (metadata.kind === 'checkpoint' && metadata.number > (this.base?.number ?? 0)) this.base = metadata;
  }

  private answer(request: string, outcome: Answer['outcome']): void {
    const answer = { type: 'answer' as const, request, outcome };
    this.requests.answered(answer);
    this.parts.send(answer);
  }
}
