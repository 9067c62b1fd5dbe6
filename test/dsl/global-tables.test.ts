import { describe as describeTopology, describeMermaid, StreamsBuilder } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { problemsOf, text } from '../topology/build';
import { results, streamToOut, type Row } from './results';

const plus = (left: string, right: string | null): string => `${left}+${right}`;
/** The row that a value names: what is before the dash. */
const selector = (_key: string | null, value: string): string | null => value.split('-')[0] || null;

const rows: readonly Row[] = [
  ['rows', 'r', 'R', 50],
  ['in', 'a', 'r-1', 10],
  ['in', null, 'r-2', 11],
  ['in', 'a', 's-3', 12],
  ['in', 'a', '-4', 13],
  ['in', 'a', null, 14],
  ['rows', 'r', null, 15],
  ['in', 'a', 'r-5', 16],
];

describe('a stream joined with a global table', () => {
  it('inner: looks a row up by any key, from every partition', async () => {
    for (const restarts of [false, true]) {
      expect(
        await results(
          (builder) => streamToOut(builder.stream('in', text).join(builder.globalTable('rows', text), selector, plus)),
          rows,
          { partitions: { in: 3, rows: 5 }, restarts },
        ),
      ).toEqual(['', 'a=r-1+R@10', 'null=r-2+R@11', '', '', '', '', '']);
    }
  });

  it('left: has null where there is no row, or no key for one', async () => {
    expect(
      await results(
        (builder) =>
          streamToOut(builder.stream('in', text).leftJoin(builder.globalTable('rows', text), selector, plus)),
        rows,
      ),
    ).toEqual(['', 'a=r-1+R@10', 'null=r-2+R@11', 'a=s-3+null@12', 'a=-4+null@13', '', '', 'a=r-5+null@16']);
  });

  it('counts what it drops, and rows without a key', async () => {
    const builder = new StreamsBuilder();
    streamToOut(builder.stream('in', text).join(builder.globalTable('rows', text), selector, plus));
    const driver = await TopologyTestDriver.open(builder.build());
    await driver.createInputTopic('rows', text).pipeInput(null, 'x');
    await driver.createInputTopic('in', text).pipeInput('a', null);
    await driver.createInputTopic('in', text).pipeInput('a', '-');
    expect(Object.fromEntries(driver.skipped)).toEqual({ 'null-key': 2, 'null-value': 1 });
    await driver.close();
  });

  it('has no changelog and no task of its own, and is read by its name', async () => {
    const builder = new StreamsBuilder();
    const table = builder.globalTable('rows', { ...text, store: 'all-rows' });
    streamToOut(builder.stream('in', text).join(table, selector, plus));
    const topology = builder.build();
    expect(table.storeName).toBe('all-rows');
    expect(topology.subtopologies).toHaveLength(1);
    expect(topology.stores.size).toBe(0);
    expect(describeTopology(topology)).toContain('  Global table: all-rows (topic: rows, rocksdb)');
    expect(describeMermaid(topology)).toMatch(/topic\d+ --> store1/);
    const driver = await TopologyTestDriver.open(topology, { partitions: { rows: 2 } });
    for (const key of 'abc') await driver.createInputTopic('rows', text).pipeInput(key, key.toUpperCase());
    expect(await driver.getKeyValueStore('all-rows')!.get('b')).toBe('B');
    await driver.close();
  });

  it('is the only one of its topic', () => {
    const [problem] = problemsOf((builder) => {
      const joined = builder.stream('in', text).join(builder.globalTable('rows', text), selector, plus);
      streamToOut(joined.join(builder.globalTable('rows', text), selector, plus));
    });
    expect(problem?.message).toContain("The topic 'rows' is read by source 'globalTable-1-store'");
  });
});
