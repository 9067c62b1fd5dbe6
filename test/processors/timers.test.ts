import { serdes } from '../../src';
import { TopologyTestDriver, type TopologyTestDriverOptions } from '../../src/testing';
import type { Processor, ProcessorContext, TimeDomain } from '../../src/topology/processor-api';
import type { StreamsBuilder } from '../../src/topology/streams-builder';
import { valueState } from '../../src/topology/state-descriptors';
import type { ProcessOptions } from '../../src/topology/dsl-options';
import { SeededRandom } from '../support/seeded-random';
import { TaskRun } from '../task/support/task-run';
import { build, problemsOf, text } from '../topology/build';

type Text = Processor<string, string, string, string>;
type Context = ProcessorContext<string, string>;

/**
 * Reads commands: `+e 5` registers an event-time timer at 5, `-p 7` deletes a processing-time timer at 7. A timer that fires is
 * forwarded.
 */
class Alarm implements Text {
  protected context!: Context;

  init(context: Context): void {
    this.context = context;
  }

  process({ value }: { readonly value: string }): void {
    const { timers } = this.context;
    for (const command of value.split(',')) {
      const timestamp = Number(command.slice(3));
      if (command.startsWith('+e')) timers.registerEventTimeTimer(timestamp);
      if (command.startsWith('+p')) timers.registerProcessingTimeTimer(timestamp);
      if (command.startsWith('-e')) timers.deleteTimer(timestamp, 'event-time');
      if (command.startsWith('-p')) timers.deleteTimer(timestamp, 'processing-time');
    }
  }

  onTimer(timestamp: number, { timeDomain, currentKey }: { timeDomain: TimeDomain; currentKey: string }): void {
    void this.context.forward(currentKey, `${timeDomain} ${timestamp}`);
  }
}

function alarms(processor: () => Text = () => new Alarm(), options: ProcessOptions<string> = { timers: true }) {
  return build((builder: StreamsBuilder) => {
    builder
      .stream('in', text)
      .process(processor, { name: 'alarm', ...options })
      .to('out', text);
  });
}

/** The timers of one task. */
interface Model {
  time: number;
  readonly waiting: Map<string, [timestamp: number, key: string]>;
  readonly fired: string[];
}

async function running(options: TopologyTestDriverOptions = {}, topology = alarms()) {
  const driver = await TopologyTestDriver.open(topology, options);
  const input = driver.createInputTopic('in', text);
  const output = driver.createOutputTopic('out', text);
  return {
    driver,
    pipe: (key: string | null, value: string, timestamp: number) => input.pipeInput(key, value, { timestamp }),
    fired: () => output.readRecordsToList().map(({ key, value, timestamp }) => `${key} ${value} @${timestamp}`),
  };
}

