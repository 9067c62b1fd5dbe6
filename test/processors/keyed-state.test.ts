import { aggregatingState, listState, mapState, reducingState, serdes, valueState } from '../../src';
import { TopologyTestDriver, type TopologyTestDriverOptions } from '../../src/testing';
import type { ProcessOptions } from '../../src/topology/dsl-options';
import type { Awaitable, ProcessorContext } from '../../src/topology/processor-api';
import type { StateDescriptor, StateTtl } from '../../src/topology/state-descriptors';
import type { StreamsBuilder } from '../../src/topology/streams-builder';
import { SeededRandom } from '../support/seeded-random';
import { TaskRun } from '../task/support/task-run';
import { build, problemsOf, text } from '../topology/build';

type Context = ProcessorContext<string, string>;
type Step = (key: string, value: string) => Awaitable<string | undefined>;

/** A topology whose processor forwards what `init`'s function answers to each record. */
function answering(states: readonly StateDescriptor<unknown>[], init: (context: Context) => Step) {
  return build((builder: StreamsBuilder) => {
    builder
      .stream('in', text)
      .processValues<string>(
        () => {
          let step!: Step;
          let context!: Context;
          return {
            init: (own) => {
              context = own;
              step = init(own);
            },
            process: ({ key, value }) => {
              const answer = step(key, value);
              if (answer instanceof Promise) return answer.then((text_) => context.forward(key, text_ ?? '-'));
              return context.forward(key, answer ?? '-');
            },
          };
        },
        { name: 'node', states },
      )
      .to('out', text);
  });
}

async function asking(
  states: readonly StateDescriptor<unknown>[],
  init: (context: Context) => Step,
  options: TopologyTestDriverOptions = {},
) {
  const driver = await TopologyTestDriver.open(answering(states, init), options);
  const input = driver.createInputTopic('in', text);
  const output = driver.createOutputTopic('out', text);
  const ask = async (key: string, value: string, timestamp = 0): Promise<string | null | undefined> => {
    await input.pipeInput(key, value, { timestamp });
    return output.readRecordsToList().at(-1)?.value;
  };
  return { driver, ask };
}

describe('a ValueState', () => {
  const last = valueState({ name: 'last', value: serdes.string });
  const remember = (context: Context): Step => {
    const state = context.state(last);
    return (_key, value) => {
      const before = state.value();
      if (value === 'clear') state.clear();
      else if (value === 'null') state.update(null);
      else state.update(value);
      return before;
    };
  };

  it('belongs to the key of the record', async () => {
    const { ask } = await asking([last], remember);
    expect(await ask('a', '1')).toBe('-');
    expect(await ask('b', '2')).toBe('-');
    expect(await ask('a', '3')).toBe('1');
    expect(await ask('b', 'clear')).toBe('2');
    expect(await ask('b', '4')).toBe('-');
    expect(await ask('b', 'null')).toBe('4');
    expect(await ask('b', '5')).toBe('-');
  });

  it.each(['kept', 'lost'] as const)('survives a crash as it was committed: state %s', async (state) => {
    const { driver, ask } = await asking([last], remember, { commit: 'manual' });
    await ask('a', '1');
    await driver.commit();
    await ask('a', '2');
    await driver.restart({ state });
    await driver.commit();
    await ask('a', '3');
    await driver.commit();
    const out = driver.createOutputTopic('out', text);
    expect(out.readRecordsToList().map(({ value }) => value)).toEqual(['-', '1', '2']);
  });

  it('is there without waiting, also for keys that are not in memory any more', async () => {
    const run = await TaskRun.open(answering([last], remember), { cacheBytes: 0 });
    for (const value of ['1', '2', '3']) {
      for (let index = 0; index < 50; index++) run.add('in', [{ key: `k${index}`, value }]);
      await run.process();
      await run.commit();
    }
    expect(run.committedOutput('out').map(({ value }) => value)).toEqual([
      ...Array<string>(50).fill('-'),
      ...Array<string>(50).fill('1'),
      ...Array<string>(50).fill('2'),
    ]);
  });

  it('is written right also by a processor that waited while the store let it go', async () => {
    const topology = answering([last], (context) => {
      const state = context.state(last);
      return async (_key, value) => {
        await new Promise((resolve) => setImmediate(resolve));
        const before = state.value();
        state.update(`${before ?? ''}${value}`);
        return before;
      };
    });
    const run = await TaskRun.open(topology, { cacheBytes: 0 });
    for (const value of ['1', '2', '3']) {
      await run
        .add('in', [
          { key: 'a', value },
          { key: 'b', value },
        ])
        .process();
      await run.commit();
    }
    expect(run.committedOutput('out').map(({ value }) => value)).toEqual(['-', '-', '1', '1', '12', '12']);
  });

  it('cannot be used where there is no key, or without being listed', async () => {
    await expect(
      asking([last], (context) => {
        context.state(last).value();
        return () => undefined;
      }),
    ).rejects.toThrow("Processor 'node' used the state 'last' while there is no current key");
    await expect(
      asking([], (context) => {
        context.state(last);
        return () => undefined;
      }),
    ).rejects.toThrow("Processor 'node' asked for the state 'last', which it was not given");
  });

  it('of records without a key is none: they are dropped, and counted', async () => {
    const { driver } = await asking([last], remember);
    await driver.createInputTopic('in', text).pipeInput(null, 'x');
    expect(driver.skipped).toEqual(new Map([['null-key', 1]]));
  });
});

