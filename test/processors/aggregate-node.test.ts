import { serdes } from '../../src/serde/serdes';
import type { Serde } from '../../src/serde/serde';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import { APPLICATION, TaskRun } from '../task/support/task-run';

const text = { key: serdes.string, value: serdes.string };
const counts = { value: serdes.decimalText };

function counting(): StreamsBuilder {
  const builder = new StreamsBuilder();
  builder.stream('in', text).groupByKey().count('counts').toStream().to('out', counts);
  return builder;
}

describe('aggregations', () => {
  it('count hands on every new count', async () => {
    const run = await TaskRun.open(counting().build());
    await run
      .add(
        'in',
        ['a', 'b', 'a', 'a'].map((key) => ({ key, value: 'x' })),
      )
      .process();
    expect(run.output('out').map(({ key, value }) => `${key}=${value}`)).toEqual(['a=1', 'b=1', 'a=2', 'a=3']);
  });

  it('the first value of a key is its first aggregate in reduce', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .groupByKey()
      .reduce((all, value) => `${all}+${value}`)
      .toStream()
      .to('out');
    const run = await TaskRun.open(builder.build());
    await run
      .add(
        'in',
        ['1', '2', '3'].map((value) => ({ key: 'a', value })),
      )
      .process();
    expect(run.output('out').map(({ value }) => value)).toEqual(['1', '1+2', '1+2+3']);
  });

  it('an aggregate of null or undefined deletes the key, and the next record begins anew', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .groupByKey()
      .aggregate<string>(
        () => '',
        (_key, value, all) => (value === 'null' ? null : value === 'undefined' ? undefined : all + value),
        { store: 'texts', value: serdes.string },
      )
      .toStream()
      .to('out');
    const run = await TaskRun.open(builder.build());
    const values = ['a', 'null', 'b', 'undefined', 'c'];
    await run
      .add(
        'in',
        values.map((value) => ({ key: 'k', value })),
      )
      .process();
    expect(run.output('out').map(({ value }) => value)).toEqual(['a', null, 'b', null, 'c']);
    await run.commit();
    expect(run.committedOutput(`${APPLICATION}-texts-changelog`)).toEqual([{ key: 'k', value: 'c', timestamp: 0 }]);
    await run.add('in', [{ key: 'k', value: 'null', timestamp: 8 }]).process();
    await run.commit();
    expect(run.committedOutput(`${APPLICATION}-texts-changelog`).at(-1)).toEqual({
      key: 'k',
      value: null,
      timestamp: 8,
    });
  });

  it('the timestamp of an aggregate is the highest of its records, also in the changelog', async () => {
    const run = await TaskRun.open(counting().build());
    await run
      .add(
        'in',
        [50, 20, 70].map((timestamp) => ({ key: 'a', value: 'x', timestamp })),
      )
      .process();
    expect(run.output('out').map(({ timestamp }) => timestamp)).toEqual([50, 50, 70]);
    await run.commit();
    expect(run.committedOutput(`${APPLICATION}-counts-changelog`).map(({ timestamp }) => timestamp)).toEqual([70]);
    const next = await run.crash();
    await next.add('in', [{ key: 'a', value: 'x', timestamp: 10 }]).process();
    expect(next.output('out')).toEqual([{ key: 'a', value: '4', timestamp: 70 }]);
  });

  it('the aggregate of a key that was deleted does not keep its timestamp', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .groupByKey()
      .reduce((_all, value) => (value === 'delete' ? null : value))
      .toStream()
      .to('out');
    const run = await TaskRun.open(builder.build());
    const records = [
      ['1', 90],
      ['delete', 95],
      ['2', 10],
    ] as const;
    await run
      .add(
        'in',
        records.map(([value, timestamp]) => ({ key: 'a', value, timestamp })),
      )
      .process();
    expect(run.output('out').map(({ timestamp }) => timestamp)).toEqual([90, 95, 10]);
  });

  it('records without key or value are left out, and counted', async () => {
    const run = await TaskRun.open(counting().build());
    await run
      .add('in', [
        { key: null, value: 'x' },
        { key: 'a', value: null },
        { key: null, value: null },
        { key: 'a', value: 'x' },
      ])
      .process();
    expect(run.output('out').map(({ key, value }) => `${key}=${value}`)).toEqual(['a=1']);
    expect(run.counter.skipped).toEqual({ 'in null-key': 2, 'in null-value': 1 });
  });

  it('undefined, which only a program can make, is left out like null', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .mapValues((value) => (value === 'none' ? undefined : value) as string)
      .groupByKey({ value: serdes.string })
      .count('counts')
      .toStream()
      .to('out', counts);
    const run = await TaskRun.open(builder.build());
    await run
      .add(
        'in',
        ['none', 'x'].map((value) => ({ key: 'a', value })),
      )
      .process();
    expect(run.output('out').map(({ value }) => value)).toEqual(['1']);
    expect(run.counter.skipped).toEqual({ 'in null-value': 1 });
  });

  it('a key that the serde of the store refuses is a bad record', async () => {
    const short: Serde<string> = {
      name: 'short',
      serialize: (key) => {
        if (key.length > 3) throw new Error('too long');
        return Buffer.from(key);
      },
      deserialize: (bytes) => bytes.toString(),
    };
    const builder = new StreamsBuilder();
    builder.stream('in', text).groupByKey({ key: short }).count('counts').toStream().to('out', counts);
    const run = await TaskRun.open(builder.build(), { handlers: { processing: 'continue' } });
    await run
      .add(
        'in',
        ['longer', 'abc'].map((key) => ({ key, value: 'x' })),
      )
      .process();
    expect(run.output('out').map(({ key }) => key)).toEqual(['abc']);
    expect(run.counter.skipped).toEqual({ 'in processing': 1 });
  });

  it('toStream with a mapper gives the new values another key', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .groupByKey()
      .count('counts')
      .toStream((key, count) => `${key}#${count}`)
      .to('out', { key: serdes.string, value: serdes.decimalText });
    const run = await TaskRun.open(builder.build());
    await run.add('in', [{ key: 'a', value: 'x' }]).process();
    expect(run.output('out')).toMatchObject([{ key: 'a#1', value: '1' }]);
  });

  it('one table feeds several streams', async () => {
    const builder = new StreamsBuilder();
    const table = builder.stream('in', text).groupByKey().count('counts');
    table.toStream().to('out', counts);
    table
      .toStream((key) => key.toUpperCase())
      .filter((_key, count) => count > 1)
      .to('out', { key: serdes.string, value: serdes.decimalText });
    const run = await TaskRun.open(builder.build());
    await run
      .add(
        'in',
        ['a', 'a'].map((key) => ({ key, value: 'x' })),
      )
      .process();
    expect(run.output('out').map(({ key, value }) => `${key}=${value}`)).toEqual(['a=1', 'a=2', 'A=2']);
  });

  it('an aggregation behind another one adds up its updates', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .groupByKey()
      .count('counts')
      .toStream()
      .groupByKey()
      .reduce((sum, count) => sum + count, { store: 'sums', value: serdes.decimalText })
      .toStream()
      .to('out');
    const run = await TaskRun.open(builder.build());
    await run
      .add(
        'in',
        ['a', 'a', 'a'].map((key) => ({ key, value: 'x' })),
      )
      .process();
    expect(run.output('out').map(({ value }) => value)).toEqual(['1', '3', '6']);
  });

  it('an error of the aggregator leaves the aggregate as it was', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .groupByKey()
      .reduce((sum, value) => {
        if (value === 'bad') throw new Error('no');
        return sum + value;
      })
      .toStream()
      .to('out');
    const run = await TaskRun.open(builder.build(), { handlers: { processing: 'continue' } });
    await run
      .add(
        'in',
        ['a', 'bad', 'b'].map((value) => ({ key: 'k', value })),
      )
      .process();
    expect(run.output('out').map(({ value }) => value)).toEqual(['a', 'ab']);
  });
});
