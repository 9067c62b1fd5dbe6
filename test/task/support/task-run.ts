import { silentLogger, type Logger } from '../../../src/logging/logger';
import { planTopics } from '../../../src/runtime/topic-plan';
import { TaskFactory } from '../../../src/runtime/task-factory';
import { TaskLayout } from '../../../src/runtime/task-layout';
import { WakeSignal } from '../../../src/runtime/wake-signal';
import { partitionKey } from '../../../src/kafka';
import { stampValue } from '../../../src/state/entry-codec';
import { openMemoryState } from '../../../src/state/memory-state';
import type { StateDatabase } from '../../../src/state/state-database';
import type { AsyncEnvironment } from '../../../src/task/async-records';
import type { FailureHandlers } from '../../../src/task/record-failures';
import { decodePartitionTime } from '../../../src/task/partition-time';
import type { SealedTask, Task } from '../../../src/task/task';
import { TaskId } from '../../../src/task/task-id';
import type { Topology } from '../../../src/topology/graph';
import { ArrayCursor, type InputRecord } from './array-cursor';
import { CountedFailures } from './counted-failures';
import { KeptRecords, type KeptRecord, type KeptRecordsOptions } from './kept-records';

export const APPLICATION = 'app';
export const DEAD_LETTERS = 'dead-letters';

export interface TaskRunOptions extends KeptRecordsOptions {
  readonly handlers?: Partial<FailureHandlers>;
  readonly logger?: Logger;
  readonly async?: AsyncEnvironment;
  /** Which part of the topology runs. Default 0. */
  readonly subtopology?: number;
  /** For all stores together. Default: more than a test needs. */
  readonly cacheBytes?: number;
  /** Partitions of the source topics. Default 1. */
  readonly sourcePartitions?: Readonly<Record<string, number>>;
  /** Default: a clock that stands at 0. */
  readonly wallClock?: () => number;
  readonly maxTaskIdleMs?: number;
  /** Whether the task knows from the start that its inputs have nothing but what is added. Default true. */
  readonly knowsInputs?: boolean;
}

/** A record that a task produced, as text. */
export interface OutputRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
}

/** What is durable: the committed records of every topic, the committed offsets, and the task's database. */
interface Committed {
  readonly records: KeptRecord[];
  readonly offsets: Map<string, number>;
  readonly metadata: Map<string, string>;
  readonly database: StateDatabase;
}

/** An epoch between its transaction and its write to the database. */
export interface CommittedEpoch {
  readonly sealed: SealedTask | undefined;
}

/** Runs partition 0 of one subtopology, in memory: the whole of a commit cycle but Kafka. */
export class TaskRun {
  readonly counter = new CountedFailures();
  readonly collector: KeptRecords;
  private readonly signal = new WakeSignal();
  private readonly nextOffsets = new Map<string, number>();
  task!: Task;

  private constructor(
    private readonly topology: Topology,
    private readonly options: TaskRunOptions,
    private readonly committed: Committed,
  ) {
    this.collector = new KeptRecords(options);
  }

  static async open(topology: Topology, options: TaskRunOptions = {}): Promise<TaskRun> {
    const { stores } = topology.subtopologies[options.subtopology ?? 0]!;
    const run = new TaskRun(topology, options, {
      records: [],
      offsets: new Map(),
      metadata: new Map(),
      database: openMemoryState('test', stores),
    });
    await run.start();
    return run;
  }

  /** What a process does that takes the task over after this one died: nothing but what is committed is left. */
  async crash(): Promise<TaskRun> {
    const next = new TaskRun(this.topology, this.options, this.committed);
    await next.start();
    return next;
  }

  get database(): StateDatabase {
    return this.committed.database;
  }

  /**
   * Adds one fetched batch. Offsets go on from the last one, unless `from` says where the batch begins. `end` is that of the partition,
   * where it has more than this.
   */
  add(
    topic: string,
    records: readonly InputRecord[],
    options: { from?: number; nextOffset?: number; end?: number } = {},
  ): this {
    const first = options.from ?? this.nextOffsets.get(topic) ?? this.startOffset(topic);
    const cursor = new ArrayCursor(records, first);
    const next = options.nextOffset ?? cursor.nextOffset;
    this.nextOffsets.set(topic, next);
    this.task.add(topic, records.length === 0 ? [] : [cursor], next, options.end ?? next);
    return this;
  }

  /** Processes at most until the deadline or the epoch's limit; by default a clock that stands still and no limit. */
  slice(options: { now?: () => number; deadline?: number; epochBytes?: number } = {}): number {
    const { now = () => 0, deadline = 1, epochBytes = Infinity } = options;
    this.task.prepare(this.signal.wake);
    return this.task.runReady(now, deadline, epochBytes, this.signal.wake);
  }

