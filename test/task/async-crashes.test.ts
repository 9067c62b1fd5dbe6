import { serdes } from '../../src/serde/serdes';
import { AsyncTimeoutError } from '../../src/processors/async-timeout-error';
import { VirtualTimers } from '../../src/testing/virtual-timers';
import type { AsyncOrder } from '../../src/topology/async-call';
import type { KStream } from '../../src/topology/dsl';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import type { Topology } from '../../src/topology/graph';
import { PendingCalls, turn } from '../support/pending-calls';
import { SeededRandom } from '../support/seeded-random';
import { DEAD_LETTERS, TaskRun, type OutputRecord } from './support/task-run';
import type { InputRecord } from './support/array-cursor';

/*
 * Calls that end in any order, fail, run out of time and are made again; commits and crashes in between. What is committed in the end
 * must be what the same topology gives whose function answers at once.
 */

type Lines = KStream<string, string>;
type Call = (lines: Lines, name: string) => Lines;

const text = { key: serdes.string, value: serdes.string };
const CONCURRENCY = 4;
const ATTEMPTS = 3;

/** Everything about a record that the operators behind the call can see. */
const seen: (lines: Lines) => Lines = (lines) =>
  lines.processValues<string>(() => {
    let hand!: (key: string, value: string) => unknown;
    return {
      init: (context) => {
        hand = (key, value) => {
          const { topic, partition, offset } = context.recordMetadata()!;
          return context.forward(key, `${value} ${topic} ${partition} ${offset} ${context.streamTime()}`);
        };
      },
      process: async ({ key, value, timestamp, headers }) => {
        if (value.length % 2 === 0) await turn();
        await hand(key, `${value} ${timestamp} ${headers.length}`);
      },
    };
  }) as Lines;

const SHAPES: Record<string, (lines: Lines, call: Call) => void> = {
  'the call alone': (lines, call) => call(lines, 'one').to('out', text),
  'a filter and a map around it': (lines, call) =>
    call(
      lines.filter((_key, value) => !value.includes('3')),
      'one',
    )
      .mapValues((value) => `<${value}>`)
      .to('out', text),
  'a count behind it': (lines, call) => {
    call(lines, 'one').groupByKey(text).count('counts').toStream().to('out', { value: serdes.decimalText });
  },
  'a count before it': (lines, call) => {
    const counts = lines.groupByKey(text).count('counts').toStream();
    call(counts.mapValues((count) => `c${count}`) as Lines, 'one').to('out', text);
  },
  'many records of one, and an output beside it': (lines, call) => {
    lines.to('beside', text);
    call(
      lines.flatMapValues((value) => (value.length > 2 ? [value, `${value}x`, `${value}y`] : [value])) as Lines,
      'one',
    ).to('out', text);
  },
  'one call behind another': (lines, call) => call(call(lines, 'one'), 'two').to('out', text),
  'two calls beside each other': (lines, call) => {
    call(lines, 'one').to('out', text);
    call(lines, 'two').to('out', text);
  },
  'a processor behind it that looks at everything': (lines, call) => seen(call(lines, 'one')).to('out', text),
};

function topology(shape: string, call: Call): Topology {
  const builder = new StreamsBuilder();
  SHAPES[shape]!(builder.stream('in', text), call);
  return builder.build();
}

const failsAlways = (value: string): boolean => value.includes('bad');

function answer(value: string): string {
  if (failsAlways(value)) throw new Error(`no answer for ${value}`);
  return `${value}!`;
}

const atOnce: Call = (lines, name) => lines.mapValues(answer, { name }) as Lines;

interface Result {
  readonly out: readonly OutputRecord[];
  readonly beside: readonly OutputRecord[];
  readonly deadLetters: readonly OutputRecord[];
  readonly changes: readonly OutputRecord[];
  readonly offset: number | undefined;
}

