import { AsyncTimeoutError, serdes, StreamsBuilder } from '../../src';
import { TopologyTestDriver, type TopologyTestDriverOptions } from '../../src/testing';
import type { AsyncCallContext } from '../../src/topology/async-call';
import type { AsyncOptions } from '../../src/topology/async-options';
import { PendingCalls, turn } from '../support/pending-calls';
import { build, text } from '../topology/build';

type Options = AsyncOptions<string, 'key' | 'value'>;

async function driverOf(
  call: (value: string, key: string, context: AsyncCallContext) => Promise<string>,
  options: Options,
  driverOptions: TopologyTestDriverOptions = {},
) {
  const topology = build((builder) =>
    builder
      .stream('in', text)
      .mapValuesAsync(call, { name: 'ask', ...options })
      .to('out', { value: serdes.string }),
  );
  const driver = await TopologyTestDriver.open(topology, driverOptions);
  const input = driver.createInputTopic('in', text);
  const out = driver.createOutputTopic('out', text);
  return { driver, input, out, values: () => out.readKeyValuesToList().map(([, value]) => value) };
}

const letters = (...values: string[]) => values.map((value) => ({ key: value, value }));

describe('mapValuesAsync', () => {
  it('hands on what the function answers, one record or many', async () => {
    const { driver, input, out } = await driverOf((value, key) => Promise.resolve(`${key}=${value}`), {});
    await input.pipeInput('a', '1', { timestamp: 7, headers: [{ key: 'h', value: null }] });
    expect(out.readRecord()).toEqual({
      key: 'a',
      value: 'a=1',
      timestamp: 7,
      headers: [{ key: 'h', value: null }],
      partition: 0,
    });
    await input.pipeRecordList(Array.from({ length: 1_000 }, (_, index) => ({ key: 'k', value: String(index) })));
    expect(out.readKeyValuesToList().map(([, value]) => value)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => `k=${index}`),
    );
    await driver.close();
  });

  it.each([
    ['partition', ['1', '2', '3', '4', '5']],
    ['key', ['4', '1', '5', '2', '3']],
    ['none', ['5', '4', '3', '2', '1']],
  ] as const)('with order %s hands results on in that order', async (order, expected) => {
    const calls = new PendingCalls();
    const { driver, input, values } = await driverOf(calls.call, { order });
    const piped = input.pipeRecordList([
      { key: 'a', value: '1' },
      { key: 'a', value: '2' },
      { key: 'a', value: '3' },
      { key: 'b', value: '4' },
      { key: 'a', value: '5' },
    ]);
    const ends = order === 'key' ? ['4', '1', '5', '2', '3'] : ['5', '4', '3', '2', '1'];
    for (const value of ends) {
      calls.find(value).answer(value);
      await turn();
    }
    await piped;
    // Of one key in their order: the answer for 5 waits for that for 3.
    expect(values()).toEqual(order === 'key' ? ['4', '1', '2', '3', '5'] : expected);
    await driver.close();
  });

  it('has no more calls under way than its concurrency', async () => {
    const calls = new PendingCalls();
    const { driver, input, values } = await driverOf(calls.call, { concurrency: 3 });
    const piped = input.pipeRecordList(letters('a', 'b', 'c', 'd', 'e', 'f', 'g'));
    await turn();
    expect(calls.pending.map(({ value }) => value)).toEqual(['a', 'b', 'c']);
    // What waits for its turn behind a slow call has its place, too: memory is bounded.
    calls.find('b').answer('b');
    calls.find('c').answer('c');
    await turn();
    expect(calls.pending.map(({ value }) => value)).toEqual(['a']);
    calls.find('a').answer('a');
    for (const value of ['d', 'e', 'f', 'g']) {
      await turn();
      calls.find(value).answer(value);
    }
    await piped;
    expect(values()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect(calls.most).toBe(3);
    await driver.close();
  });

  it('tells the function when its time is over, and does not wait for it', async () => {
    const calls = new PendingCalls();
    const { driver, input } = await driverOf(calls.call, { timeoutMs: 500 });
    const piped = input.pipeInput('a', '1');
    await turn();
    const { signal } = calls.find('1').context;
    expect(signal.aborted).toBe(false);
    const failed = expect(piped).rejects.toThrow(
      "Processing failed at task 0_0, node 'ask', topic 'in', partition 0, offset 0: Attempt 1 of node 'ask' was not answered within 500 ms.",
    );
    await driver.advanceWallClockTime(500).catch(() => undefined);
    await failed;
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(AsyncTimeoutError);
  });

  it('makes a call again after ever longer waits, with as much chance as asked for', async () => {
    const attempts: [time: number, attempt: number][] = [];
    const { driver, input, values } = await driverOf(
      (value, _key, { attempt }) => {
        attempts.push([driver.wallClockTime, attempt]);
        return attempt < 6 ? Promise.reject(new Error(`no ${attempt}`)) : Promise.resolve(value);
      },
      { retries: 5, backoffMs: 100, maxBackoffMs: 500, jitter: 0.5 },
      { random: () => 0.4 },
    );
    await input.pipeInput('a', '1');
    expect(attempts).toHaveLength(1);
    await driver.advanceWallClockTime(10_000);
    // 100, 200, 400, 500, 500, each less a fifth.
    expect(attempts.map(([time]) => Math.round(time))).toEqual([0, 80, 240, 560, 960, 1_360]);
    expect(attempts.map(([, attempt]) => attempt)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(values()).toEqual(['1']);
    await driver.close();
  });

  it('gives a record up when all its attempts together take too long, be it at work or waiting', async () => {
    // Not answered, its first attempt is over at 1,000; with two that fail, the third one is at work from 900 on.
    for (const [at, attempts] of [
      ['wait', '1 attempt'],
      ['work', '3 attempts'],
    ] as const) {
      const calls = new PendingCalls();
      const { driver, input } = await driverOf(
        calls.call,
        { retries: 100, timeoutMs: 1_000, backoffMs: 300, jitter: 0, totalTimeoutMs: 1_200 },
        { handlers: { processing: 'dead-letter' } },
      );
      const piped = input.pipeInput('a', '1');
      await turn();
      let signal: AbortSignal | undefined;
      if (at === 'work') {
        calls.find('1').fail(new Error('one'));
        await piped;
        await Promise.race([driver.advanceWallClockTime(300), turn()]);
        calls.find('1').fail(new Error('two'));
        await turn();
      } else signal = calls.find('1').context.signal;
      const advanced = driver.advanceWallClockTime(1_200);
      for (let turns = 0; turns < 10; turns++) await turn();
      await Promise.all([piped, advanced]);
      const [letter] = driver.createOutputTopic('dead-letters', text).readRecordsToList();
      const message = letter!.headers.find(({ key }) => key === '__streams.errors.message')!.value!.toString();
      expect(message).toMatch(`Node 'ask' got no answer within 1200 ms and ${attempts}.`);
      if (signal !== undefined) expect(signal.aborted).toBe(true);
      expect(calls.pending).toEqual([]);
      await driver.close();
    }
  });

  it('asks whether an error is worth a retry', async () => {
    const asked: unknown[] = [];
    const { driver, input, values } = await driverOf(
      () => Promise.reject(new Error('gone')),
      { retries: 5, backoffMs: 0, retryIf: (error, attempt) => asked.push([(error as Error).message, attempt]) < 2 },
      { handlers: { processing: 'continue' } },
    );
    await input.pipeInput('a', '1');
    await driver.advanceWallClockTime(1);
    expect(asked).toEqual([
      ['gone', 1],
      ['gone', 2],
    ]);
    expect(values()).toEqual([]);
    expect(driver.skipped).toEqual(new Map([['processing', 1]]));
    await driver.close();
  });

  it('sends the record as it came to the dead-letter topic, when later ones are long under way', async () => {
    const calls = new PendingCalls();
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .map((key, value): [string, string] => [`${key}-new`, `${value}-new`])
      .mapValuesAsync(calls.call, { name: 'ask', order: 'none' })
      .to('out', text);
    const driver = await TopologyTestDriver.open(builder.build(), { handlers: { processing: 'dead-letter' } });
    const input = driver.createInputTopic('in', text);
    const piped = input.pipeRecordList(letters('a', 'b', 'c').map((record) => ({ ...record, timestamp: 3 })));
    await turn();
    calls.find('b-new').fail(new Error('no good'));
    await turn();
    calls.find('c-new').answer('c!');
    calls.find('a-new').answer('a!');
    await piped;
    const [letter, ...others] = driver.createOutputTopic('dead-letters', text).readRecordsToList();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ key: 'b', value: 'b', timestamp: 3 });
    expect(Object.fromEntries(letter!.headers.map(({ key, value }) => [key, value!.toString()]))).toMatchObject({
      '__streams.errors.offset': '1',
      '__streams.errors.topic': 'in',
      '__streams.errors.node': 'ask',
      '__streams.errors.message': 'no good',
    });
    expect(driver.createOutputTopic('out', text).readKeyValuesToList()).toEqual([
      ['c-new', 'c!'],
      ['a-new', 'a!'],
    ]);
    await driver.close();
  });

  it('treats what the function throws at once as what it rejects with', async () => {
    const { driver, input } = await driverOf(() => {
      throw new Error('at once');
    }, {});
    await expect(input.pipeInput('a', '1')).rejects.toThrow(/node 'ask', topic 'in', partition 0, offset 0: at once/);
    await driver.close();
  });

  it('commits what is done while a call is under way, and calls again after a crash', async () => {
    const calls = new PendingCalls();
    const { driver, input, values } = await driverOf(calls.call, {}, { commit: 'manual' });
    void input.pipeRecordList(letters('a', 'b', 'c'));
    await turn();
    const { signal } = calls.find('c').context;
    calls.find('a').answer('a!');
    calls.find('c').answer('c!');
    await turn();
    const committed = driver.commit();
    await turn();
    expect(values()).toEqual(['a!']);
    const b = calls.find('b').context.signal;
    const restarted = driver.restart();
    expect([b.aborted, signal.aborted]).toEqual([true, false]);
    await turn();
    expect(calls.pending.map(({ value }) => value)).toEqual(['b', 'c']);
    calls.find('c').answer('c!');
    calls.find('b').answer('b!');
    await Promise.all([restarted, committed]);
    await driver.commit();
    expect(values()).toEqual(['b!', 'c!']);
    await driver.close();
  });

  it('is cancelled when the task is closed', async () => {
    const calls = new PendingCalls();
    const { driver, input } = await driverOf(calls.call, {});
    const piped = input.pipeInput('a', '1');
    await turn();
    const { signal } = calls.find('1').context;
    await driver.close();
    expect(signal.aborted).toBe(true);
    expect((signal.reason as Error).message).toContain('will be processed again where the task runs next');
    await piped;
  });
});

