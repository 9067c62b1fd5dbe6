import { asError } from '../errors/as-error';
import type { AsyncNode } from '../processors/async-node';
import { createOperators, type TaskOperators } from '../processors/create-operators';
import type { RecordCollector } from '../processors/record-collector';
import { TaskContext } from '../processors/task-context';
import { NO_HEADERS } from '../serde/record';
import type { ChangeLog, EpochStore } from '../state/epoch-store';
import { loadRequested } from '../state/load-requested';
import type { StateDatabase, StateWrite } from '../state/state-database';
import type { Subtopology, TopicReference } from '../topology/graph';
import type { Logger } from '../logging/logger';
import { AsyncRecords, type AsyncEnvironment } from './async-records';
import type { BarrierGate } from './barrier';
import { PartitionQueue, type PartitionStart } from './partition-queue';
import { PreparedBatch } from './prepared-batch';
import { realTimers } from './real-timers';
import { ConfiguredRecordFailures, type FailureCounter, type FailureHandlers } from './record-failures';
import type { OutputTopic, RecordCursor } from './task-io';
import type { TaskId } from './task-id';
import { RecordChooser } from './record-chooser';
import { offsetOf, type InputOffset, type SealedTask } from './sealed-task';
import { TaskIdling } from './task-idling';

/** The part of the outside that one task is given. */
export interface TaskEnvironment {
  readonly applicationId: string;
  readonly id: TaskId;
  readonly subtopology: Subtopology;
  readonly database: StateDatabase;
  readonly collector: RecordCollector & { readonly sizeInBytes: number };
  readonly createStores: (context: TaskContext) => ReadonlyMap<string, EpochStore<unknown, unknown>>;
  /** By name. Not the task's own: it only reads them. */
  readonly globalTables?: ReadonlyMap<string, EpochStore<unknown, unknown>> | undefined;
  readonly topicName: (topic: TopicReference) => string;
  readonly changelogTopics: ReadonlyMap<string, OutputTopic>;
  /** For each input topic, where the next record to process is, and the time of those before. */
  readonly starts: ReadonlyMap<string, PartitionStart>;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** How long to wait for records of partitions that are read to their end, in milliseconds; -1 waits for none. */
  readonly maxTaskIdleMs: number;
  readonly handlers: FailureHandlers;
  readonly deadLetterTopic: OutputTopic | undefined;
  readonly counter: FailureCounter;
  readonly logger: Logger;
  /** Absent where no checkpoints are taken. */
  readonly barrierGate?: BarrierGate | undefined;
  /** Default: of the process. */
  readonly async?: AsyncEnvironment | undefined;
}

export type { InputOffset, SealedTask };

/** Batches whose state is loaded ahead while another is processed. */
const BATCHES_AHEAD = 2;
/** Records between two looks at the clock. */
const CLOCK_STRIDE = 64;

/**
 * A subtopology over one partition of its inputs, with its own state.
 *
 * The owner adds fetched records, calls `prepare` and `runReady` in turn, and between them seals the epoch, commits what it got, and
 * reports the commit back with `committed`. It never touches Kafka itself.
 */
export class Task {
  readonly id: TaskId;
  private readonly context: TaskContext;
  private readonly operators: TaskOperators;
  private readonly failures: ConfiguredRecordFailures;
  private readonly queues: readonly PartitionQueue[];
  private readonly queueByTopic: ReadonlyMap<string, PartitionQueue>;
  readonly stores: readonly EpochStore<unknown, unknown>[];
  /** With the global tables, which the task only reads. */
  private readonly readStores: readonly EpochStore<unknown, unknown>[];
  private readonly committedOffsets = new Map<PartitionQueue, number>();
  private readonly prepared: PreparedBatch[] = [];
  private readonly spareBatches: PreparedBatch[] = [];
  private readonly asyncRecords: AsyncRecords | undefined;
  private readonly chooser: RecordChooser;
  /** Something was done in the open epoch that no record is the cause of. */
  private didDueWork = false;
  /** Made for an epoch in which nothing happened. */
  private unusedWrite: StateWrite | undefined;
  /** Settles when the record that waits on an asynchronous operator is done. */
  private waiting: Promise<void> | undefined;
  private failure: Error | undefined;
  /** Records processed since the task began. */
  processedRecords = 0;
  private committedRecords = 0;

