import { setImmediate } from 'node:timers/promises';
import type { CheckpointMetadata } from '../../src/checkpoint/checkpoint-metadata';
import type { ControlMessage } from '../../src/checkpoint/control-messages';
import type { CompletedCheckpoints } from '../../src/checkpoint/coordinator';
import { createMetrics } from '../../src/metrics/metrics';
import { TaskLayout } from '../../src/runtime/task-layout';
import type { TakenSnapshot } from '../../src/runtime/thread-checkpoints';
import { planTopics } from '../../src/runtime/topic-plan';
import { NO_HEADERS } from '../../src/serde/record';
import { openMemoryState } from '../../src/state/memory-state';
import type { StateDatabase } from '../../src/state/state-database';
import { RecordBatchBuilder } from '../../src/kafka';
import type { Task } from '../../src/task/task';
import type { TaskId } from '../../src/task/task-id';
import type { SeededRandom } from '../support/seeded-random';
import { Member } from './member';
import { MiniBroker } from './mini-broker';
import type { MiniProducer } from './mini-producer';
import { parseTally, type Tally, type TallyTopology } from './tallies';

/** A fault that is put in on purpose, to see that it would be found. */
export type Mutation = 'barriers ignored' | 'cut one record late' | 'drained too soon' | 'inputs not closed';

/** The entries of a task's stores, as a snapshot keeps them. */
export type StateEntries = ReadonlyMap<string, readonly (readonly [Buffer, Buffer])[]>;

interface Upload {
  readonly files: string;
  readonly finish: () => void;
}

const APPLICATION = 'app';
const INPUT = 'in';

/** An application on a simulated cluster. Everything that happens is a step that the seed chose. */
export class World {
  readonly broker = new MiniBroker();
  readonly control: ControlMessage[] = [];
  readonly metrics = createMetrics();
  readonly layout: TaskLayout;
  readonly members: Member[] = [];
  readonly catalog: CheckpointMetadata[] = [];
  readonly snapshots = new Map<string, StateEntries>();
  generation = 0;
  now = 0;
  ids: number[] = [];
  private readonly states = new Map<string, StateDatabase>();
  private readonly uploads: Upload[] = [];
  private readonly timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  /** Producers of killed members, whose transactions are still open. */
  private readonly zombies: MiniProducer[] = [];
  private names = 0;
  readonly completed: CompletedCheckpoints = {
    load: async () => ({ kept: this.catalog, highestNumber: 0 }),
    write: async (metadata) =>
      void this.catalog.push(this.mutation === 'cut one record late' ? cutLate(metadata) : metadata),
    retain: async () => this.catalog,
  };

  constructor(
    readonly tallies: TallyTopology,
    private readonly random: SeededRandom,
    readonly mutation?: Mutation,
  ) {
    const { topology, inputPartitions } = tallies;
    const plan = planTopics(APPLICATION, topology, new Map([[INPUT, inputPartitions]]));
    this.layout = new TaskLayout(APPLICATION, topology, plan);
    this.broker.create(INPUT, inputPartitions);
    this.broker.create('out', 2);
    for (const { name, partitions } of plan.internalTopics) this.broker.create(name, partitions);
  }

  say(message: ControlMessage): void {
    // As it would come out of Kafka: nobody changes it later.
    this.control.push(structuredClone(message));
  }

