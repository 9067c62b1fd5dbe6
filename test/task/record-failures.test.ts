import { pino } from 'pino';
import type { Serde } from '../../src/serde/serde';
import { serdes } from '../../src/serde/serdes';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import type { Topology } from '../../src/topology/graph';
import type { InputRecord } from './support/array-cursor';
import type { KeptRecord } from './support/kept-records';
import { DEAD_LETTERS, TaskRun, type TaskRunOptions } from './support/task-run';

/** Cannot read `unreadable`, and cannot write `unwritable`. */
const picky: Serde<string> = {
  name: 'picky',
  serialize: (value) => {
    if (value === 'unwritable') throw new Error('cannot write this');
    return Buffer.from(value);
  },
  deserialize: (bytes) => {
    if (bytes.toString() === 'unreadable') throw new Error('cannot read this');
    return bytes.toString();
  },
};

function topology(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream('in', { key: serdes.string, value: picky })
    .mapValues((value) => {
      if (value === 'unprocessable') throw new Error('cannot process this');
      return value;
    })
    .to('out', { value: picky });
  return builder.build();
}

const good: InputRecord = { key: 'g', value: 'good', timestamp: 1 };
const bad = {
  deserialization: { key: 'k', value: 'unreadable', timestamp: 5, headers: [{ key: 'own', value: Buffer.from('h') }] },
  processing: { key: 'k', value: 'unprocessable', timestamp: 5, headers: [{ key: 'own', value: Buffer.from('h') }] },
  production: { key: 'k', value: 'unwritable', timestamp: 5, headers: [{ key: 'own', value: Buffer.from('h') }] },
} as const;
type Kind = keyof typeof bad;
const kinds = Object.keys(bad) as Kind[];
const node: Record<Kind, string> = { deserialization: 'source-1', processing: 'mapValues-1', production: 'sink-1' };
const message: Record<Kind, string> = {
  deserialization: 'cannot read this',
  processing: 'cannot process this',
  production: 'cannot write this',
};

const headersOf = (record: KeptRecord): Record<string, string> =>
  Object.fromEntries(record.headers.map(({ key, value }) => [key, value!.toString()]));

describe.each(kinds)('a record whose %s fails', (kind) => {
  const run = (options: TaskRunOptions): Promise<TaskRun> => TaskRun.open(topology(), options);

  it('stops the task by default, naming the place', async () => {
    const task = await run({});
    task.add('in', [good, bad[kind], good], { from: 41 });
    await expect(task.process()).rejects.toMatchObject({
      code: `${kind.toUpperCase()}_FAILED`,
      location: { topic: 'in', partition: 0, offset: 42, task: '0_0', node: node[kind] },
    });
    await expect(task.process()).rejects.toThrow(message[kind]);
    expect(() => task.task.seal()).toThrow(message[kind]);
  });

  it('is skipped and counted by continue', async () => {
    const task = await run({ handlers: { [kind]: 'continue' } });
    await task.add('in', [good, bad[kind], good]).process();
    await task.commit();
    expect(task.committedOutput('out')).toHaveLength(2);
    expect(task.committedOffset('in')).toBe(3);
    expect(task.counter.skipped).toEqual({ [`in ${kind}`]: 1 });
    expect(task.counter.deadLettered).toEqual({});
  });

  it('goes to the dead letter topic as it is, with what went wrong as headers', async () => {
    const task = await run({ handlers: { [kind]: 'dead-letter' } });
    await task.add('in', [good, bad[kind], good]).process();
    expect(task.output('out')).toHaveLength(2);
    const [letter] = task.collector.open.filter((record) => record.topic === DEAD_LETTERS);
    expect(letter).toMatchObject({ key: Buffer.from('k'), value: Buffer.from(bad[kind].value), timestamp: 5 });
    expect(headersOf(letter!)).toMatchObject({
      own: 'h',
      '__streams.errors.exception': 'Error',
      '__streams.errors.message': message[kind],
      '__streams.errors.topic': 'in',
      '__streams.errors.partition': '0',
      '__streams.errors.offset': '1',
      '__streams.errors.node': node[kind],
    });
    expect(headersOf(letter!)['__streams.errors.stacktrace']).toContain('record-failures.test');
    expect(task.counter.deadLettered).toEqual({ [`in ${kind}`]: 1 });
    expect(task.counter.skipped).toEqual({});
  });

  it('is dead-lettered in the epoch of its offset', async () => {
    const task = await run({ handlers: { [kind]: 'dead-letter' } });
    await task.add('in', [bad[kind]]).process();
    const lost = await task.crash();
    expect(lost.committedOutput(DEAD_LETTERS)).toEqual([]);
    await lost.add('in', [bad[kind]]).process();
    await lost.commit();
    expect(lost.committedOutput(DEAD_LETTERS)).toHaveLength(1);
    expect(lost.committedOffset('in')).toBe(1);
  });

  it('stops the task when it cannot be dead-lettered either', async () => {
    const task = await run({ handlers: { [kind]: 'dead-letter' }, maxValueBytes: 5 });
    await expect(task.add('in', [bad[kind]]).process()).rejects.toMatchObject({ code: 'PRODUCTION_FAILED' });
    expect(() => task.task.seal()).toThrow(DEAD_LETTERS);
    expect(task.counter.deadLettered).toEqual({});
  });
});