  constructor(private readonly environment: TaskEnvironment) {
    const { id, subtopology, handlers, deadLetterTopic, collector, counter, logger, wallClock } = environment;
    this.id = id;
    this.failures = new ConfiguredRecordFailures(handlers, deadLetterTopic, collector, counter, logger);
    const stores = new Map<string, EpochStore<unknown, unknown>>();
    this.context = new TaskContext(
      environment.applicationId,
      id.toString(),
      stores,
      this.failures,
      wallClock,
      environment.globalTables,
    );
    for (const [name, store] of environment.createStores(this.context)) stores.set(name, store);
    this.failures.attach(this.context);
    this.stores = [...stores.values()];
    this.operators = createOperators(subtopology, this.context, collector, environment.topicName);
    this.asyncRecords = AsyncRecords.of(
      subtopology,
      this.operators.nodes,
      this.context,
      this.failures,
      environment.async ?? { timers: realTimers, random: Math.random },
    );
    this.queues = subtopology.sources.flatMap((source) =>
      source.topics
        .map((reference) => ({ topic: environment.topicName(reference), internal: reference.internal }))
        .filter(({ topic }) => environment.starts.has(topic))
        .map(
          ({ topic, internal }) =>
            new PartitionQueue(
              topic,
              id.partition,
              source,
              this.operators.roots.get(source.name)!,
              this.operators.requesters.get(source.name)!,
              environment.starts.get(topic)!,
              this.failures.keepsRawBytes,
              wallClock,
              internal,
              environment.barrierGate,
            ),
        ),
    );
    this.queueByTopic = new Map(this.queues.map((queue) => [queue.topic, queue]));
    this.readStores = [...this.stores, ...this.context.globalTables.values()];
    const idling = new TaskIdling(environment.maxTaskIdleMs, wallClock);
    this.chooser = new RecordChooser(this.queues, idling, this.failures.keepsRawBytes, environment.barrierGate);
    for (const queue of this.queues) {
      this.committedOffsets.set(queue, queue.consumedOffset);
      this.context.streamTime = Math.max(this.context.streamTime, queue.partitionTime);
    }
  }

  /** Opens the user's processors. */
  async init(): Promise<void> {
    for (const node of this.operators.nodes) await node.init();
  }

  get inputs(): readonly PartitionQueue[] {
    return this.queues;
  }

  /** True while the epoch cannot be sealed: a record waits on an operator, or one has gone a part of its way. */
  get isWaiting(): boolean {
    return this.waiting !== undefined || this.asyncRecords?.blocksCommit === true;
  }

  /** True while records of input topics are begun and not done, or something that no record is the cause of is. */
  get holdsInput(): boolean {
    return (
      this.waiting !== undefined ||
      this.queues.some(({ internal, inPreparation }) => !internal && inPreparation > 0) ||
      this.asyncNodes.some(({ inFlight }) => inFlight > 0)
    );
  }

  private get isDraining(): boolean {
    return this.environment.barrierGate?.isDraining === true;
  }

  /** True while a function of an asynchronous operator is at work. */
  get isCalling(): boolean {
    return this.asyncRecords?.isCalling === true;
  }

  get asyncNodes(): readonly AsyncNode[] {
    return this.asyncRecords?.nodes ?? [];
  }

  /** True while state is loaded for records that were taken from the queues. */
  get isLoading(): boolean {
    return this.prepared.some(({ loading }) => loading !== undefined);
  }

  /** Resolves when no record waits on an operator that the next one has to wait for. */
  async settled(): Promise<void> {
    while (this.waiting !== undefined) await this.waiting;
    this.throwFailure();
  }

  /** Resolves when the epoch can be sealed. Begins no record; hands on results that a commit must not be without. */
  async quiesced(): Promise<void> {
    for (;;) {
      await this.settled();
      const { asyncRecords } = this;
      if (asyncRecords?.blocksCommit !== true) return;
      if (this.handOn(asyncRecords.wake) === 0 && this.waiting === undefined) await asyncRecords.nextEnd();
    }
  }