describe('a ListState', () => {
  const list = listState({ name: 'list', value: serdes.string });

  it('keeps what is added, in order', async () => {
    const { driver, ask } = await asking([list], (context) => {
      const state = context.state(list);
      return (_key, value) => {
        if (value === 'clear') state.clear();
        else if (value.startsWith('=')) state.update(value.slice(1));
        else state.addAll(value.split(','));
        const got = state.get();
        got.push('a copy is not the state');
        return state.get().join(' ');
      };
    });
    await ask('a', '1');
    await ask('b', '9');
    expect(await ask('a', '2,3')).toBe('1 2 3');
    await driver.restart({ state: 'lost' });
    expect(await ask('a', '')).toBe('1 2 3 ');
    expect(await ask('a', '=xy')).toBe('x y');
    expect(await ask('a', '=')).toBe('');
    expect(await ask('b', 'clear')).toBe('');
  });
});

describe('a ReducingState and an AggregatingState', () => {
  const sum = reducingState({ name: 'sum', value: serdes.float64, reduce: (a, b) => a + b });
  const mean = aggregatingState({
    name: 'mean',
    accumulator: serdes.json<{ sum: number; count: number }>(),
    aggregate: {
      createAccumulator: () => ({ sum: 0, count: 0 }),
      add: (value: number, { sum: total, count }) => ({ sum: total + value, count: count + 1 }),
      getResult: ({ sum: total, count }) => total / count,
    },
  });

  it('fold what is added', async () => {
    const { driver, ask } = await asking([sum, mean], (context) => {
      const total = context.state(sum);
      const average = context.state(mean);
      return (_key, value) => {
        if (value === 'clear') {
          total.clear();
          average.clear();
        } else {
          total.add(Number(value));
          average.add(Number(value));
        }
        return `${total.get()} ${average.get()}`;
      };
    });
    await ask('a', '1');
    await ask('b', '100');
    expect(await ask('a', '2')).toBe('3 1.5');
    await driver.restart({ state: 'lost' });
    expect(await ask('a', '6')).toBe('9 3');
    expect(await ask('a', 'clear')).toBe('undefined undefined');
  });
});

