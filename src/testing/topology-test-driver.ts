import { partitionKey } from '../kafka';
import { silentLogger, type Logger } from '../logging/logger';
import { applyBatch } from '../runtime/restore';
import { TaskFactory } from '../runtime/task-factory';
import { TaskLayout } from '../runtime/task-layout';
import { externalTopics, planTopics, topicName } from '../runtime/topic-plan';
import { WakeSignal, yieldToEventLoop } from '../runtime/wake-signal';
import { openMemoryState } from '../state/memory-state';
import type { EpochStore } from '../state/epoch-store';
import type { StateDatabase } from '../state/state-database';
import type { FailureCounter, FailureHandlers, SkipReason } from '../task/record-failures';
import { decodePartitionTime } from '../task/partition-time';
import type { SealedTask, Task } from '../task/task';
import type { TaskId } from '../task/task-id';
import { GlobalTable, globalStore } from '../task/global-table';
import type { GlobalTableDefinition, StoreKind, Topology } from '../topology/graph';
import type { KeyValueStore } from '../topology/processor-api';
import type { WindowAggregateOperator } from '../topology/window-operators';
import { openStoreView } from '../processors/store-views';
import type { ReadOnlySessionStore, ReadOnlyWindowStore } from '../topology/store-api';
import { VersionedStoreView } from '../processors/versioned-store-view';
import type { VersionedKeyValueStore } from '../topology/versioned-store-api';
import { MemoryCollector } from './memory-collector';
import { MemoryTopics } from './memory-topics';
import { TestStores } from './test-stores';
import { isSession, TestSessionStore, TestWindowStore } from './test-window-stores';
import { TestInputTopic, TestOutputTopic, type InputTopicOptions, type TopicSerdes } from './test-topics';
import { VirtualTimers } from './virtual-timers';

export interface TopologyTestDriverOptions {
  /** Default `test`. */
  readonly applicationId?: string | undefined;
  /** Partitions of source and sink topics. Default 1 each; repartition topics and changelogs follow as in a cluster. */
  readonly partitions?: Readonly<Record<string, number>> | undefined;
  /** Milliseconds since 1970. Default 0. */
  readonly initialWallClockTime?: number | undefined;
  /** What bad records lead to. Default `fail` each. */
  readonly handlers?: Partial<FailureHandlers> | undefined;
  /** Where dead-letter records go. Default `dead-letters`. */
  readonly deadLetterTopic?: string | undefined;
  /**
   * `auto` commits when everything that was piped in is processed, so that outputs can be read at once. With `manual` nothing is
   * readable, and nothing goes through a repartition topic, before `commit()`: for tests of what a crash leaves. Default `auto`.
   */
  readonly commit?: 'auto' | 'manual' | undefined;
  /** As the configuration key of that name, by the driver's wall clock. Default 0. */
  readonly maxTaskIdleMs?: number | undefined;
  /** Chance, as the jitter of asynchronous operators uses it: from 0 to 1, 1 excluded. Default: always 0. */
  readonly random?: (() => number) | undefined;
  /** Default: no log. */
  readonly logger?: Logger | undefined;
}

interface DriverTask {
  readonly id: TaskId;
  readonly task: Task;
  /** For each input topic, the offset up to which the task was given records. */
  readonly given: Map<string, number>;
}

/** Longer than any load of state from memory takes. */
const LOADING_MS = 60_000;
const CACHE_BYTES_PER_TASK = 16 * 1024 * 1024;

/**
 * Runs a topology without Kafka, in this process: the very tasks, operators and epochs of the service, over topics and state in
 * memory. It works through what is piped in until nothing is left, so that a test needs no waiting.
 *
 * @example
 * const driver = await TopologyTestDriver.open(topology);
 * const sentences = driver.createInputTopic('sentences', { key: serdes.string, value: serdes.string });
 * const counts = driver.createOutputTopic('word-counts', { key: serdes.string, value: serdes.decimalText });
 * await sentences.pipeInput(null, 'to be or not to be');
 * expect(counts.readKeyValuesToMap()).toEqual(new Map([['to', 2], ['be', 2], ['or', 1], ['not', 1]]));
 * await driver.close();
 */
export class TopologyTestDriver {
  private readonly topics = new MemoryTopics();
  private readonly collector = new MemoryCollector(this.topics);
  private readonly layout: TaskLayout;
  private readonly databases = new Map<string, StateDatabase>();
  private readonly committedOffsets = new Map<string, number>();
  /** By partition, as they would be in Kafka beside the offsets. */
  private readonly committedMetadata = new Map<string, string>();
  private readonly signal = new WakeSignal();
  private readonly skippedRecords = new Map<SkipReason, number>();
  private tasks: DriverTask[] = [];
  private readonly globalDatabases = new Map<string, StateDatabase>();
  private globalTables: GlobalTable[] = [];
  private wallClock: number;
  private readonly timers = new VirtualTimers(() => this.wallClock);
  private processing: Promise<void> | undefined;
  private moreToProcess = false;

