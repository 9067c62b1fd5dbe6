import { operatorState, serdes } from '../../src';
import { TopologyTestDriver, type TopologyTestDriverOptions } from '../../src/testing';
import type { OperatorState } from '../../src/topology/keyed-state';
import type { Processor, ProcessorContext } from '../../src/topology/processor-api';
import { TaskRun } from '../task/support/task-run';
import { build, text } from '../topology/build';

const counters = operatorState({ name: 'counters', value: serdes.json<{ seen: number }>() });

/** Numbers the records of its task, whatever their keys, and keeps the number in memory between commits. */
class Numbering implements Processor<string, string, string, string> {
  private context!: ProcessorContext<string, string>;
  private stored!: OperatorState<{ seen: number }>;
  private seen = 0;

  init(context: ProcessorContext<string, string>): void {
    this.context = context;
    this.stored = context.state(counters);
    this.seen = this.stored.value()?.seen ?? 0;
  }

  process({ key, value }: { key: string; value: string }): void {
    if (value !== 'unnumbered') this.seen++;
    void this.context.forward(key, String(this.seen));
  }

  snapshotState(): void {
    this.stored.update({ seen: this.seen });
  }
}

const topology = build((builder) => {
  builder
    .stream('in', text)
    .process(() => new Numbering(), { name: 'number', states: [counters] })
    .to('out', text);
});

async function numbering(options: TopologyTestDriverOptions = {}) {
  const driver = await TopologyTestDriver.open(topology, options);
  const input = driver.createInputTopic('in', text);
  const output = driver.createOutputTopic('out', text);
  return { driver, input, numbers: () => output.readRecordsToList().map(({ value }) => value) };
}

describe('operator state', () => {
  it.each(['kept', 'lost'] as const)('is what the last commit had: state %s', async (state) => {
    const { driver, input, numbers } = await numbering({ commit: 'manual' });
    await input.pipeInput('a', 'x');
    await input.pipeInput('b', 'x');
    await driver.commit();
    await input.pipeInput('a', 'x');
    await driver.restart({ state });
    await driver.commit();
    await driver.restart({ state });
    await input.pipeInput('c', 'x');
    await driver.commit();
    expect(numbers()).toEqual(['1', '2', '3', '4']);
  });

  it('is that of each task', async () => {
    const { driver, input, numbers } = await numbering({ partitions: { in: 2 } });
    await input.pipeInput('a', 'x', { partition: 0 });
    await input.pipeInput('a', 'x', { partition: 1 });
    await driver.restart({ state: 'lost' });
    await input.pipeInput('a', 'x', { partition: 1 });
    expect(numbers()).toEqual(['1', '1', '2']);
  });

  it('takes records without a key', async () => {
    const { input, numbers } = await numbering();
    await input.pipeInput(null, 'x');
    expect(numbers()).toEqual(['1']);
  });

  it('stops the task when its snapshot fails, and names the processor', async () => {
    const failing = build((builder) => {
      builder.stream('in', text).process(
        () => ({
          process: () => undefined,
          snapshotState: () => {
            throw new Error('no good');
          },
        }),
        { name: 'failing' },
      );
    });
    const driver = await TopologyTestDriver.open(failing, { handlers: { processing: 'continue' } });
    await expect(driver.createInputTopic('in', text).pipeInput('a', 'x')).rejects.toThrow(
      "The snapshotState() of processor 'failing' failed: no good",
    );
  });

  it('is written only when it changed', async () => {
    const run = await TaskRun.open(topology);
    const changelog = 'app-number-counters-changelog';
    await run.add('in', [{ key: 'a', value: 'x' }]).process();
    await run.commit();
    await run.add('in', [{ key: 'a', value: 'unnumbered' }]).process();
    await run.commit();
    expect(run.committedOutput(changelog).map(({ value }) => value)).toEqual(['{"seen":1}']);
    const next = await run.crash();
    await next.add('in', [{ key: 'a', value: 'unnumbered' }]).process();
    await next.commit();
    expect(next.committedOutput(changelog)).toHaveLength(1);
  });
});