describe('a MapState', () => {
  const map = mapState({ name: 'map', key: serdes.string, value: serdes.float64 });

  it.each(Array.from({ length: 20 }, (_, index) => index + 1))(
    'holds what a Map for each key holds (seed %d)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const model = new Map<string, Map<string, number>>();
      const { driver, ask } = await asking([map], (context) => {
        const state = context.state(map);
        return async (_key, command) => {
          const [operation, field = '', number = ''] = command.split(' ');
          if (operation === 'put') state.put(field, Number(number));
          if (operation === 'remove') state.remove(field);
          if (operation === 'clear') await state.clear();
          const entries: string[] = [];
          for await (const [name, value] of state.entries()) entries.push(`${name}=${value}`);
          const keys: string[] = [];
          for await (const name of state.keys()) keys.push(name);
          expect(entries.map((entry) => entry.split('=')[0])).toEqual(keys);
          expect(await state.isEmpty()).toBe(keys.length === 0);
          expect(await state.contains(field)).toBe(keys.includes(field));
          return `${await state.get(field)} of ${entries.join()}`;
        };
      });
      // Some are the end of another's range in bytes.
      const keys = ['a', 'b', 'c', 'aa', 'ab'];
      for (let step = 0; step < 60; step++) {
        const key = random.pick(keys);
        const own = model.get(key) ?? new Map<string, number>();
        model.set(key, own);
        const field = random.pick(['', 'x', 'y', '\u00ff', 'xx']);
        const operation = random.pick(['put', 'put', 'put', 'remove', 'get', 'clear']);
        if (operation === 'put') own.set(field, step);
        if (operation === 'remove') own.delete(field);
        if (operation === 'clear') own.clear();
        const entries = [...own].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(await ask(key, `${operation} ${field} ${step}`)).toBe(
          `${own.get(field)} of ${entries.map(([name, value]) => `${name}=${value}`).join()}`,
        );
        if (random.chance(0.1)) await driver.restart({ state: random.pick(['kept', 'lost']) });
      }
    },
  );
});