  get commitRequested(): boolean {
    return this.context.commitRequested;
  }

  /** When the task has something to do though no record comes, in milliseconds since 1970; Infinity for never. */
  get nextDue(): number {
    // Whatever is in the way wakes the task when it is done.
    if (this.waiting !== undefined || this.asyncRecords?.hasRoom === false) return Infinity;
    const byWallClock = this.isDraining ? Infinity : this.context.byWallClock.next;
    return Math.min(byWallClock, this.chooser.idleDeadline);
  }

  /** Bytes that the open epoch's changes of state will add to the commit, about. */
  get dirtyBytes(): number {
    let bytes = 0;
    for (const store of this.stores) bytes += store.dirtyBytes;
    return bytes;
  }

  /** @param bytes - for all stores of the task together */
  resizeCaches(bytes: number): void {
    for (const store of this.stores) store.resizeCache(bytes / this.stores.length);
  }

  /** @param readableEnd - the end of what this consumer may read now, where that is less than the high watermark */
  add(
    topic: string,
    batches: readonly RecordCursor[],
    nextOffset: number,
    highWatermark: number,
    readableEnd?: number,
  ): void {
    this.queueByTopic.get(topic)?.add(batches, nextOffset, highWatermark, readableEnd);
  }

  /** Takes batches from the queues and begins to load the state that they will touch. `wake` is called when one is loaded. */
  prepare(wake: () => void): void {
    while (this.prepared.length < BATCHES_AHEAD) {
      const batch = this.spareBatches.pop() ?? new PreparedBatch();
      this.chooser.fill(batch);
      if (batch.length === 0) {
        this.spareBatches.push(batch);
        return;
      }
      const loading = this.load(batch);
      if (loading !== undefined) {
        batch.loading = loading.then(
          () => {
            batch.loading = undefined;
            wake();
          },
          (error: unknown) => {
            this.failure ??= asError(error);
            wake();
          },
        );
      }
      this.prepared.push(batch);
    }
  }

  private reuse(batch: PreparedBatch): void {
    batch.clear();
    this.spareBatches.push(batch);
  }

  private load(batch: PreparedBatch): Promise<void> | undefined {
    for (let index = 0; index < batch.length; index++) {
      const key = batch.keys[index];
      if (key === null || key === undefined) continue;
      const { requesters } = batch.queues[index]!;
      for (let node = 0; node < requesters.length; node++)
        requesters[node]!.requestState(key, batch.timestamps[index]!, batch.values[index]);
    }
    return loadRequested(this.readStores);
  }

  /**
   * Does what is due by the clocks, and processes records whose state is loaded, until `deadline`, or the epoch has
   * `epochLimitBytes`, or nothing is left. What is due by stream time comes right after the record that moved it.
   *
   * @returns how many records were processed, results of asynchronous operators handed on, and other things done
   */
  runReady(now: () => number, deadline: number, epochLimitBytes: number, wake: () => void): number {
    this.throwFailure();
    const handedOn = this.handOn(wake);
    const { context, prepared, asyncRecords } = this;
    const { collector, wallClock } = this.environment;
    const wallTime = this.isDraining || context.byWallClock.next === Infinity ? -Infinity : wallClock();
    let dueWorks = 0;
    let processed = 0;
    // Results that come make room, and wake the task.
    while (this.waiting === undefined && asyncRecords?.hasRoom !== false) {
      if (this.runDue(wallTime, wake)) dueWorks++;
      else {
        const batch = prepared[0];
        if (batch === undefined || batch.loading !== undefined) break;
        processed += this.run(batch, now, deadline, epochLimitBytes, wake);
        if (batch.done) {
          prepared.shift();
          // Who waits for the last record asks the batch for it.
          if (this.waiting === undefined) this.reuse(batch);
        }
      }
      if (context.commitRequested || collector.sizeInBytes + this.dirtyBytes >= epochLimitBytes) break;
      if (now() >= deadline) break;
    }
    return processed + dueWorks + handedOn;
  }

