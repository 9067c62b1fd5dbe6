import { EpochRecords, partitionKey, type GroupGeneration } from '../../src/kafka';
import { CheckpointCoordinator } from '../../src/checkpoint/coordinator';
import type { ControlMessage } from '../../src/checkpoint/control-messages';
import { silentLogger } from '../../src/logging/logger';
import { CommitCycle } from '../../src/runtime/commit-cycle';
import { RepartitionPurge } from '../../src/runtime/repartition-purge';
import { applyBatch } from '../../src/runtime/restore';
import { TaskFactory } from '../../src/runtime/task-factory';
import { fedTopicsOf, ThreadCheckpoints } from '../../src/runtime/thread-checkpoints';
import type { TopicAdmin } from '../../src/kafka';
import type { StateDatabase } from '../../src/state/state-database';
import { decodePartitionTime } from '../../src/task/partition-time';
import type { BarrierGate } from '../../src/task/barrier';
import type { Task } from '../../src/task/task';
import type { TaskId } from '../../src/task/task-id';
import { MiniProducer } from './mini-producer';
import type { World } from './world';

/** One instance of the application, with one stream thread. Real tasks, commits and checkpoints; only their surroundings are simulated. */
export class Member {
  readonly tasks = new Map<string, Task>();
  private readonly positions = new Map<string, number>();
  readonly producer: MiniProducer;
  private cycle: CommitCycle;
  readonly checkpoints: ThreadCheckpoints;
  readonly coordinator: CheckpointCoordinator;
  private readonly collector: EpochRecords;
  private generation: number | undefined;
  /** How much of the control log it has heard. */
  heard: number;
  private opened = false;

  constructor(
    private readonly world: World,
    readonly id: string,
    /** How soon it hears what is said in the control topic: the chance at each step. */
    readonly attention: number,
  ) {
    const { broker, metrics, layout } = world;
    this.heard = world.control.length;
    this.producer = new MiniProducer(broker, () => world.generation);
    this.collector = new EpochRecords(
      { partitionCount: async (topic) => broker.partitions(topic).length, maxMessageBytes: async () => undefined },
      { maxBatchBytes: 1024 * 1024, compression: 'none' },
    );
    this.cycle = new CommitCycle({
      producer: this.producer,
      collector: this.collector,
      generation: () => this.group,
      purge: new RepartitionPurge(undefined as unknown as TopicAdmin, [], silentLogger),
      metrics,
      now: () => world.now,
      failpoint: undefined,
      onCommitted: () => undefined,
    });
    const send = (message: ControlMessage): void => world.say(message);
    this.checkpoints = new ThreadCheckpoints({
      send,
      wake: () => undefined,
      countsRecords: false,
      collector: this.collector,
      fedTopics: (tasks) => fedTopicsOf(layout, tasks),
      referenceOf: (topic) => layout.referenceOf(topic),
      takeSnapshot: (task, number) => world.takeSnapshot(task, number),
      changelogPositions: (task) => layout.changelogPositions(task.id, task.database),
      now: () => world.now,
      wallClock: () => world.now,
      logger: silentLogger,
      metrics,
    });
    this.coordinator = new CheckpointCoordinator({
      applicationId: layout.applicationId,
      tasks: layout.tasks.map(String),
      shape: () => ({ stores: {}, repartitionTopics: {} }),
      settings: { schedule: undefined, timeoutMs: 10_000, minPauseMs: 0, toleratedFailures: undefined },
      completed: world.completed,
      repartitionsAreRead: () => world.repartitionsAreRead(),
      copyChannels: async (channels) => channels,
      availability: () => ({ since: 0, failures: 0, replayedRecords: 0 }),
      send,
      now: () => world.now,
      setTimer: (callback, milliseconds) => world.setTimer(callback, milliseconds),
      logger: silentLogger,
      onTooManyFailures: () => undefined,
    });
  }

  private get gate(): BarrierGate {
    const { world, checkpoints } = this;
    if (world.mutation === 'barriers ignored') {
      return {
        mayPass: () => true,
        get isDraining() {
          return checkpoints.isDraining;
        },
      };
    }
    if (world.mutation === 'inputs not closed')
      return { mayPass: (barrier) => checkpoints.mayPass(barrier), isDraining: false };
    return checkpoints;
  }

  private get group(): GroupGeneration | undefined {
    if (this.generation === undefined) return undefined;
    return { groupId: 'app', memberId: this.id, generationId: this.generation, groupInstanceId: undefined };
  }

  get isCommitting(): boolean {
    return this.cycle.isRunning;
  }

  get hasFailed(): boolean {
    return this.cycle.failure !== undefined;
  }