  private constructor(
    private readonly topology: Topology,
    private readonly options: TopologyTestDriverOptions,
  ) {
    const { applicationId = 'test', partitions = {} } = options;
    this.wallClock = options.initialWallClockTime ?? 0;
    const { sources, sinks, globals } = externalTopics(topology);
    for (const name of new Set([...sources, ...sinks, ...globals])) this.topics.create(name, partitions[name] ?? 1);
    const counts = new Map(sources.map((name) => [name, this.topics.partitions(name).length]));
    const plan = planTopics(applicationId, topology, counts);
    for (const { name, partitions: count } of plan.internalTopics) this.topics.create(name, count);
    this.layout = new TaskLayout(applicationId, topology, plan);
  }

  /**
   * Begins with empty topics and empty state.
   *
   * @throws CopartitionError when topics that must be co-partitioned are given different numbers of partitions
   */
  static async open(topology: Topology, options: TopologyTestDriverOptions = {}): Promise<TopologyTestDriver> {
    const driver = new TopologyTestDriver(topology, options);
    await driver.start();
    return driver;
  }

  /** @throws {@link UnknownTopicError} */
  createInputTopic<K, V>(name: string, options: InputTopicOptions<K, V>): TestInputTopic<K, V> {
    return new TestInputTopic(
      name,
      options,
      this.topics,
      () => this.wallClock,
      () => this.processAll(),
    );
  }

  /** Reads from the topic's start. A topic that a function chooses is there once something was written to it. */
  createOutputTopic<K, V>(name: string, serdes: TopicSerdes<K, V>): TestOutputTopic<K, V> {
    return new TestOutputTopic(name, serdes, this.topics);
  }

  /** The name of an internal topic in this driver, for `createOutputTopic`: `counts-changelog` is `test-counts-changelog`. */
  internalTopic(name: string): string {
    return topicName(this.layout.applicationId, { name, internal: true });
  }

  /**
   * A store as the topology sees it, the open epoch's writes included: of all tasks together, or of one partition. Undefined where
   * no task has a store of that name.
   */
  getKeyValueStore<K, V>(name: string, partition?: number): KeyValueStore<K, V> | undefined {
    const found = this.tasks
      .filter(({ id }) => partition === undefined || id.partition === partition)
      .flatMap(({ task }) => task.stores.find((store) => store.name === name) ?? []);
    if (found.length === 0)
      found.push(...this.globalTables.map(({ store }) => store).filter((store) => store.name === name));
    return found.length === 0
      ? undefined
      : new TestStores<K, V>(name, found as unknown as readonly KeyValueStore<K, V>[]);
  }

  /** The store of an aggregation in tumbling, hopping or sliding windows. Undefined where there is none of that name. */
  getWindowStore<K, V>(name: string): TestWindowStore<K, V> | undefined {
    const operator = this.windowOperator(name);
    if (operator === undefined || isSession(operator.window)) return undefined;
    return new TestWindowStore(name, this.storeParts(name), operator);
  }

  /** The store of an aggregation in session windows. Undefined where there is none of that name. */
  getSessionStore<K, V>(name: string): TestSessionStore<K, V> | undefined {
    const operator = this.windowOperator(name);
    if (operator === undefined || !isSession(operator.window)) return undefined;
    return new TestSessionStore(name, this.storeParts(name), operator);
  }

  private windowOperator(store: string): WindowAggregateOperator | undefined {
    for (const node of this.topology.nodes.values()) {
      if (node.kind !== 'processor' || node.operator.type !== 'windowAggregate') continue;
      if (node.operator.store === store) return node.operator;
    }
    return undefined;
  }

  /** A window store of processors, in one partition, as they see it; undefined where there is none of that name. */
  async getProcessorWindowStore<K, V>(name: string, partition = 0): Promise<ReadOnlyWindowStore<K, V> | undefined> {
    return (await this.storeView(name, 'window', partition)) as ReadOnlyWindowStore<K, V> | undefined;
  }

  /** A session store of processors, in one partition, as they see it; undefined where there is none of that name. */
  async getProcessorSessionStore<K, V>(name: string, partition = 0): Promise<ReadOnlySessionStore<K, V> | undefined> {
    return (await this.storeView(name, 'session', partition)) as ReadOnlySessionStore<K, V> | undefined;
  }