describe('flatMapValuesAsync', () => {
  it('hands on any number of values under the same key', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) =>
        builder
          .stream('in', text)
          .flatMapValuesAsync((value) => Promise.resolve(value.split('')))
          .groupByKey()
          .count('counts')
          .toStream()
          .to('out'),
      ),
    );
    await driver.createInputTopic('in', text).pipeRecordList([
      { key: 'a', value: 'xyz' },
      { key: 'b', value: '' },
      { key: 'a', value: 'w' },
    ]);
    const out = driver.createOutputTopic('out', { key: serdes.string, value: serdes.int64AsNumber });
    expect(out.readKeyValuesToList()).toEqual([
      ['a', 1],
      ['a', 2],
      ['a', 3],
      ['a', 4],
    ]);
    await driver.close();
  });
});

describe('processAsync', () => {
  it('sees the whole record, and hands on records with keys, timestamps and headers of its own', async () => {
    const topology = build((builder) =>
      builder
        .stream('in', text)
        .processAsync<string, string>(({ key, value, timestamp, headers, metadata }) => {
          if (value === 'nothing') return;
          return Promise.resolve([
            { key: `${key}1`, value: `${timestamp} ${headers.length} ${metadata!.topic} ${metadata!.offset}` },
            { key: `${key}2`, value, timestamp: 99, headers: [] },
          ]);
        })
        .to('out', text),
    );
    const driver = await TopologyTestDriver.open(topology);
    const input = driver.createInputTopic('in', text);
    await input.pipeInput('a', 'nothing');
    await input.pipeInput('a', 'x', { timestamp: 5, headers: [{ key: 'h', value: null }] });
    const records = driver.createOutputTopic('out', text).readRecordsToList();
    expect(records).toMatchObject([
      { key: 'a1', value: '5 1 in 1', timestamp: 5, headers: [{ key: 'h', value: null }] },
      { key: 'a2', value: 'x', timestamp: 99, headers: [] },
    ]);
    await driver.close();
  });

  it.each([
    [[null], /ask.*takes records \{ key, value \}/s],
    [[{ key: 'a', value: 'b', timestamp: -1 }], /ask.*timestamp -1/s],
    [7, /ask/],
  ])('says where it was given %j instead of records', async (outputs, message) => {
    const topology = build((builder) =>
      builder
        .stream('in', text)
        .processAsync(() => Promise.resolve(outputs as never), { name: 'ask' })
        .to('out', text),
    );
    const driver = await TopologyTestDriver.open(topology);
    await expect(driver.createInputTopic('in', text).pipeInput('a', '1')).rejects.toThrow(message);
    await driver.close();
  });
});