function resultOf(run: TaskRun): Result {
  return {
    out: run.committedOutput('out'),
    beside: run.committedOutput('beside'),
    deadLetters: run.committedOutput(DEAD_LETTERS),
    changes: [...new Map(run.committedOutput('app-counts-changelog').map((change) => [change.key, change])).values()],
    offset: run.committedOffset('in'),
  };
}

const handlers = { processing: 'dead-letter' } as const;

function inputOf(random: SeededRandom): InputRecord[] {
  return Array.from({ length: random.between(1, 25) }, (_, index) => ({
    key: `k${random.between(0, 3)}`,
    value: `${random.pick(['v', 'bad', 'flaky', 'slow'])}${index}`,
    timestamp: random.between(0, 100),
    headers: random.chance(0.3) ? [{ key: 'h', value: null }] : [],
  }));
}

async function expected(shape: string, input: readonly InputRecord[]): Promise<Result> {
  const run = await TaskRun.open(topology(shape, atOnce), { handlers });
  await run.add('in', input).process();
  await run.commit();
  return resultOf(run);
}

async function runWithCalls(
  shape: string,
  order: AsyncOrder,
  seed: number,
  mostCrashes = 3,
): Promise<[Result, Result]> {
  const random = new SeededRandom(seed);
  const input = inputOf(random);
  let now = 0;
  let timers = new VirtualTimers(() => now);
  let calls = new Map<string, PendingCalls>();
  const options = {
    concurrency: CONCURRENCY,
    order,
    timeoutMs: 1_000,
    retries: 1_000,
    backoffMs: 100,
    maxBackoffMs: 300,
    // Chance must not decide whether a call is given up.
    retryIf: (error: unknown, attempt: number) => error instanceof AsyncTimeoutError || attempt < ATTEMPTS,
  };
  const later: Call = (lines, name) =>
    lines.mapValuesAsync(
      (value, key, context) => {
        const pending = calls.get(name) ?? new PendingCalls();
        calls.set(name, pending);
        return pending.call(value, key, context);
      },
      { name, ...options },
    ) as Lines;
  const environment = { timers: { after: (ms: number, run: () => void) => timers.after(ms, run) }, random: () => 0.5 };
  let run = await TaskRun.open(topology(shape, later), { handlers, async: environment });
  let given = 0;
  let commitWaits = false;
  let crashes = mostCrashes;

  const under = (): PendingCalls['pending'] => [...calls.values()].flatMap(({ pending }) => pending);
  const endOne = (): void => {
    const call = random.pick(under());
    const { attempt } = call.context;
    const again = call.value.includes('flaky') || call.value.includes('bad');
    if (failsAlways(call.value) || (again && attempt < ATTEMPTS)) call.fail(new Error(`attempt ${attempt}`));
    else call.answer(answer(call.value));
  };
  const tick = (): void => {
    now += random.pick([10, 100, 300]);
    timers.runDue();
  };
  const work = (): void => {
    if (commitWaits) run.task.handOn(() => undefined);
    else run.slice({ now: () => 1, deadline: random.between(0, 1) });
  };
  const commit = async (): Promise<void> => {
    commitWaits = run.task.isWaiting;
    if (!commitWaits) await run.commit();
  };
  const crash = async (): Promise<void> => {
    crashes--;
    commitWaits = false;
    run.task.cancelCalls();
    expect(under()).toEqual([]);
    timers = new VirtualTimers(() => now);
    calls = new Map();
    run = await run.crash();
    given = run.committedOffset('in') ?? 0;
  };
  for (let step = 0; ; step++) {
    if (step > 5_000) throw new Error('it does not come to an end');
    const dice = random.next();
    if (given < input.length && dice < 0.2) {
      const size = random.between(1, 6);
      run.add('in', input.slice(given, given + size));
      given = Math.min(input.length, given + size);
    } else if (dice < 0.4) work();
    else if (dice < 0.75 && under().length > 0) endOne();
    else if (dice < 0.85) tick();
    else if (dice < 0.95 || commitWaits) await commit();
    else if (crashes > 0) await crash();
    await turn();
    await run.task.settled();
    for (const { pending } of calls.values()) expect(pending.length).toBeLessThanOrEqual(CONCURRENCY);
    if (given === input.length && run.committedOffset('in') === input.length) break;
  }
  return [resultOf(run), await expected(shape, input)];
}