  private async storeView(name: string, kind: StoreKind, partition: number): Promise<unknown> {
    for (const { id, task } of this.tasks) {
      const store = task.stores.find(({ definition }) => definition.name === name && definition.kind === kind);
      if (id.partition !== partition || store === undefined) continue;
      const view = openStoreView(store, () => undefined);
      await view.segments?.init();
      return view.store;
    }
    return undefined;
  }

  /**
   * A versioned store of one partition, as processors see it. Undefined where the task of that partition has no store of that name.
   */
  getVersionedKeyValueStore<K, V>(name: string, partition = 0): VersionedKeyValueStore<K, V> | undefined {
    for (const { id, task } of this.tasks) {
      const store = id.partition === partition ? task.stores.find((each) => each.name === name) : undefined;
      if (store?.definition.kind === 'versioned-key-value') return new VersionedStoreView<K, V>(store);
    }
    return undefined;
  }

  private storeParts(name: string): readonly EpochStore<unknown, unknown>[] {
    return this.tasks.flatMap(({ task }) => task.stores.find((store) => store.name === name) ?? []);
  }

  /** The wall clock's time, in milliseconds since 1970. It stands still but for `advanceWallClockTime`. */
  get wallClockTime(): number {
    return this.wallClock;
  }

  /**
   * Moves the wall clock to its new time, and has done what is due by then. Time-outs and back-offs of asynchronous operators run on it, too: what
   * waits for a back-off does not keep `pipeInput` waiting, and for a time-out the clock is moved while `pipeInput` waits.
   */
  async advanceWallClockTime(milliseconds: number): Promise<void> {
    const end = this.wallClock + milliseconds;
    for (let next = this.timers.nextAt; next !== undefined && next <= end; next = this.timers.nextAt) {
      this.wallClock = Math.max(this.wallClock, next);
      this.timers.runDue();
      await yieldToEventLoop();
    }
    this.wallClock = end;
    await this.processAll();
  }

  /** How many records were skipped, for each reason. */
  get skipped(): ReadonlyMap<SkipReason, number> {
    return this.skippedRecords;
  }

  /** Ends the epoch: its outputs can be read, and go through repartition topics. */
  async commit(): Promise<void> {
    for (const { task } of this.tasks) await task.quiesced();
    await this.commitEpoch();
    await this.processAll();
  }

  /**
   * What follows a SIGKILL: the open epoch is gone, and all tasks begin again at the committed offsets, with the state that is
   * committed.
   *
   * @param options.state - `lost` has it rebuilt from the changelogs; default `kept`
   */
  async restart(options: { readonly state?: 'kept' | 'lost' } = {}): Promise<void> {
    for (const { task } of this.tasks) task.cancelCalls();
    this.tasks = [];
    this.collector.discard();
    if (options.state === 'lost') {
      this.databases.clear();
      this.globalDatabases.clear();
    }
    await this.start();
    await this.processAll();
  }

  /** Closes the processors. What was not committed is gone. */
  async close(): Promise<void> {
    for (const { task } of this.tasks.splice(0)) await task.close();
  }

  private async start(): Promise<void> {
    const { options, layout, collector } = this;
    const { deadLetterTopic = 'dead-letters', logger = silentLogger } = options;
    const counter: FailureCounter = {
      recordSkipped: (_, reason) => this.skippedRecords.set(reason, (this.skippedRecords.get(reason) ?? 0) + 1),
      recordDeadLettered: () => undefined,
    };
    this.globalTables = [...this.topology.globalTables.values()].map((definition) =>
      this.openGlobalTable(definition, counter, logger),
    );
    await this.followGlobalTables();
    const factory = new TaskFactory({
      globalTables: new Map(this.globalTables.map(({ name, store }) => [name, store])),
      layout,
      collector,
      handlers: { deserialization: 'fail', processing: 'fail', production: 'fail', ...options.handlers },
      deadLetterTopic,
      counter,
      cacheBytesPerTask: () => CACHE_BYTES_PER_TASK,
      logger,
      wallClock: () => this.wallClock,
      maxTaskIdleMs: options.maxTaskIdleMs ?? 0,
      async: { timers: this.timers, random: options.random ?? (() => 0) },
    });
    const times = new Map([...this.committedMetadata].map(([at, metadata]) => [at, decodePartitionTime(metadata)]));
    for (const id of layout.tasks) {
      const database = await this.restoredDatabase(id);
      const given = new Map(layout.inputsOf(id).map((input) => [input.topic, this.committedOffset(input)]));
      const starts = layout
        .inputsOf(id)
        .map((input) => [partitionKey(input.topic, input.partition), this.committedOffset(input)] as const);
      const task = await factory.create(id, database, new Map(starts), database.approximateEntries() === 0, times);
      for (const [topic, from] of given) task.add(topic, [], from, this.topics.partition(topic, id.partition).end);
      this.tasks.push({ id, task, given });
    }
  }

