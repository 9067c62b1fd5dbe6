import { asError } from '../errors/as-error';
import type { AsyncNode } from '../processors/async-node';
import { createOperators, type TaskOperators } from '../processors/create-operators';
import type { RecordCollector } from '../processors/record-collector';
import { TaskContext } from '../processors/task-context';
import { NO_HEADERS } from '../serde/record';
import type { EpochStore, SealedEntries } from '../state/epoch-store';
import { changelogKey, changelogValue } from '../state/entry-codec';
import type { StateDatabase } from '../state/state-database';
import type { Subtopology, TopicReference } from '../topology/graph';
import type { Logger } from '../logging/logger';
import { AsyncRecords, type AsyncEnvironment } from './async-records';
import { PartitionQueue } from './partition-queue';
import { PreparedBatch } from './prepared-batch';
import { realTimers } from './real-timers';
import { ConfiguredRecordFailures, type FailureCounter, type FailureHandlers } from './record-failures';
import type { OutputTopic, RecordCursor } from './task-io';
import type { TaskId } from './task-id';

/** The part of the outside that one task is given. */
export interface TaskEnvironment {
  readonly applicationId: string;
  readonly id: TaskId;
  readonly subtopology: Subtopology;
  readonly database: StateDatabase;
  readonly collector: RecordCollector & { readonly sizeInBytes: number };
  readonly createStores: (context: TaskContext) => ReadonlyMap<string, EpochStore<unknown, unknown>>;
  readonly topicName: (topic: TopicReference) => string;
  readonly changelogTopics: ReadonlyMap<string, OutputTopic>;
  /** For each input topic, the offset of the next record to process. */
  readonly startOffsets: ReadonlyMap<string, number>;
  readonly handlers: FailureHandlers;
  readonly deadLetterTopic: OutputTopic | undefined;
  readonly counter: FailureCounter;
  readonly logger: Logger;
  /** Default: of the process. */
  readonly async?: AsyncEnvironment | undefined;
}

export interface InputOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What one task contributes to a commit. */
export interface SealedTask {
  readonly inputOffsets: readonly InputOffset[];
  readonly stores: readonly {
    readonly store: EpochStore<unknown, unknown>;
    readonly changes: SealedEntries;
    readonly changelog: OutputTopic | undefined;
  }[];
}