  /**
   * Hands on the results of asynchronous operators, and begins no record: what is left to do while a commit waits.
   *
   * @returns how many were handed on
   */
  handOn(wake: () => void): number {
    const { asyncRecords } = this;
    if (asyncRecords === undefined) return 0;
    this.throwFailure();
    asyncRecords.wake = wake;
    let handedOn = 0;
    while (this.waiting === undefined) {
      const ready = asyncRecords.take();
      if (ready === undefined) break;
      const [node, call] = ready;
      handedOn++;
      // The record may be one of a punctuation, for which no offset will be committed.
      this.didDueWork = true;
      const waiting = asyncRecords.handOn(node, call);
      if (waiting === undefined) asyncRecords.handedOn(node);
      else
        this.waitFor(
          waiting.then(() => asyncRecords.handedOn(node)),
          wake,
        );
    }
    return handedOn;
  }

  /** @returns whether anything was due */
  private runDue(wallTime: number, wake: () => void): boolean {
    const { context } = this;
    let time = this.asyncRecords?.streamTime ?? context.streamTime;
    let work = context.byStreamTime.earliest(time);
    if (work === undefined) {
      time = wallTime;
      work = context.byWallClock.earliest(time);
      if (work === undefined) return false;
    }
    this.didDueWork = true;
    context.withoutRecord(time);
    this.failures.withoutRecord(time);
    const waiting = work.run(time);
    if (waiting !== undefined) this.waitFor(waiting, wake);
    return true;
  }

  /** Nothing else happens in this task until it is settled. */
  private waitFor(waiting: Promise<void>, wake: () => void): void {
    this.waiting = waiting
      .catch((error: unknown) => {
        this.failure ??= asError(error);
      })
      .finally(() => {
        this.waiting = undefined;
        wake();
      });
  }

  private run(
    batch: PreparedBatch,
    now: () => number,
    deadline: number,
    epochLimitBytes: number,
    wake: () => void,
  ): number {
    const { context, asyncRecords } = this;
    const { collector } = this.environment;
    const first = batch.next;
    while (!batch.done) {
      if (asyncRecords?.hasRoom === false) break;
      const index = batch.next++;
      const waiting = this.processOne(batch, index);
      if (waiting !== undefined) {
        this.waitFor(
          waiting.then(() => this.finishOne(batch, index)),
          wake,
        );
        break;
      }
      this.finishOne(batch, index);
      if (context.commitRequested || collector.sizeInBytes + this.dirtyBytes >= epochLimitBytes) break;
      if (context.streamTime >= context.byStreamTime.next) break;
      if (index % CLOCK_STRIDE === 0 && now() >= deadline) break;
    }
    return batch.next - first;
  }

  private processOne(batch: PreparedBatch, index: number): Promise<void> | undefined {
    const { context, failures } = this;
    const queue = batch.queues[index]!;
    const timestamp = batch.timestamps[index]!;
    context.topic = queue.topic;
    context.partition = queue.partition;
    context.offset = batch.offsets[index]!;
    context.timestamp = timestamp;
    context.headers = batch.headers[index]!;
    if (failures.keepsRawBytes) {
      failures.raw.key = batch.rawKeys[index]!;
      failures.raw.value = batch.rawValues[index]!;
    }
    failures.raw.headers = context.headers;
    failures.raw.timestamp = timestamp;
    this.asyncRecords?.begin(queue, context.offset);
    if (batch.unreadable.size > 0) {
      const unreadable = batch.unreadable.get(index);
      if (unreadable !== undefined) {
        if (unreadable.skip === undefined) failures.deserializationFailed(queue.sourceName, unreadable);
        else failures.recordSkipped(queue.sourceName, unreadable.skip);
        return undefined;
      }
    }
    if (timestamp > context.streamTime) context.streamTime = timestamp;
    return queue.root.process(batch.keys[index], batch.values[index], timestamp);
  }

