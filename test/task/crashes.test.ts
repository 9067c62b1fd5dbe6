import fc from 'fast-check';
import { serdes } from '../../src/serde/serdes';
import type { KStream } from '../../src/topology/dsl';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import type { Topology } from '../../src/topology/graph';
import type { InputRecord } from './support/array-cursor';
import { APPLICATION, TaskRun, type OutputRecord } from './support/task-run';

/* The promises I1 and I2 in miniature: one task, everything durable in memory, crashes at any moment of its commit cycle. */

const text = { key: serdes.string, value: serdes.string };
type Lines = KStream<string, string>;

const OPERATORS: Record<string, (lines: Lines) => Lines> = {
  filter: (lines) => lines.filter((_key, value) => value.length % 3 !== 0),
  mapValues: (lines) => lines.mapValues((value) => `${value}m`) as Lines,
  double: (lines) => lines.flatMapValues((value) => [value, `${value}d`]) as Lines,
  peek: (lines) => lines.peek(() => undefined),
  branch: (lines) => {
    const { short, rest } = lines
      .split()
      .branch('short', (_key, value) => value.length < 4)
      .defaultBranch('rest');
    return short.mapValues((value) => `${value}s`).merge(rest) as Lines;
  },
  slow: (lines) =>
    lines.processValues<string>(() => {
      let forward!: (key: string, value: string) => unknown;
      return {
        init: (context) => void (forward = (key, value) => context.forward(key, value)),
        process: async ({ key, value }) => {
          if (value.length % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
          await forward(key, value);
        },
      };
    }) as Lines,
};

/** The operators of `before`, a count by key, and a filter behind it. */
function counting(before: readonly string[]): Topology {
  const builder = new StreamsBuilder();
  let lines: Lines = builder.stream('in', text);
  for (const operator of before) lines = OPERATORS[operator]!(lines);
  lines.to('lines', text);
  lines.groupByKey(text).count('counts').toStream().to('counts', { value: serdes.decimalText });
  return builder.build();
}

/** `transact` and `write` are the two halves of a commit: a crash between them finds the transaction committed. */
type Step = { do: 'add' | 'slice'; size: number } | { do: 'settle' | 'transact' | 'write' | 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), size: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('slice' as const), size: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('transact' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('write' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
);

const record: fc.Arbitrary<InputRecord> = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd'),
  value: fc.string({ minLength: 1, maxLength: 5 }),
  timestamp: fc.nat(100),
});

interface Result {
  readonly lines: readonly OutputRecord[];
  readonly counts: readonly OutputRecord[];
  readonly state: readonly string[];
}

async function resultOf(run: TaskRun): Promise<Result> {
  const state: string[] = [];
  for await (const [key, value] of run.task.stores[0]!.all()) state.push(`${String(key)}=${String(value)}`);
  return { lines: run.committedOutput('lines'), counts: run.committedOutput('counts'), state };
}

async function withoutCrash(topology: Topology, records: readonly InputRecord[]): Promise<Result> {
  const run = await TaskRun.open(topology);
  await run.add('in', records).process();
  await run.commit();
  return resultOf(run);
}

async function withSteps(
  topology: Topology,
  records: readonly InputRecord[],
  steps: readonly Step[],
  cacheBytes: number,
): Promise<Result> {
  let run = await TaskRun.open(topology, { cacheBytes });
  let fetched = 0;
  let epoch: ReturnType<TaskRun['transact']> | undefined;
  const write = async (): Promise<void> => {
    if (epoch !== undefined) await run.write(epoch);
    epoch = undefined;
  };
  for (const each of steps) {
    switch (each.do) {
      case 'add':
        run.add('in', records.slice(fetched, fetched + each.size));
        fetched = Math.min(records.length, fetched + each.size);
        break;
      case 'slice':
        run.slice({ epochBytes: each.size });
        break;
      case 'settle':
        await run.task.quiesced();
        await new Promise((resolve) => setImmediate(resolve));
        break;
      case 'transact':
        if (epoch === undefined && !run.task.isWaiting) epoch = run.transact();
        break;
      case 'write':
        await write();
        break;
      case 'crash':
        run = await run.crash();
        epoch = undefined;
        fetched = run.committedOffset('in') ?? 0;
        break;
    }
  }
  await run.add('in', records.slice(fetched)).process();
  await write();
  await run.commit();
  return resultOf(run);
}

describe('a task that crashes at any moment', () => {
  // With no cache at all every key is read from the database again; with a large one none is.
  it.each([0, 1 << 20])('commits what one without crashes does (cache of %d bytes)', async (cacheBytes) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...Object.keys(OPERATORS)), { maxLength: 4 }),
        fc.array(record, { minLength: 1, maxLength: 40 }),
        fc.array(step, { maxLength: 40 }),
        async (operators, records, steps) => {
          const topology = counting(operators);
          expect(await withSteps(topology, records, steps, cacheBytes)).toEqual(await withoutCrash(topology, records));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('restores from its changelog what was committed and did not reach its database', async () => {
    const run = await TaskRun.open(counting([]));
    await run
      .add(
        'in',
        ['a', 'b', 'a'].map((key) => ({ key, value: 'x', timestamp: 4 })),
      )
      .process();
    run.transact();
    const next = await run.crash();
    expect(next.committedOffset('in')).toBe(3);
    expect(next.database.changelogPosition('counts')).toBe(2);
    await next.add('in', [{ key: 'a', value: 'y', timestamp: 2 }]).process();
    await next.commit();
    expect(
      next.committedOutput(`${APPLICATION}-counts-changelog`).map(({ key, timestamp }) => [key, timestamp]),
    ).toEqual([
      ['a', 4],
      ['b', 4],
      ['a', 4],
    ]);
    expect(next.committedOutput('counts').at(-1)).toEqual({ key: 'a', value: '3', timestamp: 4 });
  });
});
