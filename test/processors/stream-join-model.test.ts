import fc from 'fast-check';
import { serdes, windows, type JoinWindowsOptions } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { build, text } from '../topology/build';

interface Input {
  readonly side: 'left' | 'right';
  readonly key: string;
  readonly timestamp: number;
}

/* Times of several buckets, a few of them equal; restarts and commits between any two records. */
const input: fc.Arbitrary<Input> = fc.record({
  side: fc.constantFrom('left', 'right'),
  key: fc.constantFrom('a', 'b', 'ü'),
  timestamp: fc.oneof(
    fc.nat(20),
    fc.nat(20_000),
    fc.nat(200).map((hundreds) => hundreds * 100),
  ),
});
const then = fc.constantFrom('go on', 'go on', 'go on', 'commit', 'kept', 'lost');
const inputs = fc.array(fc.tuple(input, then), { maxLength: 50 });
const window: fc.Arbitrary<JoinWindowsOptions> = fc.record({
  timeDifferenceMs: fc.constant(0),
  beforeMs: fc.oneof(fc.nat(5), fc.nat(5000)),
  afterMs: fc.oneof(fc.nat(5), fc.nat(5000)),
  graceMs: fc.oneof(fc.constant(0), fc.nat(3000)),
});

async function run(
  kind: 'join' | 'leftJoin' | 'outerJoin',
  options: JoinWindowsOptions,
  steps: readonly (readonly [Input, string])[],
): Promise<string[]> {
  const topology = build((builder) => {
    const joiner = (one: string | null, other: string | null, key: string): string => `${key}:${one}+${other}`;
    const left = builder.stream('left', text);
    const right = builder.stream('right', text);
    const window = windows.join(options);
    if (kind === 'join') left.join(right, joiner, window).to('out', text);
    else if (kind === 'leftJoin') left.leftJoin(right, joiner, window).to('out', text);
    else left.outerJoin(right, joiner, window).to('out', text);
  });
  const driver = await TopologyTestDriver.open(topology, { commit: 'manual' });
  const topics = { left: driver.createInputTopic('left', text), right: driver.createInputTopic('right', text) };
  for (const [index, [{ side, key, timestamp }, next]] of steps.entries()) {
    await topics[side].pipeInput(key, String(index), { timestamp });
    if (next !== 'go on') await driver.commit();
    if (next === 'kept' || next === 'lost') await driver.restart({ state: next });
  }
  await driver.commit();
  const out = driver.createOutputTopic('out', { key: serdes.string, value: serdes.string });
  const results = out.readRecordsToList().map(({ value, timestamp }) => `${value}@${timestamp}`);
  await driver.close();
  return results;
}

/** Joins by looking through everything that each side has had. */
function expected(options: JoinWindowsOptions, steps: readonly Input[]): string[] {
  const { beforeMs = 0, afterMs = 0, graceMs } = options;
  const sides = { left: [] as (Input & { value: string })[], right: [] as (Input & { value: string })[] };
  const newest = { left: -1, right: -1 };
  const keeps = (side: 'left' | 'right', timestamp: number): boolean =>
    timestamp > newest[side] - (beforeMs + afterMs + graceMs);
  const results: string[] = [];
  for (const [index, { side, key, timestamp }] of steps.entries()) {
    const other = side === 'left' ? 'right' : 'left';
    const [before, after] = side === 'left' ? [beforeMs, afterMs] : [afterMs, beforeMs];
    const found = sides[other]
      .filter((record) => record.key === key && keeps(other, record.timestamp))
      .filter((record) => record.timestamp >= timestamp - before && record.timestamp <= timestamp + after)
      .sort((a, b) => a.timestamp - b.timestamp);
    for (const record of found) {
      const values = side === 'left' ? `${index}+${record.value}` : `${record.value}+${index}`;
      results.push(`${key}:${values}@${Math.max(timestamp, record.timestamp)}`);
    }
    newest[side] = Math.max(newest[side], timestamp);
    if (keeps(side, timestamp)) sides[side].push({ side, key, timestamp, value: String(index) });
  }
  return results;
}

describe('a windowed join, with restarts anywhere', () => {
  it('gives what a plain model gives', async () => {
    await fc.assert(
      fc.asyncProperty(window, inputs, async (options, steps) => {
        const records = steps.map(([record]) => record);
        expect(await run('join', options, steps)).toEqual(expected(options, records));
      }),
      { numRuns: 150 },
    );
  });

  it.each(['leftJoin', 'outerJoin'] as const)('gives what it gives without them: %s', async (kind) => {
    await fc.assert(
      fc.asyncProperty(window, inputs, async (options, steps) => {
        const undisturbed = steps.map(([record]) => [record, 'go on'] as const);
        const results = await run(kind, options, undisturbed);
        expect(await run(kind, options, steps)).toEqual(results);
        const pairs = results.filter((result) => !result.includes('null'));
        expect(pairs).toEqual(
          expected(
            options,
            steps.map(([record]) => record),
          ),
        );
      }),
      { numRuns: 100 },
    );
  });
});