  private finishOne(batch: PreparedBatch, index: number): void {
    const queue = batch.queues[index]!;
    this.processedRecords++;
    queue.processed++;
    if (batch.unreadable.size === 0 || !batch.unreadable.has(index)) queue.timeReached(batch.timestamps[index]!);
    if (this.asyncRecords !== undefined) {
      this.asyncRecords.end();
      return;
    }
    queue.consumedOffset = batch.offsets[index]! + 1;
    queue.consumedTime = queue.partitionTime;
    queue.inPreparation--;
  }

  /** Records that were processed and not committed: where the task is dropped, they are processed again. */
  get uncommittedRecords(): number {
    return this.processedRecords - this.committedRecords;
  }

  private throwFailure(): void {
    const failure = this.failure ?? this.failures.fatal;
    if (failure !== undefined) throw failure;
  }

  /** The task's part of the state. Its owner alone may write to it. */
  get database(): StateDatabase {
    return this.environment.database;
  }

  /**
   * Ends the open epoch: adds its changelog records to the collector. Undefined when nothing happened in it.
   *
   * @param whole - with the offsets of all inputs, not only of those that moved; then it is never undefined
   */
  seal(whole = false): SealedTask | undefined {
    this.throwFailure();
    this.context.commitRequested = false;
    for (const node of this.operators.nodes) node.beforeCommit();
    const inputOffsets: InputOffset[] = [];
    for (const queue of this.queues) {
      const offset = queue.committableOffset;
      // It is past what nobody sees, and a later commit must not say less.
      if (offset > queue.consumedOffset) queue.consumedOffset = offset;
      if (!whole && offset === this.committedOffsets.get(queue)) continue;
      this.committedOffsets.set(queue, offset);
      inputOffsets.push(offsetOf(queue, offset));
    }
    const stores: SealedTask['stores'][number][] = [];
    const write = this.unusedWrite ?? this.environment.database.write();
    this.unusedWrite = undefined;
    for (const store of this.stores) {
      const changelog = this.environment.changelogTopics.get(store.name);
      if (store.seal(write, changelog && this.changeLog(changelog))) stores.push({ store, changelog });
    }
    const mayHaveWritten = this.didDueWork && (stores.length > 0 || this.environment.collector.sizeInBytes > 0);
    this.didDueWork = false;
    // The broker refuses a zombie by the offsets in its transaction, so there are some in each that writes anything.
    const [anyQueue] = this.queues;
    if (mayHaveWritten && inputOffsets.length === 0 && anyQueue !== undefined)
      inputOffsets.push(offsetOf(anyQueue, anyQueue.committableOffset));
    const { processedRecords } = this;
    if (inputOffsets.length > 0 || stores.length > 0) return { processedRecords, inputOffsets, write, stores };
    this.unusedWrite = write;
    return undefined;
  }

  private changeLog(changelog: OutputTopic): ChangeLog {
    const { collector, id } = this.environment;
    return (timestamp, key, value) => collector.send(changelog, id.partition, timestamp, key, value, NO_HEADERS);
  }

  /**
   * After the transaction of a sealed epoch committed: puts its changes, with the input offsets and the changelog positions, into
   * the database, in one atomic write.
   *
   * @param changelogPosition - the offset after the last changelog record of this epoch, where it is known
   */
  async committed(
    sealed: SealedTask,
    changelogPosition: (topic: string, partition: number) => number | undefined,
  ): Promise<void> {
    this.committedRecords = sealed.processedRecords;
    const { write } = sealed;
    for (const { store, changelog } of sealed.stores) {
      const position = changelog === undefined ? undefined : changelogPosition(changelog.name, this.id.partition);
      if (position !== undefined) write.setChangelogPosition(store.name, position);
    }
    for (const { topic, partition, offset } of sealed.inputOffsets) write.setInputOffset(topic, partition, offset);
    await write.commit();
    for (const { store } of sealed.stores) store.sealedWritten();
  }

  /** Ends the calls of asynchronous operators. Their records are not processed. */
  cancelCalls(): void {
    this.asyncRecords?.cancel();
  }

  async close(): Promise<void> {
    this.cancelCalls();
    if (this.waiting !== undefined) await this.waiting;
    for (const node of this.operators.nodes) await node.close();
  }
}
