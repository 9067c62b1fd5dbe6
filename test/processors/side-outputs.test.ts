import { serdes, sideOutput } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import type { StreamsBuilder } from '../../src/topology/streams-builder';
import { build, problemsOf, text } from '../topology/build';

const numbers = sideOutput({ name: 'numbers', key: serdes.string, value: serdes.float64 });
const unread = sideOutput({ name: 'unread', key: serdes.string, value: serdes.string });

function split(builder: StreamsBuilder) {
  return builder.stream('in', text).process<string, string>(
    () => {
      let emit!: (key: string, value: string) => void;
      return {
        init: (context) =>
          void (emit = (key, value) => {
            if (Number.isNaN(Number(value))) void context.forward(key, value);
            else void context.output(numbers, `n-${key}`, Number(value), { timestamp: 7 });
            void context.output(unread, key, value);
          }),
        process: ({ key, value }) => emit(key, value),
      };
    },
    { name: 'split' },
  );
}

describe('side outputs of a processor', () => {
  it('are streams of their own, with their own types', async () => {
    const topology = build((builder) => {
      const main = split(builder);
      main.to('words', text);
      main.sideOutput(numbers).to('numbers');
    });
    const driver = await TopologyTestDriver.open(topology);
    const input = driver.createInputTopic('in', text);
    for (const value of ['one', '2', 'three', '4']) await input.pipeInput('a', value, { timestamp: 100 });
    expect(driver.createOutputTopic('words', text).readKeyValuesToList()).toEqual([
      ['a', 'one'],
      ['a', 'three'],
    ]);
    const output = driver.createOutputTopic('numbers', { key: serdes.string, value: serdes.float64 });
    expect(output.readRecordsToList().map(({ key, value, timestamp }) => [key, value, timestamp])).toEqual([
      ['n-a', 2, 7],
      ['n-a', 4, 7],
    ]);
  });

  it('can be read twice, and are repartitioned before their keys count', async () => {
    const topology = build((builder) => {
      const main = split(builder);
      main.sideOutput(numbers).to('numbers');
      main.sideOutput(numbers).groupByKey().count('counts');
    });
    expect([...topology.repartitionTopics.keys()]).toEqual(['counts-repartition']);
    const driver = await TopologyTestDriver.open(topology, { partitions: { in: 2 } });
    await driver.createInputTopic('in', text).pipeInput('a', '1', { partition: 1 });
    await driver.createInputTopic('in', text).pipeInput('a', '2', { partition: 0 });
    expect(await driver.getKeyValueStore('counts')!.get('n-a')).toBe(2);
  });

  it('must have a name that a node can have', () => {
    const [problem] = problemsOf((builder) => {
      split(builder).sideOutput(sideOutput({ name: 'a b', key: serdes.string, value: serdes.string }));
    });
    expect(problem!.message).toContain("'split-a b'");
  });
});