describe('event-time timers', () => {
  it('fire when stream time reaches them, in the order of their times, with their key and their time', async () => {
    const { pipe, fired } = await running();
    await pipe('b', '+e 20,+e 15', 1);
    await pipe('a', '+e 20', 2);
    await pipe('c', '', 14);
    expect(fired()).toEqual([]);
    await pipe('c', '', 20);
    expect(fired()).toEqual(['b event-time 15 @15', 'a event-time 20 @20', 'b event-time 20 @20']);
    await pipe('c', '', 30);
    expect(fired()).toEqual([]);
  });

  it('of one key and time are one', async () => {
    const { pipe, fired } = await running();
    await pipe('a', '+e 5,+e 5', 1);
    await pipe('a', '+e 5', 2);
    await pipe('a', '', 9);
    expect(fired()).toEqual(['a event-time 5 @5']);
  });

  it('whose time has come fire right after the record that registered them', async () => {
    const { pipe, fired } = await running();
    await pipe('a', '+e 3,+e 10', 10);
    expect(fired()).toEqual(['a event-time 3 @3', 'a event-time 10 @10']);
  });

  it('can be deleted, by their own key only', async () => {
    const { pipe, fired } = await running();
    await pipe('a', '+e 5,+e 6', 1);
    await pipe('b', '-e 5,-e 99,-p 6', 2);
    await pipe('a', '-e 6', 3);
    await pipe('c', '', 9);
    expect(fired()).toEqual(['a event-time 5 @5']);
  });

  it('may register others, which fire in turn', async () => {
    class Repeating extends Alarm {
      override onTimer(timestamp: number, context: { timeDomain: TimeDomain; currentKey: string }): void {
        super.onTimer(timestamp, context);
        if (timestamp < 9) this.context.timers.registerEventTimeTimer(timestamp + 3);
      }
    }
    const { pipe, fired } = await running(
      {},
      alarms(() => new Repeating()),
    );
    await pipe('a', '+e 1', 0);
    await pipe('b', '+e 5', 0);
    await pipe('c', '', 8);
    expect(fired().map((text_) => text_.split(' @')[0])).toEqual([
      'a event-time 1',
      'a event-time 4',
      'b event-time 5',
      'a event-time 7',
      'b event-time 8',
    ]);
  });

  it.each(['kept', 'lost'] as const)('survive a crash, and fire once: state %s', async (state) => {
    const { driver, pipe, fired } = await running({ commit: 'manual' });
    await pipe('a', '+e 50,+e 60', 1);
    await driver.commit();
    await pipe('b', '', 55);
    await driver.restart({ state });
    expect(fired()).toEqual([]);
    await driver.commit();
    expect(fired()).toEqual(['a event-time 50 @50']);
    await driver.restart({ state });
    await pipe('b', '', 70);
    await driver.commit();
    expect(fired()).toEqual(['a event-time 60 @60']);
  });

  it.each(Array.from({ length: 30 }, (_, index) => index + 1))(
    'fire as in a plain model, whatever is lost in between (seed %d)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const { driver, fired } = await running({ commit: 'manual', partitions: { in: 2 } });
      const partitionOf = new Map<string, number>();
      const models = new Map<string, Model>();
      const keys = ['a', 'b', 'c', 'd', 'e'];
      const input = driver.createInputTopic('in', text);
      let time = 0;
      for (let step = 0; step < 120; step++) {
        const key = random.pick(keys);
        time += random.between(-5, 8);
        const timestamp = Math.max(0, time);
        const commands = Array.from({ length: random.between(0, 3) }, () => {
          const at = timestamp + random.between(-5, 40);
          return `${random.chance(0.75) ? '+' : '-'}e ${Math.max(0, at)}`;
        });
        // Each partition is a task of its own, with a stream time of its own.
        const partition = partitionOf.get(key) ?? random.between(0, 1);
        partitionOf.set(key, partition);
        const model: Model = models.get(String(partition)) ?? { time: -1, waiting: new Map(), fired: [] };
        models.set(String(partition), model);
        for (const command of commands) {
          const at = Number(command.slice(3));
          if (command.startsWith('+')) model.waiting.set(`${key} ${at}`, [at, key]);
          else model.waiting.delete(`${key} ${at}`);
        }
        model.time = Math.max(model.time, timestamp);
        const due = [...model.waiting].filter(([, [at]]) => at <= model.time);
        due.sort(([, [a, x]], [, [b, y]]) => a - b || (x < y ? -1 : 1));
        for (const [name, [at, owner]] of due) {
          model.waiting.delete(name);
          model.fired.push(`${owner} event-time ${at} @${at}`);
        }
        await input.pipeInput(key, commands.join(','), { timestamp, partition });
        if (random.chance(0.2)) await driver.commit();
        if (random.chance(0.1)) await driver.restart({ state: random.pick(['kept', 'lost']) });
      }
      await driver.commit();
      const all = fired();
      for (const [partition, model] of models) {
        const owned = (line: string): boolean => partitionOf.get(line[0]!) === Number(partition);
        expect(all.filter(owned)).toEqual(model.fired);
      }
    },
  );
});

describe('processing-time timers', () => {
  it('fire by the wall clock, without records', async () => {
    const { driver, pipe, fired } = await running({ initialWallClockTime: 1_000 });
    await pipe('a', '+p 1050,+p 1020', 1);
    await pipe('b', '+p 1020', 5_000);
    await driver.advanceWallClockTime(19);
    expect(fired()).toEqual([]);
    await driver.advanceWallClockTime(1);
    expect(fired()).toEqual(['a processing-time 1020 @1020', 'b processing-time 1020 @1020']);
    await driver.advanceWallClockTime(1_000);
    expect(fired()).toEqual(['a processing-time 1050 @1050']);
  });

  it('fire at the next start when their time came while the task was down', async () => {
    let clock = 0;
    const run = await TaskRun.open(alarms(), { wallClock: () => clock });
    await run.add('in', [{ key: 'a', value: '+p 100,+p 900', timestamp: 1 }]).process();
    expect(run.task.nextDue).toBe(100);
    await run.commit();
    clock = 500;
    const next = await run.crash();
    await next.process();
    expect(next.task.nextDue).toBe(900);
    await next.commit();
    expect(next.committedOutput('out').map(({ value }) => value)).toEqual(['processing-time 100']);
  });

  it.each(Array.from({ length: 20 }, (_, index) => index + 1))(
    'fire as in a plain model, through restarts (seed %d)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const { driver, pipe, fired } = await running({ partitions: { in: 2 } });
      const waiting = new Map<string, [timestamp: number, key: string]>();
      for (let step = 0; step < 80; step++) {
        const now = driver.wallClockTime;
        if (random.chance(0.6)) {
          const key = random.pick(['a', 'b', 'c', 'd']);
          const timestamp = Math.max(0, now + random.between(-5, 60));
          const registers = random.chance(0.75);
          if (registers) waiting.set(`${key} ${timestamp}`, [timestamp, key]);
          else waiting.delete(`${key} ${timestamp}`);
          await pipe(key, `${registers ? '+' : '-'}p ${timestamp}`, random.between(0, 1_000));
        } else await driver.advanceWallClockTime(random.between(0, 25));
        if (random.chance(0.15)) await driver.restart({ state: random.pick(['kept', 'lost']) });
        const due = [...waiting].filter(([, [timestamp]]) => timestamp <= driver.wallClockTime);
        for (const [name] of due) waiting.delete(name);
        const expected = due.map(([, [timestamp, key]]) => `${key} processing-time ${timestamp} @${timestamp}`);
        expect(fired().sort()).toEqual(expected.sort());
      }
    },
  );

  it('are committed with an offset, by which the broker knows a zombie', async () => {
    let clock = 0;
    const run = await TaskRun.open(alarms(), { wallClock: () => clock });
    await run.add('in', [{ key: 'a', value: '+p 100', timestamp: 1 }]).process();
    await run.commit();
    clock = 100;
    await run.process();
    expect((await run.commit())!.inputOffsets).toMatchObject([{ topic: 'in', partition: 0, offset: 1 }]);
    await run.process();
    expect(await run.commit()).toBeUndefined();
  });
});