/** Records taken from the queues at a time. Large enough that one getMany is worth its round trip, small enough to stay responsive. */
const BATCH_RECORDS = 1000;
/** Taken from the queues at a time. What a batch holds no longer counts as queued, so batches of large records are short. */
const BATCH_BYTES = 1024 * 1024;
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
  private readonly committedOffsets = new Map<PartitionQueue, number>();
  private readonly prepared: PreparedBatch[] = [];
  private readonly asyncRecords: AsyncRecords | undefined;
  /** Settles when the record that waits on an asynchronous operator is done. */
  private waiting: Promise<void> | undefined;
  private failure: Error | undefined;
  /** Records processed since the task began. */
  processedRecords = 0;

  constructor(private readonly environment: TaskEnvironment) {
    const { id, subtopology, handlers, deadLetterTopic, collector, counter, logger } = environment;
    this.id = id;
    this.failures = new ConfiguredRecordFailures(handlers, deadLetterTopic, collector, counter, logger);
    const stores = new Map<string, EpochStore<unknown, unknown>>();
    this.context = new TaskContext(environment.applicationId, id.toString(), stores, this.failures);
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
        .map((reference) => environment.topicName(reference))
        .filter((topic) => environment.startOffsets.has(topic))
        .map(
          (topic) =>
            new PartitionQueue(
              topic,
              id.partition,
              source,
              this.operators.roots.get(source.name)!,
              this.operators.requesters.get(source.name)!,
              environment.startOffsets.get(topic)!,
              this.failures.keepsRawBytes,
            ),
        ),
    );
    this.queueByTopic = new Map(this.queues.map((queue) => [queue.topic, queue]));
    for (const queue of this.queues) this.committedOffsets.set(queue, queue.consumedOffset);
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

  add(topic: string, batches: readonly RecordCursor[], nextOffset: number, highWatermark: number): void {
    this.queueByTopic.get(topic)?.add(batches, nextOffset, highWatermark);
  }

  /** Takes batches from the queues and begins to load the state that they will touch. `wake` is called when one is loaded. */
  prepare(wake: () => void): void {
    while (this.prepared.length < BATCHES_AHEAD) {
      const batch = new PreparedBatch();
      this.fill(batch);
      if (batch.length === 0) return;
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

  private fill(batch: PreparedBatch): void {
    const { keepsRawBytes } = this.failures;
    if (this.queues.length === 1) {
      const queue = this.queues[0]!;
      const enough = queue.queuedBytes - BATCH_BYTES;
      while (batch.length < BATCH_RECORDS && queue.queuedBytes > enough && queue.advance())
        batch.addHead(queue, keepsRawBytes);
      return;
    }
    const enough = this.queuedBytes - BATCH_BYTES;
    while (batch.length < BATCH_RECORDS && this.queuedBytes > enough) {
      const queue = this.queueOfLowestTimestamp();
      if (queue === undefined) return;
      batch.addHead(queue, keepsRawBytes);
      queue.hasHead = false;
    }
  }

  private get queuedBytes(): number {
    let bytes = 0;
    for (const queue of this.queues) bytes += queue.queuedBytes;
    return bytes;
  }

  private queueOfLowestTimestamp(): PartitionQueue | undefined {
    let lowest: PartitionQueue | undefined;
    for (const queue of this.queues) {
      if (!queue.hasHead && !queue.advance()) continue;
      if (lowest === undefined || queue.timestamp < lowest.timestamp) lowest = queue;
    }
    return lowest;
  }

  private load(batch: PreparedBatch): Promise<void> | undefined {
    for (let index = 0; index < batch.length; index++) {
      const key = batch.keys[index];
      if (key === null || key === undefined) continue;
      const { requesters } = batch.queues[index]!;
      for (let node = 0; node < requesters.length; node++)
        requesters[node]!.requestState(key, batch.timestamps[index]!);
    }
    const loads: Promise<void>[] = [];
    for (const store of this.stores) {
      const load = store.loadRequested();
      if (load !== undefined) loads.push(load);
    }
    if (loads.length === 0) return undefined;
    return loads.length === 1 ? loads[0] : Promise.all(loads).then(() => undefined);
  }

  /**
   * Processes records whose state is loaded, until `deadline`, or the epoch has `epochLimitBytes`, or none is left.
   *
   * @returns how many records were processed, and results of asynchronous operators handed on
   */
  runReady(now: () => number, deadline: number, epochLimitBytes: number, wake: () => void): number {
    this.throwFailure();
    const handedOn = this.handOn(wake);
    let processed = 0;
    while (this.waiting === undefined) {
      const batch = this.prepared[0];
      if (batch === undefined || batch.loading !== undefined) break;
      processed += this.run(batch, now, deadline, epochLimitBytes, wake);
      if (!batch.done) break;
      this.prepared.shift();
    }
    this.processedRecords += processed;
    return processed + handedOn;
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
      const waiting = asyncRecords.handOn(node, call);
      if (waiting === undefined) asyncRecords.handedOn(node);
      else this.wait(waiting, () => asyncRecords.handedOn(node), wake);
    }
    return handedOn;
  }

  private wait(waiting: Promise<void>, done: () => void, wake: () => void): void {
    this.waiting = waiting
      .then(done, (error: unknown) => {
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
        this.wait(waiting, () => this.finishOne(batch, index), wake);
        break;
      }
      this.finishOne(batch, index);
      if (context.commitRequested || collector.sizeInBytes + this.dirtyBytes >= epochLimitBytes) break;
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
        failures.deserializationFailed(queue.sourceName, unreadable);
        return undefined;
      }
    }
    if (timestamp > context.streamTime) context.streamTime = timestamp;
    return queue.root.process(batch.keys[index], batch.values[index], timestamp);
  }

  private finishOne(batch: PreparedBatch, index: number): void {
    const queue = batch.queues[index]!;
    queue.processed++;
    if (this.asyncRecords !== undefined) {
      this.asyncRecords.end();
      return;
    }
    queue.consumedOffset = batch.offsets[index]! + 1;
    queue.inPreparation--;
  }

  private throwFailure(): void {
    const failure = this.failure ?? this.failures.fatal;
    if (failure !== undefined) throw failure;
  }

  /** Ends the open epoch: adds its changelog records to the collector. Undefined when nothing happened in it. */
  seal(): SealedTask | undefined {
    this.throwFailure();
    this.context.commitRequested = false;
    const inputOffsets: InputOffset[] = [];
    for (const queue of this.queues) {
      const offset = queue.committableOffset;
      if (offset === this.committedOffsets.get(queue)) continue;
      this.committedOffsets.set(queue, offset);
      inputOffsets.push({ topic: queue.topic, partition: queue.partition, offset });
    }
    const stores: SealedTask['stores'][number][] = [];
    for (const store of this.stores) {
      const changes = store.seal();
      if (changes === undefined) continue;
      const changelog = this.environment.changelogTopics.get(store.name);
      if (changelog !== undefined) this.logChanges(store, changes, changelog);
      stores.push({ store, changes, changelog });
    }
    return inputOffsets.length === 0 && stores.length === 0 ? undefined : { inputOffsets, stores };
  }

  private logChanges(store: EpochStore<unknown, unknown>, changes: SealedEntries, changelog: OutputTopic): void {
    const { collector } = this.environment;
    const { entries, keys, values } = changes;
    for (let index = 0; index < keys.length; index++) {
      const value = values[index];
      collector.send(
        changelog,
        this.id.partition,
        entries[index]!.timestamp,
        changelogKey(store.handle, keys[index]!),
        value === undefined ? null : changelogValue(store.definition, value),
        NO_HEADERS,
      );
    }
  }

  /**
   * After the transaction of a sealed epoch committed: puts its changes, the input offsets and the changelog positions into the
   * database, in one atomic write.
   *
   * @param changelogPosition - the offset after the last changelog record of this epoch, where it is known
   */
  async committed(
    sealed: SealedTask,
    changelogPosition: (topic: string, partition: number) => number | undefined,
  ): Promise<void> {
    const write = this.environment.database.write();
    for (const { store, changes, changelog } of sealed.stores) {
      store.writeSealed(changes, write);
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
