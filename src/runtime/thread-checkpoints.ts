import { CheckpointParticipant, type CutOrder } from '../checkpoint/participant';
import { ThreadRecords } from '../checkpoint/record-tally';
import type { SnapshotFile, SnapshotInput } from '../checkpoint/checkpoint-metadata';
import type { Begin, ControlMessage, DrainOrder } from '../checkpoint/control-messages';
import { asError } from '../errors/as-error';
import { partitionKey, type ProducedRange } from '../kafka';
import type { Logger } from '../logging/logger';
import type { MillraceMetrics } from '../metrics/metrics';
import { barrierHeaders, type Barrier, type BarrierGate } from '../task/barrier';
import type { InputOffset } from '../task/sealed-task';
import type { Task } from '../task/task';
import type { OutputTopic, RecordCollector } from '../task/task-io';
import type { TopicReference } from '../topology/graph';
import type { FailpointHook } from './failpoints';
import type { TaskLayout } from './task-layout';
import { topicName } from './topic-plan';

/** A task's state as it was between two commits. */
export interface TakenSnapshot {
  /** Brings it into the snapshot store, and lets it go. */
  store(number: number, base: string | undefined, signal: AbortSignal): Promise<StoredSnapshot>;
  /** Lets it go. */
  discard(): Promise<void>;
}

export interface StoredSnapshot {
  readonly files: readonly SnapshotFile[];
  readonly storedBytes: number;
}

export interface ThreadCheckpointsParts {
  readonly send: (message: ControlMessage) => void;
  readonly wake: () => void;
  /** That this thread is one of. */
  readonly process?: string;
  /** Whether checkpoints begin by the number of records. */
  readonly countsRecords: boolean;
  readonly collector: RecordCollector;
  /** The repartition topics that these tasks write to, as they are called in Kafka. */
  readonly fedTopics: (
    tasks: readonly Task[],
  ) => readonly { readonly reference: TopicReference; readonly topic: string }[];
  readonly referenceOf: (topic: string) => TopicReference;
  /** Called between two commits. */
  readonly takeSnapshot: (task: Task, number: number) => Promise<TakenSnapshot>;
  readonly changelogPositions: (task: Task) => Readonly<Record<string, number>>;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly logger: Logger;
  readonly metrics: MillraceMetrics;
  readonly failpoint?: FailpointHook | undefined;
}

/** A commit that is the cut of a checkpoint too. */
export interface EpochCut {
  /** Adds the barriers, as the last records of the epoch. */
  addBarriers(): void;
  /**
   * Takes the snapshots: everything of the epoch is durable, and nothing of the next. Never rejects; a failure is the checkpoint's,
   * not the commit's.
   */
  taken(tasks: readonly CutTask[], produced: ReadonlyMap<string, ProducedRange>): Promise<void>;
}

export interface CutTask {
  readonly task: Task;
  readonly sealed: { readonly inputOffsets: readonly InputOffset[] };
}

interface FedTopic {
  readonly reference: TopicReference;
  readonly output: OutputTopic;
}

/** What a stream thread does for checkpoints: barriers, snapshots between two commits, and bringing these away meanwhile. */
export class ThreadCheckpoints implements BarrierGate {
  private readonly participant: CheckpointParticipant;
  private member: { readonly memberId: string; readonly producer: string; readonly producerId: string } | undefined;
  private fed: readonly FedTopic[] = [];
  /** Ends what is being brought into the snapshot store. */
  private storing = new AbortController();
  private readonly records = new ThreadRecords();
  private heardAt = 0;
  private openings = 0;

  constructor(private readonly parts: ThreadCheckpointsParts) {
    this.participant = new CheckpointParticipant(parts);
  }

  mayPass(barrier: Barrier): boolean {
    return this.participant.mayPass(barrier);
  }

  get isDraining(): boolean {
    return this.participant.isDraining;
  }

  drainBegun(order: DrainOrder): void {
    this.participant.drainBegun(order);
  }

