import { serdes } from '../../src/serde/serdes';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import { APPLICATION, TaskRun, type TaskRunOptions } from '../task/support/task-run';

const text = { key: serdes.string, value: serdes.string };
const abc = ['a', 'b', 'c'].map((key) => ({ key, value: `to-${key}` }));

describe('sinks', () => {
  const byValue = (options: TaskRunOptions = {}): Promise<TaskRun> => {
    const builder = new StreamsBuilder();
    builder.stream('in', text).to((_key, value) => value);
    return TaskRun.open(builder.build(), options);
  };

  it('a function may choose the topic of each record, and the order stays while new topics are looked up', async () => {
    const run = await byValue();
    await run.add('in', [...abc, ...abc]).process();
    expect(run.collector.open.map(({ topic }) => topic)).toEqual(['to-a', 'to-b', 'to-c', 'to-a', 'to-b', 'to-c']);
  });

  it('a chosen topic that does not exist is a failed production', async () => {
    const run = await byValue({ missing: ['to-b'], handlers: { production: 'continue' } });
    await run.add('in', abc).process();
    expect(run.collector.open.map(({ topic }) => topic)).toEqual(['to-a', 'to-c']);
    expect(run.counter.skipped).toEqual({ 'in production': 1 });

    const failing = await byValue({ missing: ['to-b'] });
    await expect(failing.add('in', abc).process()).rejects.toMatchObject({
      code: 'PRODUCTION_FAILED',
      location: { topic: 'in', offset: 1, node: 'sink-1', task: '0_0' },
    });
  });

  it('an error of the function that chooses the topic is a processing failure', async () => {
    const builder = new StreamsBuilder();
    builder.stream('in', text).to((key) => {
      if (key === 'a') throw new Error('not a');
      return 'out';
    });
    const run = await TaskRun.open(builder.build(), { handlers: { processing: 'continue' } });
    await run.add('in', abc).process();
    expect(run.output('out').map(({ key }) => key)).toEqual(['b', 'c']);
    expect(run.counter.skipped).toEqual({ 'in processing': 1 });
  });

  const partitionedBy = (partitioner: () => number, options: TaskRunOptions = {}): Promise<TaskRun> => {
    const builder = new StreamsBuilder();
    builder.stream('in', text).to('out', { partitioner });
    return TaskRun.open(builder.build(), { partitions: { out: 3 }, ...options });
  };

  it('a partitioner chooses the partition, knowing how many there are', async () => {
    const builder = new StreamsBuilder();
    const partitioner = (key: string, value: string, count: number): number =>
      key === 'a' ? count - 1 : value.length - 4;
    builder.stream('in', text).to('out', { partitioner });
    const run = await TaskRun.open(builder.build(), { partitions: { out: 3 } });
    await run.add('in', abc.slice(0, 2)).process();
    expect(run.collector.open.map(({ partition }) => partition)).toEqual([2, 0]);
  });

  it('without a partitioner Kafka chooses by the key', async () => {
    const builder = new StreamsBuilder();
    builder.stream('in', text).to('out');
    const run = await TaskRun.open(builder.build());
    await run.add('in', abc.slice(0, 1)).process();
    expect(run.collector.open[0]!.partition).toBeUndefined();
  });

  it.each([-1, 3, 1.5, NaN])('a partitioner that returns %d of 3 partitions is a failed production', async (chosen) => {
    const run = await partitionedBy(() => chosen);
    await expect(run.add('in', abc).process()).rejects.toThrow(
      `The partitioner of sink 'sink-1' returned ${chosen} for topic 'out', which has partitions 0 to 2`,
    );
  });

  it('a value that the serde refuses is a failed production', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .mapValues((value) => (value === 'to-b' ? NaN : 7))
      .to('out', { value: serdes.decimalText });
    const run = await TaskRun.open(builder.build(), { handlers: { production: 'continue' } });
    await run.add('in', abc).process();
    expect(run.output('out').map(({ key }) => key)).toEqual(['a', 'c']);
    expect(run.counter.skipped).toEqual({ 'in production': 1 });
  });

  it('headers go along with the record', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .mapValues((value) => value)
      .to('out', text);
    const run = await TaskRun.open(builder.build());
    const headers = [
      { key: 'trace', value: Buffer.from('1') },
      { key: 'trace', value: null },
    ];
    await run
      .add('in', [
        { key: 'a', value: 'x', headers },
        { key: 'b', value: 'y' },
      ])
      .process();
    expect(run.collector.open.map((record) => record.headers)).toEqual([headers, []]);
  });

  it('a record whose key becomes null is dropped before a repartition, and counted', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .groupBy((key) => (key === 'b' ? null : key), { key: serdes.string })
      .count('counts');
    const run = await TaskRun.open(builder.build());
    await run.add('in', abc).process();
    expect(run.output(`${APPLICATION}-counts-repartition`).map(({ key }) => key)).toEqual(['a', 'c']);
    expect(run.counter.skipped).toEqual({ 'in null-key': 1 });
  });

  it('a null key is nothing special in a topic of the user', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .selectKey(() => null)
      .to('out', { key: serdes.string as never });
    const run = await TaskRun.open(builder.build());
    await run.add('in', abc).process();
    expect(run.output('out')).toHaveLength(3);
    expect(run.counter.skipped).toEqual({});
  });
});