describe('records without a time', () => {
  const timed = (timestampExtractor: () => number): Topology => {
    const builder = new StreamsBuilder();
    builder.stream('in', { key: serdes.string, value: serdes.string, timestampExtractor }).to('out');
    return builder.build();
  };

  it.each([NaN, -1, Infinity])('are bad records: the extractor says %d', async (timestamp) => {
    const run = await TaskRun.open(timed(() => timestamp));
    await expect(run.add('in', [good]).process()).rejects.toThrow(`has the timestamp ${timestamp}`);
  });

  it('are bad records: Kafka has none', async () => {
    const run = await TaskRun.open(topology(), { handlers: { deserialization: 'continue' } });
    await run.add('in', [{ ...good, timestamp: -1 }, good]).process();
    expect(run.output('out')).toHaveLength(1);
    expect(run.counter.skipped).toEqual({ 'in deserialization': 1 });
  });

  it('are dead-lettered under the time that Kafka has for them', async () => {
    const run = await TaskRun.open(
      timed(() => NaN),
      { handlers: { deserialization: 'dead-letter' } },
    );
    await run.add('in', [{ ...good, timestamp: 123 }]).process();
    expect(run.output(DEAD_LETTERS)).toEqual([{ key: 'g', value: 'good', timestamp: 123 }]);
  });
});

describe('mappers that give no pair', () => {
  it.each(['map', 'flatMap'] as const)(
    '%s reports them as its own failure, before anything is handed on',
    async (how) => {
      const builder = new StreamsBuilder();
      const stream = builder.stream('in', { key: serdes.string, value: serdes.string });
      const mapped =
        how === 'map'
          ? stream.map(() => undefined as unknown as [string, string])
          : stream.flatMap(() => [['a', 'b'], undefined as unknown as [string, string]]);
      mapped.to('out', { key: serdes.string, value: serdes.string });
      const run = await TaskRun.open(builder.build(), { handlers: { processing: 'continue' } });
      await run.add('in', [good]).process();
      expect(run.output('out')).toEqual([]);
      expect(run.counter.skipped).toEqual({ 'in processing': 1 });
    },
  );
});

describe('the log of bad records', () => {
  async function counted(
    options: TaskRunOptions,
    records: InputRecord[],
  ): Promise<{ reason: string; count: number }[]> {
    const lines: { reason: string; count: number; event: string }[] = [];
    const logger = pino({}, { write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
    const run = await TaskRun.open(topology(), { ...options, logger });
    await run.add('in', records).process();
    expect(Object.values(run.counter.skipped).reduce((sum, count) => sum + count, 0)).toBe(records.length);
    return lines.map(({ reason, count }) => ({ reason, count }));
  }
  const continuing = { handlers: { deserialization: 'continue', processing: 'continue' } } as const;

  it('gets the first ten, then ever fewer, each with the count so far', async () => {
    const lines = await counted(continuing, Array<InputRecord>(2500).fill(bad.processing));
    expect(lines.map(({ count }) => count)).toEqual([
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9],
      ...[10, 20, 30, 40, 50, 60, 70, 80, 90],
      ...[100, 200, 300, 400, 500, 600, 700, 800, 900],
      ...[1000, 2000],
    ]);
  });

  it('counts each reason for itself', async () => {
    const lines = await counted(continuing, [
      ...Array<InputRecord>(15).fill(bad.processing),
      ...Array<InputRecord>(2).fill(bad.deserialization),
    ]);
    expect(lines.filter(({ reason }) => reason === 'processing')).toHaveLength(10);
    expect(lines.filter(({ reason }) => reason === 'deserialization').map(({ count }) => count)).toEqual([1, 2]);
  });
});