const SEEDS = Number(process.env.MILLRACE_ASYNC_SEEDS ?? 25);
const BASE = Number(process.env.MILLRACE_TEST_SEED ?? 1);

const byText = (records: readonly OutputRecord[]): string[] =>
  records.map(({ key, value, timestamp }) => `${key} ${value} ${timestamp}`).sort();
function ofKeys(records: readonly OutputRecord[]): Map<string | null, OutputRecord[]> {
  const groups = new Map<string | null, OutputRecord[]>();
  for (const record of records) groups.set(record.key, [...(groups.get(record.key) ?? []), record]);
  return groups;
}

/** Counts do not follow the order of the values behind them. */
const ORDERED_BY_KEY = new Set(Object.keys(SHAPES).filter((shape) => !/looks at|beside each other/.test(shape)));

describe.each(Object.keys(SHAPES))('with %s, after any crash', (shape) => {
  it('in the order of the partition: all is as if calls were answered at once', async () => {
    for (let seed = BASE; seed < BASE + SEEDS; seed++) {
      const [result, model] = await runWithCalls(shape, 'partition', seed);
      const parallel = shape === 'two calls beside each other';
      const view = ({ out, deadLetters, ...rest }: Result): unknown => ({
        seed,
        ...rest,
        out: parallel ? byText(out) : withoutStreamTime(out),
        deadLetters: parallel ? byText(deadLetters) : deadLetters,
      });
      expect(view(result)).toEqual(view(model));
    }
  });

  it('in the order of keys: each key is as if calls were answered at once', async () => {
    for (let seed = BASE; seed < BASE + SEEDS; seed++) {
      const [result, model] = await runWithCalls(shape, 'key', seed);
      const view = ({ out, beside, deadLetters, changes, offset }: Result): unknown => ({
        seed,
        offset,
        beside,
        out: ORDERED_BY_KEY.has(shape) ? ofKeys(out.map((record) => ({ ...record }))) : byText(withoutStreamTime(out)),
        deadLetters: byText(deadLetters),
        changes: byText(changes),
      });
      expect(view(result)).toEqual(view(model));
    }
  });

  it('in no order: nothing is missing, and nothing is there twice', async () => {
    for (let seed = BASE; seed < BASE + SEEDS; seed++) {
      const [result, model] = await runWithCalls(shape, 'none', seed);
      const counted = shape === 'a count behind it';
      const view = ({ out, beside, deadLetters, changes, offset }: Result): unknown => ({
        seed,
        offset,
        beside,
        out: counted ? out.map(({ key, value }) => `${key} ${value}`).sort() : byText(withoutStreamTime(out)),
        deadLetters: byText(deadLetters),
        changes: changes.map(({ key, value }) => [key, value]).sort(),
      });
      expect(view(result)).toEqual(view(model));
    }
  });
});

/** The last word of what `seen` writes depends on the order. */
function withoutStreamTime(records: readonly OutputRecord[]): OutputRecord[] {
  return records.map((record) => ({
    ...record,
    value: record.value?.replace(/ (\d+ \d+ in \d+ \d+) \d+$/, ' $1') ?? null,
  }));
}

describe('without a crash', () => {
  it('operators behind calls see topic, partition, offset, time, headers and stream time as if calls were answered at once', async () => {
    for (let seed = BASE; seed < BASE + SEEDS; seed++) {
      const shape = 'a processor behind it that looks at everything';
      const [result, model] = await runWithCalls(shape, 'partition', seed, 0);
      expect({ seed, ...result }).toEqual({ seed, ...model });
    }
  });
});
