import type { MillraceMetrics } from '../metrics/metrics';
import type { Task } from '../task/task';

/**
 * Brings what tasks counted into the metrics. Called once per commit interval: the hot path only adds to plain numbers.
 */
export class TaskMetrics {
  constructor(private readonly metrics: MillraceMetrics) {}

  /** @returns how many records of input topics were processed since the last time, without those of repartition topics */
  report(tasks: Iterable<Task>): number {
    const { metrics } = this;
    let queueBytes = 0;
    let inputRecords = 0;
    for (const task of tasks) {
      for (const queue of task.inputs) {
        queueBytes += queue.queuedBytes;
        const { topic, partition } = queue;
        if (queue.processed > 0) metrics.recordsIn.inc({ topic }, queue.processed);
        if (!queue.internal) inputRecords += queue.processed;
        queue.processed = 0;
        metrics.lag.set({ topic, partition }, Math.max(0, queue.highWatermark - queue.committableOffset));
      }
      for (const node of task.asyncNodes) {
        const labels = { node: node.name };
        metrics.asyncInFlight.set({ node: node.name, task: task.id.toString() }, node.inFlight);
        if (node.retries > 0) metrics.asyncRetries.inc(labels, node.retries);
        if (node.timeouts > 0) metrics.asyncTimeouts.inc(labels, node.timeouts);
        node.retries = 0;
        node.timeouts = 0;
      }
      for (const store of task.stores) {
        const labels = { store: store.name };
        if (store.hits > 0) metrics.cacheHits.inc(labels, store.hits);
        if (store.misses > 0) {
          metrics.cacheMisses.inc(labels, store.misses);
          metrics.stateKeysRead.inc(labels, store.misses);
        }
        store.hits = 0;
        store.misses = 0;
      }
    }
    metrics.queueBytes.set(queueBytes);
    return inputRecords;
  }

  /** The lag of a partition that moved away is somebody else's to report. */
  forget(task: Task): void {
    for (const { topic, partition } of task.inputs) this.metrics.lag.remove({ topic, partition });
    for (const { name } of task.asyncNodes) this.metrics.asyncInFlight.remove({ node: name, task: task.id.toString() });
  }
}
