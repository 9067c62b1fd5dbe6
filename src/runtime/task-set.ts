import { partitionKey, type FetchedBatches, type Fetcher, type FetcherOptions } from '../kafka';
import type { MillraceMetrics } from '../metrics/metrics';
import type { PartitionQueue } from '../task/partition-queue';
import type { Task } from '../task/task';
import type { OpenedTask } from './task-opener';
import { TaskMetrics } from './task-metrics';

/** What a task set works with. */
export interface TaskSetParts {
  readonly createFetcher: (handlers: Pick<FetcherOptions, 'onBatches' | 'onOutOfRange' | 'onError'>) => Fetcher;
  readonly onOutOfRange: FetcherOptions['onOutOfRange'];
  readonly onError: FetcherOptions['onError'];
  /** Records came for a task. */
  readonly wake: () => void;
  /** For all queues together. A partition whose share is full is not fetched until half of it is processed. */
  readonly inputBufferMaxBytes: number;
  readonly metrics: MillraceMetrics;
}

/** The open tasks of a stream thread, by their names, and the fetcher that fills their queues. */
export class TaskSet {
  private readonly tasks = new Map<string, OpenedTask>();
  private readonly taskOfPartition = new Map<string, OpenedTask>();
  private readonly pausedQueues = new Set<PartitionQueue>();
  private readonly fetcher: Fetcher;
  private readonly taskMetrics: TaskMetrics;

  constructor(private readonly parts: TaskSetParts) {
    this.taskMetrics = new TaskMetrics(parts.metrics);
    this.fetcher = parts.createFetcher({
      onBatches: (topic, partition, fetched) => this.take(topic, partition, fetched),
      onOutOfRange: parts.onOutOfRange,
      onError: parts.onError,
    });
  }

  has(name: string): boolean {
    return this.tasks.has(name);
  }

  /** Whether an open task reads this partition. */
  reads(topic: string, partition: number): boolean {
    return this.taskOfPartition.has(partitionKey(topic, partition));
  }

  names(): readonly string[] {
    return [...this.tasks.keys()];
  }

  *[Symbol.iterator](): Iterator<Task> {
    for (const { task } of this.tasks.values()) yield task;
  }

  some(holds: (task: Task) => boolean): boolean {
    for (const task of this) if (holds(task)) return true;
    return false;
  }

  /** Each task once. Who had its turn goes to the back: where the caller stops early, the next round begins with those that had none. */
  *inTurn(): Iterable<Task> {
    for (const [name, opened] of [...this.tasks]) {
      this.tasks.delete(name);
      this.tasks.set(name, opened);
      yield opened.task;
    }
  }

  /** Fetching begins where the task is. */
  add(opened: OpenedTask): void {
    const { task } = opened;
    this.tasks.set(task.id.toString(), opened);
    for (const { topic, partition } of task.inputs) this.taskOfPartition.set(partitionKey(topic, partition), opened);
    this.fetcher.assign(
      task.inputs.map(({ topic, partition, consumedOffset }) => ({ topic, partition, offset: consumedOffset })),
    );
    this.parts.metrics.tasks.inc();
  }

  async close(name: string): Promise<void> {
    const opened = this.tasks.get(name)!;
    const { inputs } = opened.task;
    this.tasks.delete(name);
    for (const queue of inputs) {
      this.taskOfPartition.delete(partitionKey(queue.topic, queue.partition));
      this.pausedQueues.delete(queue);
    }
    this.fetcher.remove(inputs);
    this.taskMetrics.forget(opened.task);
    this.parts.metrics.tasks.dec();
    await opened.close();
  }

  /** Fetches again what was paused, where enough of it is processed. */
  resumeDrained(task: Task): void {
    if (this.pausedQueues.size === 0) return;
    for (const queue of task.inputs) {
      if (queue.queuedBytes > this.queueLimit / 2 || !this.pausedQueues.delete(queue)) continue;
      this.fetcher.resume(queue);
    }
  }

  /** @returns how many records of input topics were processed since the last time */
  report(): number {
    return this.taskMetrics.report(this);
  }

  /** Ends the fetching. The tasks are closed one by one before. */
  stopFetching(): Promise<void> {
    return this.fetcher.close();
  }

  private take(
    topic: string,
    partition: number,
    { batches, nextOffset, highWatermark, readableEnd }: FetchedBatches,
  ): void {
    const opened = this.taskOfPartition.get(partitionKey(topic, partition));
    if (opened === undefined) return;
    opened.task.add(topic, batches, nextOffset, highWatermark, readableEnd);
    for (const queue of opened.task.inputs) {
      if (queue.topic === topic && queue.queuedBytes > this.queueLimit && !this.pausedQueues.has(queue)) {
        this.pausedQueues.add(queue);
        this.fetcher.pause(queue);
      }
    }
    this.parts.wake();
  }

  private get queueLimit(): number {
    return this.parts.inputBufferMaxBytes / Math.max(1, this.taskOfPartition.size);
  }
}