describe('a time to live', () => {
  const withTtl = (ttl: StateTtl) => valueState({ name: 'last', value: serdes.string, ttl });
  const remember =
    (descriptor: ReturnType<typeof withTtl>) =>
    (context: Context): Step => {
      const state = context.state(descriptor);
      return (_key, value) => {
        const before = state.value();
        if (value !== 'read') state.update(value);
        return before;
      };
    };

  it('ends by the wall clock after the last write', async () => {
    const state = withTtl({ ms: 100 });
    const { driver, ask } = await asking([state], remember(state));
    await ask('a', '1');
    await driver.advanceWallClockTime(99);
    expect(await ask('a', 'read')).toBe('1');
    expect(await ask('a', '2')).toBe('1');
    await driver.advanceWallClockTime(99);
    await driver.restart({ state: 'lost' });
    expect(await ask('a', 'read')).toBe('2');
    await driver.advanceWallClockTime(1);
    expect(await ask('a', 'read')).toBe('-');
  });

  it('is prolonged by reads where that is asked for', async () => {
    const state = withTtl({ ms: 100, update: 'on-read-and-write' });
    const { driver, ask } = await asking([state], remember(state));
    await ask('a', '1');
    for (let round = 0; round < 3; round++) {
      await driver.advanceWallClockTime(99);
      expect(await ask('a', 'read')).toBe('1');
    }
    await driver.advanceWallClockTime(100);
    expect(await ask('a', 'read')).toBe('-');
  });

  it('may show what has expired, once', async () => {
    const state = withTtl({ ms: 100, visibility: 'return-expired-if-not-cleaned-up' });
    const { driver, ask } = await asking([state], remember(state));
    await ask('a', '1');
    await driver.advanceWallClockTime(500);
    expect(await ask('a', 'read')).toBe('1');
    expect(await ask('a', 'read')).toBe('-');
  });

  it('may be counted in event time', async () => {
    const state = withTtl({ ms: 100, time: 'event-time' });
    const { driver, ask } = await asking([state], remember(state));
    await ask('a', '1', 1_000);
    await driver.advanceWallClockTime(100_000);
    expect(await ask('a', 'read', 1_099)).toBe('1');
    expect(await ask('b', '2', 1_100)).toBe('-');
    expect(await ask('a', 'read', 1_000)).toBe('-');
  });

  it('is that of each element of a list, and of each entry of a map', async () => {
    const list = listState({ name: 'list', value: serdes.string, ttl: { ms: 100 } });
    const map = mapState({ name: 'map', key: serdes.string, value: serdes.string, ttl: { ms: 100 } });
    const { driver, ask } = await asking([list, map], (context) => {
      const elements = context.state(list);
      const entries = context.state(map);
      return async (_key, value) => {
        if (value !== 'read') {
          elements.add(value);
          entries.put(value, value.toUpperCase());
        }
        const values: string[] = [];
        for await (const entry of entries.values()) values.push(entry);
        return `${elements.get().join('')} ${values.join('')}`;
      };
    });
    await ask('a', 'x');
    await driver.advanceWallClockTime(60);
    expect(await ask('a', 'y')).toBe('xy XY');
    await driver.advanceWallClockTime(40);
    expect(await ask('a', 'read')).toBe('y Y');
    await driver.advanceWallClockTime(60);
    expect(await ask('a', 'read')).toBe(' ');
  });

  it('has what is never read again removed bit by bit', async () => {
    const state = withTtl({ ms: 100, cleanupPerRecord: 10 });
    const { driver, ask } = await asking([state], remember(state));
    const input = driver.createInputTopic('in', text);
    const old = Array.from({ length: 1_000 }, (_, index) => ({ key: `old-${index}`, value: 'x' }));
    await input.pipeRecordList(old);
    const count = async (): Promise<number> => {
      const entries: unknown[] = [];
      for await (const entry of driver.getKeyValueStore('node-last')!.all()) entries.push(entry);
      return entries.length;
    };
    expect(await count()).toBe(1_000);
    await driver.advanceWallClockTime(100);
    for (let record = 0; record < 50; record++) await ask('new', 'y');
    // 500 were looked at, the new one among them.
    expect(await count()).toBe(502);
    for (let record = 0; record < 150; record++) await ask('new', 'y');
    expect(await count()).toBe(1);
    const changelog = driver.createOutputTopic(driver.internalTopic('node-last-changelog'), {
      key: serdes.string,
      value: serdes.bytes,
    });
    expect(changelog.readKeyValuesToMap().get('old-7')).toBeNull();
  });

  it.each(Array.from({ length: 20 }, (_, index) => index + 1))(
    'is that of a plain model, through restarts (seed %d)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const ttl: StateTtl = {
        ms: 100,
        update: random.pick(['on-create-and-write', 'on-read-and-write']),
        visibility: random.pick(['never-return-expired', 'return-expired-if-not-cleaned-up']),
        cleanupPerRecord: 0,
      };
      const state = withTtl(ttl);
      const { driver, ask } = await asking([state], remember(state));
      const model = new Map<string, { value: string; at: number }>();
      for (let step = 0; step < 80; step++) {
        const now = driver.wallClockTime;
        const key = random.pick(['a', 'b', 'c']);
        const known = model.get(key);
        let expected = known?.value;
        if (known !== undefined && known.at + 100 <= now) {
          model.delete(key);
          if (ttl.visibility === 'never-return-expired') expected = undefined;
        } else if (known !== undefined && ttl.update === 'on-read-and-write') known.at = now;
        const value = random.chance(0.5) ? 'read' : String(step);
        if (value !== 'read') model.set(key, { value, at: now });
        expect(await ask(key, value)).toBe(expected ?? '-');
        if (random.chance(0.4)) await driver.advanceWallClockTime(random.between(1, 120));
        if (random.chance(0.15)) await driver.restart({ state: random.pick(['kept', 'lost']) });
      }
    },
  );

  it.each([
    [{ ms: 0 }, 'it is 0 ms'],
    [{ ms: 1.5 }, 'it is 1.5 ms'],
    [{ ms: 5, cleanupPerRecord: -1 }, 'cleanupPerRecord is -1'],
  ] as const)('that is none does not build: %j', (ttl, problem) => {
    const options: ProcessOptions<string> = { name: 'node', states: [withTtl(ttl)] };
    const [found] = problemsOf((builder) => {
      builder.stream('in', text).process(() => ({ process: () => undefined }), options);
    });
    expect(found!.message).toContain(`'last' of node 'node' has an illegal ttl: ${problem}`);
  });
});

describe('the states of a processor', () => {
  const a = valueState({ name: 'a', value: serdes.string });

  it('have stores named after it, which must not be there yet', () => {
    const topology = answering([a], () => () => undefined);
    expect([...topology.stores.keys()]).toEqual(['node-a']);
    const [problem] = problemsOf((builder) => {
      builder.stream('in', text).process(() => ({ process: () => undefined }), { name: 'node', states: [a, a] });
    });
    expect(problem!.message).toContain("two stores named 'node-a'");
  });
});
