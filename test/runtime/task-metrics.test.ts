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
});