  setTimer(callback: () => void, milliseconds: number): () => void {
    const timer = { at: this.now + milliseconds, callback };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  databases(id: TaskId): StateDatabase {
    const name = id.toString();
    let database = this.states.get(name);
    if (database === undefined) {
      database = openMemoryState(`task ${name}`, this.layout.subtopology(id).stores);
      this.states.set(name, database);
    }
    return database;
  }

  async takeSnapshot(task: Task, number: number): Promise<TakenSnapshot> {
    const entries = new Map<string, (readonly [Buffer, Buffer])[]>();
    for (const { name } of this.layout.subtopology(task.id).stores) {
      const found: (readonly [Buffer, Buffer])[] = [];
      for await (const entry of task.database.scan(task.database.store(name))) found.push(entry);
      entries.set(name, found);
    }
    const object = `${number}/${task.id.toString()}-${++this.names}`;
    return {
      store: (_number, _base, signal) =>
        new Promise((resolve, reject) => {
          // A thread hands the same signal to all its tasks.
          const own = AbortSignal.any([signal]);
          const onAbort = (): void => reject(new Error('aborted'));
          own.addEventListener('abort', onAbort);
          const finish = (): void => {
            own.removeEventListener('abort', onAbort);
            this.snapshots.set(object, entries);
            resolve({ files: [{ name: 'entries', object, sizeInBytes: 0, sha256: '' }], storedBytes: 0 });
          };
          this.uploads.push({ files: object, finish });
        }),
      discard: async () => undefined,
    };
  }

  // --- what happens -------------------------------------------------------------------------------------------------------------

  /** Members come, and the group gives them tasks. */
  async rebalance(memberCount: number): Promise<void> {
    for (const member of this.members) {
      // A member commits before it gives its tasks up, or cannot.
      while (member.isCommitting) {
        if (member.producer.isCommitting) member.producer.step();
        await settle();
      }
      await member.revoked();
    }
    this.generation++;
    for (const zombie of this.zombies.splice(0)) zombie.abort();
    const surviving = this.members.splice(0).filter(({ hasFailed }) => !hasFailed);
    while (surviving.length > memberCount) surviving.splice(this.random.between(0, surviving.length - 1), 1);
    while (surviving.length < memberCount)
      surviving.push(new Member(this, `member-${++this.names}`, this.random.pick([1, 0.5, 0.1])));
    this.members.push(...surviving);
    const { tasks } = this.layout;
    const shares = this.members.map((): TaskId[] => []);
    for (const [index, id] of tasks.entries()) (index === 0 ? shares[0]! : this.random.pick(shares)).push(id);
    for (const [index, member] of this.members.entries())
      await member.assigned(shares[index]!, this.generation, index === 0);
    await settle();
  }

  async kill(member: Member): Promise<void> {
    this.members.splice(this.members.indexOf(member), 1);
    member.vanish();
    this.zombies.push(member.producer);
    await this.rebalance(Math.max(1, this.members.length + (this.random.chance(0.5) ? 1 : 0)));
  }

  /** Writes records with new ids. */
  feed(count: number): void {
    const partition = this.random.pick(this.broker.partitions(INPUT));
    const builder = new RecordBatchBuilder(INPUT, 1024 * 1024);
    for (let record = 0; record < count; record++) {
      const id = this.ids.length + 1;
      this.ids.push(id);
      builder.append(this.now, Buffer.from(`r${id}`), Buffer.from(String(id)), NO_HEADERS);
    }
    partition.append({ topic: INPUT, partition: partition.partition, builder }, -1, undefined);
  }

  request(number: number): void {
    const request = `request-${number}`;
    this.say({ type: 'request', request, kind: 'checkpoint', thenStop: false });
  }

  requestDrain(number: number): void {
    this.say({ type: 'request', request: `drain-${number}`, kind: 'savepoint', thenStop: true, drain: true });
  }

  /** As the real ones ask a broker: the offsets first, the ends some steps later. */
  async repartitionsAreRead(): Promise<boolean> {
    const offsets = this.repartitionInputs().map(({ topic, partition }) => this.broker.offsetOf(topic, partition));
    if (this.mutation === 'drained too soon') return true;
    await new Promise<void>((resolve) => this.uploads.push({ files: '', finish: resolve }));
    return this.repartitionInputs().every(
      ({ topic, partition }, index) => offsets[index]! >= this.broker.partition(topic, partition).end,
    );
  }

  private repartitionInputs(): readonly { readonly topic: string; readonly partition: number }[] {
    return this.layout.tasks
      .flatMap((id) => this.layout.inputsOf(id))
      .filter(({ topic }) => this.layout.repartitionTopics.includes(topic));
  }

  /** How many checkpoints have ended, well or not. */
  get ended(): number {
    return this.control.filter(({ type }) => type === 'completed' || type === 'aborted').length;
  }

  /** Everything that can happen now, but faults. */
  private possible(): (() => void)[] {
    const steps: (() => void)[] = [];
    for (const member of this.members) {
      const said = this.control[member.heard];
      if (said !== undefined && this.random.chance(member.attention)) steps.push(() => this.hear(member));
      if (member.producer.isCommitting) steps.push(() => member.producer.step());
      if (member.canCommit && (member.checkpoints.isCutDue || this.random.chance(0.2)))
        steps.push(() => member.commit());
      for (const task of member.tasks.values()) {
        steps.push(() => member.run(task));
        for (const { topic } of task.inputs)
          if (member.canFetch(task, topic)) steps.push(() => member.fetch(task, topic, this.random.between(1, 3)));
      }
    }
    if (this.uploads.length > 0)
      steps.push(() => this.uploads.splice(this.random.between(0, this.uploads.length - 1), 1)[0]!.finish());
    return steps;
  }

  private hear(member: Member): void {
    member.hear(this.control[member.heard++]!);
  }

  /** One step that the seed chooses. */
  async step(): Promise<void> {
    this.now++;
    for (const timer of [...this.timers]) {
      if (timer.at > this.now) continue;
      this.timers.delete(timer);
      timer.callback();
    }
    const steps = this.possible();
    if (steps.length > 0) this.random.pick(steps)();
    await settle();
    if (this.members.some(({ hasFailed }) => hasFailed)) await this.rebalance(this.members.length);
  }

  /** True when every record is processed and committed, wherever it had to go. */
  get isDrained(): boolean {
    return this.members.every(
      (member) =>
        !member.isCommitting &&
        [...member.tasks.values()].every((task) =>
          task.inputs.every(
            ({ topic, partition, committableOffset }) =>
              committableOffset === this.broker.partition(topic, partition).end &&
              this.broker.offsetOf(topic, partition) === committableOffset,
          ),
        ),
    );
  }

  /** What the stores say, all tasks together. */
  async tallied(): Promise<ReadonlyMap<string, ReadonlyMap<string, Tally>>> {
    const found = new Map<string, Map<string, Tally>>();
    for (const id of this.layout.tasks) {
      const database = this.databases(id);
      for (const { name } of this.layout.subtopology(id).stores) {
        const tallies = found.get(name) ?? new Map<string, Tally>();
        found.set(name, tallies);
        const { prefixLength } = database.store(name);
        for await (const [key, value] of database.scan(database.store(name))) {
          // Before the first repartition topic a key can be in several tasks.
          const text = key.subarray(prefixLength).toString();
          const { count, sum } = parseTally(value.toString());
          const before = tallies.get(text) ?? { count: 0, sum: 0 };
          tallies.set(text, { count: before.count + count, sum: before.sum + sum });
        }
      }
    }
    return found;
  }
}

/** As if the state had been kept one record after the offsets. */
function cutLate(metadata: CheckpointMetadata): CheckpointMetadata {
  return {
    ...metadata,
    tasks: metadata.tasks.map((task) => ({
      ...task,
      inputs: task.inputs.map((input) => ({ ...input, offset: Math.max(0, input.offset - 1) })),
    })),
  };
}

/** Lets everything come to rest that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  await setImmediate();
}