  drainEnded(request: string): void {
    this.participant.drainEnded(request);
  }

  /**
   * To be called when a commit begins.
   *
   * @returns what to call when it has succeeded, if somebody waits for that
   */
  closingInputs(tasks: Iterable<Task>): (() => void) | undefined {
    if (!this.participant.isDraining) return undefined;
    for (const task of tasks) if (task.holdsInput) return undefined;
    return this.participant.closing();
  }

  /** True when the next commit, which is due at once, has to be a cut. */
  get isCutDue(): boolean {
    return this.participant.cutOrder !== undefined;
  }

  /** True while nothing may be processed: the application stops with the state of the cut. */
  get isHolding(): boolean {
    return this.participant.isHolding;
  }

  /** All tasks of the thread are open. */
  async allOpen(
    generation: { readonly generationId: number; readonly memberId: string },
    producer: { readonly incarnation: string; readonly producerId: number },
    tasks: readonly Task[],
  ): Promise<void> {
    const opening = ++this.openings;
    const fed = await Promise.all(
      this.parts.fedTopics(tasks).map(async ({ reference, topic }) => ({
        reference,
        output: await this.parts.collector.topic(topic),
      })),
    );
    if (opening !== this.openings) return;
    this.fed = fed;
    const { memberId, generationId } = generation;
    this.member = { memberId, producer: producer.incarnation, producerId: String(producer.producerId) };
    this.participant.ready({
      generation: generationId,
      member: memberId,
      producer: producer.incarnation,
      tasks: tasks.map(({ id }) => id.toString()),
      process: this.parts.process,
    });
  }

  /** The thread is about to leave the group; `failed` when it dies of an error. */
  leaving(failed: boolean): void {
    if (this.member !== undefined) this.parts.send({ type: 'left', member: this.member.memberId, failed });
  }

  /** The thread gives tasks up, or drops what it has in memory. */
  interrupted(reason: string): void {
    this.openings++;
    this.participant.interrupted(reason);
    this.endStoring(reason);
  }

  begun(begin: Begin): void {
    this.heardAt = this.parts.now();
    this.records.begun(begin.number);
    this.participant.begun(begin);
  }

  /** @param records - of input topics, since this was last called */
  processed(records: number): void {
    if (!this.parts.countsRecords) return;
    const news = this.records.processed(records, this.parts.now());
    if (news !== undefined) this.parts.send(news);
  }

  completed(generation: number, number: number, stops: boolean): void {
    this.participant.ended(generation, number, stops);
  }

  coordinatorChanged(generation: number): void {
    this.participant.coordinatorChanged(generation);
  }

  aborted(generation: number, number: number): void {
    this.endStoring('the checkpoint was aborted');
    this.participant.ended(generation, number);
  }

  /** To be called when a commit begins, before anything is sealed: whatever is processed after this lies behind the cut. */
  beginCut(): EpochCut | undefined {
    const order = this.participant.cutOrder;
    const { member, fed } = this;
    if (order === undefined || member === undefined) return undefined;
    this.parts.failpoint?.('before-cut');
    this.participant.cutBegun(order);
    this.storing.abort();
    this.storing = new AbortController();
    const { signal } = this.storing;
    return {
      addBarriers: () => this.addBarriers(order.barrier, fed),
      taken: (tasks, produced) => this.taken(order, member, fed, tasks, produced, signal),
    };
  }

  private addBarriers(barrier: Barrier, fed: readonly FedTopic[]): void {
    const headers = barrierHeaders(barrier);
    const time = this.parts.wallClock();
    for (const { output } of fed)
      for (let partition = 0; partition < output.partitionCount; partition++)
        this.parts.collector.send(output, partition, time, null, null, headers);
  }

