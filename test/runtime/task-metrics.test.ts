import { createMetrics } from '../../src/metrics/metrics';
import { TaskMetrics } from '../../src/runtime/task-metrics';
import type { Task } from '../../src/task/task';
import { TaskId } from '../../src/task/task-id';

/** As much of a task as the metrics look at. */
const taskWith = (node: { name: string; inFlight: number; retries: number; timeouts: number }): Task =>
  ({ id: new TaskId(0, 1), inputs: [], stores: [], asyncNodes: [node] }) as unknown as Task;

describe('the metrics of tasks', () => {
  it('say what asynchronous operators hold, and how often calls were made again or ran out of time', async () => {
    const metrics = createMetrics();
    const reporter = new TaskMetrics(metrics);
    const node = { name: 'ask', inFlight: 7, retries: 3, timeouts: 2 };
    const task = taskWith(node);
    reporter.report([task]);
    node.inFlight = 5;
    node.retries += 1;
    reporter.report([task]);
    const text = await metrics.registry.metrics();
    expect(text).toContain('millrace_async_in_flight{node="ask",task="0_1"} 5');
    expect(text).toContain('millrace_async_retries_total{node="ask"} 4');
    expect(text).toContain('millrace_async_timeouts_total{node="ask"} 2');
    reporter.forget(task);
    expect(await metrics.registry.metrics()).not.toContain('task="0_1"');
  });

  it('tell how many records of input topics were processed since the last time, without those of repartition topics', () => {
    const queue = (internal: boolean, processed: number) => ({
      ...{ topic: internal ? 'app-again' : 'in', partition: 0, internal, processed },
      ...{ queuedBytes: 0, highWatermark: 0, committableOffset: 0 },
    });
    const task = { id: new TaskId(0, 0), inputs: [queue(false, 3), queue(true, 5)], stores: [], asyncNodes: [] };
    const reporter = new TaskMetrics(createMetrics());
    expect(reporter.report([task as unknown as Task])).toBe(3);
    expect(reporter.report([task as unknown as Task])).toBe(0);
  });
});