describe('timers', () => {
  it('see the state of their key, and write it', async () => {
    const count = valueState({ name: 'count', value: serdes.float64 });
    const topology = alarms(
      () => {
        let context!: Context;
        return {
          init: (own) => void (context = own),
          process: () => {
            const state = context.state(count);
            state.update((state.value() ?? 0) + 1);
            context.timers.registerEventTimeTimer(100);
          },
          onTimer: (_timestamp, { currentKey }) => {
            const state = context.state(count);
            void context.forward(currentKey, String(state.value()));
            state.clear();
          },
        };
      },
      { timers: true, states: [count] },
    );
    const { pipe, fired } = await running({}, topology);
    for (const key of ['a', 'b', 'a']) await pipe(key, '', 1);
    await pipe('a', '', 100);
    expect(fired()).toEqual(['a 3 @100', 'b 1 @100']);
    await pipe('b', '', 101);
    expect(fired()).toEqual(['b 1 @100']);
  });

  it('have the state of their keys loaded together when many fire', async () => {
    const last = valueState({ name: 'last', value: serdes.string });
    const topology = alarms(
      () => {
        let context!: Context;
        return {
          init: (own) => void (context = own),
          process: ({ value }) => {
            context.state(last).update(value);
            context.timers.registerEventTimeTimer(100);
          },
          onTimer: (_timestamp, { currentKey }) => context.forward(currentKey, context.state(last).value()!),
        };
      },
      { timers: true, states: [last] },
    );
    const run = await TaskRun.open(topology, { cacheBytes: 0 });
    const keys = Array.from({ length: 300 }, (_, index) => `k${String(index).padStart(3, '0')}`);
    await run
      .add(
        'in',
        keys.map((key) => ({ key, value: `value of ${key}`, timestamp: 1 })),
      )
      .process();
    // Twice, so that nothing of it is in memory.
    for (const time of [2, 3]) {
      await run.commit();
      await run.add('in', [{ key: 'x', value: '', timestamp: time }]).process();
    }
    await run.commit();
    const reads = jest.spyOn(run.database, 'getMany');
    await run.add('in', [{ key: 'x', value: '', timestamp: 100 }]).process();
    expect(run.output('out').map(({ value }) => value)).toEqual([...keys.map((key) => `value of ${key}`), '']);
    expect(reads.mock.calls.length).toBeLessThan(10);
  });

  it('are dropped, and counted, for records without a key', async () => {
    const { driver, pipe } = await running();
    await pipe(null, '+e 1', 5);
    expect(driver.skipped).toEqual(new Map([['null-key', 1]]));
  });

  it('follow the processing handler when they fail, and name the processor', async () => {
    class Failing extends Alarm {
      override onTimer(): void {
        throw new Error('no good');
      }
    }
    const failing = await running(
      {},
      alarms(() => new Failing()),
    );
    await expect(failing.pipe('a', '+e 1', 2)).rejects.toThrow(/alarm.*no good/s);
    const lenient = await running(
      { handlers: { processing: 'continue' } },
      alarms(() => new Failing()),
    );
    await lenient.pipe('a', '+e 1', 2);
    expect(lenient.driver.skipped).toEqual(new Map([['processing', 1]]));
  });

  it('need to be announced, a handler, a key serde, and a time', async () => {
    await expect(
      (
        await running(
          {},
          alarms(() => new Alarm(), {}),
        )
      ).pipe('a', '+e 1', 1),
    ).rejects.toThrow('process(supplier, { timers: true })');
    await expect(
      running(
        {},
        alarms(() => ({ process: () => undefined })),
      ),
    ).rejects.toThrow('has no onTimer()');
    await expect((await running()).pipe('a', '+e -1', 1)).rejects.toThrow('asked for a timer at -1');
    const [problem] = problemsOf((builder) => {
      builder
        .stream('in', text)
        .selectKey((key) => key.length)
        .process(() => new Alarm() as never, { timers: true });
    });
    expect(problem!.message).toContain('no key serde is known');
  });

  it('have no key in init and in punctuations', async () => {
    const topology = alarms(() => ({
      init: (context) => context.timers.registerEventTimeTimer(1),
      process: () => undefined,
      onTimer: () => undefined,
    }));
    await expect(running({}, topology)).rejects.toThrow('while there is no current key');
  });
});