  /** Processes everything that was added, also what waits for asynchronous operators. */
  async process(): Promise<this> {
    for (;;) {
      const processed = this.slice();
      await this.task.settled();
      if (processed > 0) continue;
      if (this.task.inputs.every((queue) => queue.inPreparation === 0)) return this;
      await this.signal.wait(60_000);
    }
  }

  /** The outputs of the open epoch. */
  output(topic: string): readonly OutputRecord[] {
    return this.collector.open.filter((record) => record.topic === topic).map(asText);
  }

  /** The outputs that a read_committed consumer sees. */
  committedOutput(topic: string): readonly OutputRecord[] {
    return this.committed.records.filter((record) => record.topic === topic).map(asText);
  }

  committedOffset(topic: string): number | undefined {
    return this.committed.offsets.get(topic);
  }

  async commit(): Promise<SealedTask | undefined> {
    const epoch = this.transact();
    await this.write(epoch);
    return epoch.sealed;
  }

  /** Seals the open epoch and makes its outputs, changelog records and offsets durable, all at once. */
  transact(): CommittedEpoch {
    const sealed = this.task.seal();
    this.committed.records.push(...this.collector.seal());
    for (const { topic, offset, metadata } of sealed?.inputOffsets ?? []) {
      this.committed.offsets.set(topic, offset);
      this.committed.metadata.set(topic, metadata);
    }
    return { sealed };
  }

  /** Puts a committed epoch into the database. */
  async write({ sealed }: CommittedEpoch): Promise<void> {
    if (sealed !== undefined) await this.task.committed(sealed, (topic) => this.endOf(topic));
  }

  private async start(): Promise<void> {
    const { topology, options, collector, counter } = this;
    const id = new TaskId(options.subtopology ?? 0, 0);
    const sources = [...topology.nodes.values()].flatMap((node) => (node.kind === 'source' ? node.topics : []));
    const counts = sources
      .filter((topic) => !topic.internal)
      .map(({ name }) => [name, options.sourcePartitions?.[name] ?? 1] as const);
    const layout = new TaskLayout(APPLICATION, topology, planTopics(APPLICATION, topology, new Map(counts)));
    const restored = await this.restore(layout, id);
    const factory = new TaskFactory({
      layout,
      collector,
      handlers: { deserialization: 'fail', processing: 'fail', production: 'fail', ...options.handlers },
      deadLetterTopic: DEAD_LETTERS,
      counter,
      cacheBytesPerTask: () => options.cacheBytes ?? 1 << 20,
      logger: options.logger ?? silentLogger,
      wallClock: options.wallClock ?? (() => 0),
      maxTaskIdleMs: options.maxTaskIdleMs,
      async: options.async,
    });
    const starts = layout
      .inputsOf(id)
      .map(({ topic, partition }) => [partitionKey(topic, partition), this.startOffset(topic)] as const);
    const isEmpty = restored === 0 && this.database.approximateEntries() === 0;
    const times = layout
      .inputsOf(id)
      .map(({ topic, partition }) => [partitionKey(topic, partition), this.timeOf(topic)] as const);
    this.task = await factory.create(id, this.database, new Map(starts), isEmpty, new Map(times));
    if (options.knowsInputs ?? true) for (const { topic } of this.task.inputs) this.add(topic, []);
  }

  /** Replays what the changelogs have beyond the database. */
  private async restore(layout: TaskLayout, id: TaskId): Promise<number> {
    let applied = 0;
    const write = this.database.write();
    for (const { topic, store } of layout.changelogsOf(id)) {
      const handle = this.database.store(store.name);
      const log = this.committed.records.filter((record) => record.topic === topic);
      for (const { key, value, timestamp } of log.slice(this.database.changelogPosition(store.name) ?? 0)) {
        if (value === null) write.delete(handle, handle.prefixed(key!));
        else {
          const stored = store.kind === 'timestamped-key-value' ? stampValue(value, timestamp) : value;
          write.put(handle, handle.prefixed(key!), stored);
        }
        applied++;
      }
      write.setChangelogPosition(store.name, log.length);
    }
    await write.commit();
    return applied;
  }

  private startOffset(topic: string): number {
    return this.committed.offsets.get(topic) ?? 0;
  }

  private timeOf(topic: string): number {
    return decodePartitionTime(this.committed.metadata.get(topic) ?? '');
  }

  private endOf(topic: string): number {
    return this.committed.records.filter((record) => record.topic === topic).length;
  }
}

function asText({ key, value, timestamp }: KeptRecord): OutputRecord {
  return { key: key === null ? null : key.toString(), value: value === null ? null : value.toString(), timestamp };
}