  private openGlobalTable(definition: GlobalTableDefinition, counter: FailureCounter, logger: Logger): GlobalTable {
    const { name } = definition;
    const database = this.globalDatabases.get(name) ?? openMemoryState(`table ${name}`, [globalStore(definition)]);
    this.globalDatabases.set(name, database);
    const handling = this.options.handlers?.deserialization ?? 'fail';
    return new GlobalTable({ definition, database, cacheBytes: CACHE_BYTES_PER_TASK, handling, counter, logger });
  }

  /** Brings every global table to the end of its topic, all partitions. */
  private async followGlobalTables(): Promise<void> {
    for (const [index, definition] of [...this.topology.globalTables.values()].entries()) {
      const table = this.globalTables[index]!;
      const topic = definition.topic.name;
      for (const [partition, log] of this.topics.partitions(topic).entries()) {
        const from = table.position(topic, partition) ?? 0;
        if (from < log.end) await table.apply(topic, partition, [log.read(from)], log.end);
      }
    }
  }

  private async restoredDatabase(id: TaskId): Promise<StateDatabase> {
    const name = id.toString();
    let database = this.databases.get(name);
    if (database === undefined) {
      database = openMemoryState(`task ${name}`, this.layout.subtopology(id).stores);
      this.databases.set(name, database);
    }
    const write = database.write();
    for (const { topic, partition, store } of this.layout.changelogsOf(id)) {
      const log = this.topics.partition(topic, partition);
      applyBatch(database, store, log.read(database.changelogPosition(store.name) ?? 0), write);
      write.setChangelogPosition(store.name, log.end);
    }
    await write.commit();
    return database;
  }

  private committedOffset({ topic, partition }: { readonly topic: string; readonly partition: number }): number {
    return this.committedOffsets.get(partitionKey(topic, partition)) ?? 0;
  }

  /** Whoever comes while calls of asynchronous operators are waited for joins those who wait. */
  private processAll(): Promise<void> {
    this.moreToProcess = true;
    this.signal.wake();
    this.processing ??= this.processUntilIdle();
    return this.processing;
  }

  private async processUntilIdle(): Promise<void> {
    try {
      while (this.moreToProcess) {
        this.moreToProcess = false;
        while (await this.processGiven());
        if (this.options.commit !== 'manual' && (await this.commitEpoch())) this.moreToProcess = true;
      }
    } finally {
      this.processing = undefined;
    }
  }

  /** @returns whether anything was there to be processed */
  private async processGiven(): Promise<boolean> {
    // Without them calls of asynchronous operators have begun when `pipeInput` has returned its promise.
    if (this.globalTables.length > 0) await this.followGlobalTables();
    let processed = 0;
    for (const driven of this.tasks) {
      const { task } = driven;
      this.give(driven);
      for (;;) {
        task.prepare(this.signal.wake);
        const wasLoading = task.isLoading;
        const done = task.runReady(neverLate, 1, Infinity, this.signal.wake);
        processed += done;
        await task.settled();
        if (done > 0) continue;
        if (task.isLoading || task.isCalling) await this.signal.wait(LOADING_MS);
        // What is left waits for the clock, or was cancelled.
        else if (!wasLoading) break;
      }
    }
    return processed > 0;
  }

  private give({ id, task, given }: DriverTask): void {
    for (const [topic, from] of given) {
      const log = this.topics.partition(topic, id.partition);
      if (log.end === from) continue;
      task.add(topic, [log.read(from)], log.end, log.end);
      given.set(topic, log.end);
    }
  }

  /** @returns whether there was anything to commit */
  private async commitEpoch(): Promise<boolean> {
    // A retry is on its way for which the clock has to be moved first.
    if (this.tasks.some(({ task }) => task.isWaiting)) return false;
    const sealed = this.tasks.flatMap(({ id, task }): { id: TaskId; task: Task; epoch: SealedTask }[] => {
      const epoch = task.seal();
      return epoch === undefined ? [] : [{ id, task, epoch }];
    });
    if (sealed.length === 0 && this.collector.isEmpty) return false;
    this.collector.commit();
    for (const { task, epoch } of sealed) {
      for (const { topic, partition, offset, metadata } of epoch.inputOffsets) {
        this.committedOffsets.set(partitionKey(topic, partition), offset);
        this.committedMetadata.set(partitionKey(topic, partition), metadata);
      }
      await task.committed(epoch, (topic, partition) => this.topics.partition(topic, partition).end);
    }
    return true;
  }
}

function neverLate(): number {
  return 0;
}