  private async taken(
    { barrier, base }: CutOrder,
    { memberId, producer, producerId }: { memberId: string; producer: string; producerId: string },
    fed: readonly FedTopic[],
    tasks: readonly CutTask[],
    produced: ReadonlyMap<string, ProducedRange>,
    signal: AbortSignal,
  ): Promise<void> {
    const { checkpoint: number, generation } = barrier;
    const startedAt = this.parts.now();
    const snapshots = await Promise.allSettled(tasks.map(({ task }) => this.parts.takeSnapshot(task, number)));
    this.parts.metrics.snapshotPause.observe((this.parts.now() - startedAt) / 1000);
    const failure = snapshots.find((each) => each.status === 'rejected');
    if (failure !== undefined || signal.aborted) {
      for (const each of snapshots) if (each.status === 'fulfilled') void this.discard(each.value);
      if (failure !== undefined) this.failed(barrier, 'a snapshot could not be taken', failure.reason);
      return;
    }
    this.parts.failpoint?.('after-cut');
    const barriers = fed.flatMap(({ reference, output }) =>
      Array.from({ length: output.partitionCount }, (_, partition) => ({
        topic: { ...reference },
        partition,
        offset: produced.get(partitionKey(output.name, partition))!.nextOffset - 1,
      })),
    );
    const names = tasks.map(({ task }) => task.id.toString());
    this.parts.send({
      type: 'cut',
      generation,
      number,
      member: memberId,
      producer,
      producerId,
      tasks: names,
      barriers,
    });
    tasks.forEach(({ task, sealed }, index) => {
      const snapshot = (snapshots[index] as PromiseFulfilledResult<TakenSnapshot>).value;
      // As it is now: the next commit moves it.
      const changelogPositions = this.parts.changelogPositions(task);
      void this.store(barrier, base, memberId, task, sealed.inputOffsets, changelogPositions, snapshot, signal);
    });
  }

  private async store(
    barrier: Barrier,
    base: string | undefined,
    member: string,
    task: Task,
    inputOffsets: readonly InputOffset[],
    changelogPositions: Readonly<Record<string, number>>,
    snapshot: TakenSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const { checkpoint: number, generation } = barrier;
    try {
      const { files, storedBytes } = await snapshot.store(number, base, signal);
      this.parts.failpoint?.('after-stored');
      const inputs = inputOffsets.map(({ topic, ...input }): SnapshotInput => ({
        topic: this.parts.referenceOf(topic),
        ...input,
      }));
      this.parts.send({
        type: 'stored',
        generation,
        number,
        member,
        snapshot: {
          task: task.id.toString(),
          inputs: inputs.map((input) => ({ ...input, topic: { ...input.topic } })),
          changelogPositions: { ...changelogPositions },
          files: files.map((file) => ({ ...file })),
        },
        storedBytes,
        milliseconds: Math.round(this.parts.now() - this.heardAt),
      });
    } catch (error) {
      if (!signal.aborted)
        this.failed(barrier, `the snapshot of task ${task.id.toString()} could not be stored`, error);
    }
  }

  private failed(barrier: Barrier, what: string, error: unknown): void {
    this.parts.logger.warn({ event: 'snapshot_failed', number: barrier.checkpoint, err: error }, `Checkpoint: ${what}`);
    this.participant.failed(barrier, `${what}: ${asError(error).message}`);
  }

  private async discard(snapshot: TakenSnapshot): Promise<void> {
    await snapshot.discard().catch((error: unknown) => {
      this.parts.logger.warn({ event: 'snapshot_not_deleted', err: error }, 'A local snapshot could not be deleted');
    });
  }

  private endStoring(reason: string): void {
    this.storing.abort(new Error(reason));
  }
}

/** The repartition topics that tasks write to. */
export function fedTopicsOf(
  layout: TaskLayout,
  tasks: readonly Task[],
): readonly { readonly reference: TopicReference; readonly topic: string }[] {
  const names = new Set(tasks.flatMap(({ id }) => layout.subtopology(id).writesRepartition));
  return [...names].map((name) => {
    const reference = { name, internal: true };
    return { reference, topic: topicName(layout.applicationId, reference) };
  });
}