  /** The group gave it these tasks. */
  async assigned(ids: readonly TaskId[], generation: number, leads: boolean): Promise<void> {
    this.generation = generation;
    for (const id of ids) this.tasks.set(id.toString(), await this.open(id));
    const writer = { incarnation: `${this.id}/${this.producer.producerId}`, producerId: this.producer.producerId };
    await this.checkpoints.allOpen(this.group!, writer, [...this.tasks.values()]);
    this.opened = true;
    if (leads) await this.coordinator.lead(generation);
  }

  private async open(id: TaskId): Promise<Task> {
    const { world } = this;
    const { broker, layout } = world;
    const database = await restored(world, id);
    const inputs = layout.inputsOf(id);
    const committed = inputs.map(({ topic, partition }) => {
      const key = partitionKey(topic, partition);
      return { topic, key, offset: broker.offsetOf(topic, partition), metadata: broker.offsets.get(key)?.metadata };
    });
    const factory = new TaskFactory({
      layout,
      collector: this.collector,
      handlers: { deserialization: 'fail', processing: 'fail', production: 'fail' },
      deadLetterTopic: undefined,
      counter: { recordSkipped: () => undefined, recordDeadLettered: () => undefined },
      cacheBytesPerTask: () => 1024 * 1024,
      logger: silentLogger,
      wallClock: () => world.now,
      barrierGate: this.gate,
    });
    const starts = new Map(committed.map(({ key, offset }) => [key, offset]));
    const times = new Map(committed.map(({ key, metadata }) => [key, decodePartitionTime(metadata ?? '')]));
    const task = await factory.create(id, database, starts, false, times);
    for (const { topic, key, offset } of committed) {
      this.positions.set(key, offset);
      task.add(topic, [], offset, broker.partition(topic, id.partition).end);
    }
    return task;
  }

  /** Brings one partition's next batches to its task. */
  fetch(task: Task, topic: string, maxBatches: number): void {
    const key = partitionKey(topic, task.id.partition);
    const partition = this.world.broker.partition(topic, task.id.partition);
    const { batches, nextOffset, highWatermark, readableEnd } = partition.read(this.positions.get(key)!, maxBatches);
    this.positions.set(key, nextOffset);
    task.add(topic, batches, nextOffset, highWatermark, readableEnd);
  }

  canFetch(task: Task, topic: string): boolean {
    const { stableEnd } = this.world.broker.partition(topic, task.id.partition);
    return this.positions.get(partitionKey(topic, task.id.partition))! < stableEnd;
  }

  /** Processes one prepared batch of a task. */
  run(task: Task): void {
    if (this.checkpoints.isHolding || this.hasFailed) return;
    task.prepare(noop);
    task.runReady(() => 1, 0, Infinity, noop);
  }

  get canCommit(): boolean {
    return (
      this.opened && !this.isCommitting && !this.hasFailed && ![...this.tasks.values()].some((task) => task.isWaiting)
    );
  }

  commit(): void {
    const closing = this.checkpoints.closingInputs(this.tasks.values());
    this.cycle.begin(this.tasks.values(), noop, this.checkpoints.beginCut());
    if (closing !== undefined)
      void this.cycle.settled().then(() => {
        if (!this.hasFailed) closing();
      });
  }

  hear(message: ControlMessage): void {
    this.coordinator.received(message);
    if (message.type === 'drain') this.checkpoints.drainBegun(message);
    if (message.type === 'drain-ended') this.checkpoints.drainEnded(message.request);
    if (message.type === 'begin') this.checkpoints.begun(message);
    if (message.type === 'completed') this.checkpoints.completed(message.generation, message.number, message.thenStop);
    if (message.type === 'floors') this.checkpoints.coordinatorChanged(message.generation);
    if (message.type === 'aborted') this.checkpoints.aborted(message.generation, message.number);
  }

  /** Its tasks are given up: a commit under way is waited for by the caller. */
  async revoked(): Promise<void> {
    this.coordinator.resign('the consumer group rebalanced');
    this.checkpoints.interrupted('the consumer group rebalanced');
    this.opened = false;
    for (const task of this.tasks.values()) await task.close();
    this.tasks.clear();
    this.collector.discard();
  }

  /** The process is killed: whatever is under way stays as it is in Kafka. */
  vanish(): void {
    this.producer.vanish();
    this.tasks.clear();
    this.checkpoints.interrupted('killed');
    this.coordinator.resign('killed');
  }
}

/** Local state, brought up to the end of the changelog. */
async function restored(world: World, id: TaskId): Promise<StateDatabase> {
  const { broker, layout } = world;
  const database = world.databases(id);
  const write = database.write();
  for (const { topic, partition, store } of layout.changelogsOf(id)) {
    const { batches, nextOffset } = broker
      .partition(topic, partition)
      .read(database.changelogPosition(store.name) ?? 0);
    for (const batch of batches) applyBatch(database, store, batch, write);
    write.setChangelogPosition(store.name, nextOffset);
  }
  await write.commit();
  return database;
}

function noop(): void {
  // Nobody sleeps in a simulation.
}
