import { serdes, windows, type StreamsBuilder } from '../../src';
import type { KGroupedStream } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { build, text } from '../topology/build';
import { disturbances, run, show, type Input } from './window-runs';

const grouped = (builder: StreamsBuilder): KGroupedStream<string, string> => builder.stream('in', text).groupByKey();
const tumbling = windows.tumbling({ sizeMs: 10, graceMs: 5 });

describe('A tumbling window', () => {
  it.each(disturbances)('counts the records of each key until its grace is over (%s)', async (_, options) => {
    const results = await run(
      (builder) => show(grouped(builder).windowedBy(tumbling).count('counts')),
      [
        ['a', 'x', 3],
        ['b', 'x', 9],
        ['a', 'x', 12],
        ['a', 'x', 4],
        ['a', null, 5],
        ['a', 'x', 14],
        ['a', 'x', 15],
        ['b', 'x', 9],
        ['b', 'x', 10],
      ],
      options,
    );
    expect(results).toEqual([
      ['a@0/10=1 at 3'],
      ['b@0/10=1 at 9'],
      ['a@10/20=1 at 12'],
      ['a@0/10=2 at 4'],
      ['a@0/10=3 at 5'],
      ['a@10/20=2 at 14'],
      ['a@10/20=3 at 15'],
      [],
      ['b@10/20=1 at 10'],
    ]);
  });

  it.each(disturbances)(
    'forwards each result once when it closes, whatever was closed with it (%s)',
    async (_, options) => {
      const results = await run(
        (builder) =>
          show(
            grouped(builder)
              .windowedBy(tumbling, { emit: 'on-close' })
              .reduce((sum, value) => sum + value),
          ),
        [
          ['b', '1', 3],
          ['a', '2', 4],
          ['a', '3', 14],
          ['a', '4', 2],
          ['b', '5', 15],
          ['c', '6', 16],
          ['c', '7', 1_000_000],
        ],
        options,
      );
      expect(results).toEqual([
        [],
        [],
        [],
        [],
        ['a@0/10=24 at 4', 'b@0/10=1 at 3'],
        [],
        ['a@10/20=3 at 14', 'b@10/20=5 at 15', 'c@10/20=6 at 16'],
      ]);
    },
  );

  it('can be read from its store by key and time', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) => show(grouped(builder).windowedBy(tumbling).count('counts'))),
    );
    const input = driver.createInputTopic('in', text);
    for (const timestamp of [1, 2, 11]) await input.pipeInput('a', '', { timestamp });
    await input.pipeInput('b', '', { timestamp: 3 });
    const store = driver.getWindowStore<string, number>('counts')!;
    expect(await store.fetch('a', 0)).toBe(2);
    expect(await store.fetch('c', 0)).toBeUndefined();
    expect((await store.fetch('a', 0, 10)).map(({ key, value }) => [key.start, value])).toEqual([
      [0, 2],
      [10, 1],
    ]);
    const all: unknown[] = [];
    for await (const { key, value, timestamp } of store.all()) all.push([key.key, key.start, value, timestamp]);
    expect(all).toEqual([
      ['a', 0, 2, 2],
      ['b', 0, 1, 3],
      ['a', 10, 1, 11],
    ]);
    expect(driver.getSessionStore('counts')).toBeUndefined();
    await driver.close();
  });

  it('is removed from store and changelog when it has expired', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) => show(grouped(builder).windowedBy(tumbling).count('counts'))),
    );
    const input = driver.createInputTopic('in', text);
    for (let round = 0; round < 50; round++) {
      for (const key of ['a', 'b', 'c']) await input.pipeInput(key, '', { timestamp: round * 10 });
    }
    let windowsLeft = 0;
    for await (const { key } of driver.getWindowStore<string, number>('counts')!.all()) {
      windowsLeft++;
      expect(key.start).toBeGreaterThan(450);
    }
    expect(windowsLeft).toBeLessThan(15);
    const changelog = driver.createOutputTopic(driver.internalTopic('counts-changelog'), {
      key: serdes.bytes,
      value: serdes.bytes,
    });
    const kept = new Map<string, boolean>();
    for (const { key, value } of changelog.readRecordsToList()) kept.set(key!.toString('hex'), value !== null);
    // One more than the windows: stream time.
    expect([...kept.values()].filter(Boolean)).toHaveLength(windowsLeft + 1);
    await driver.close();
  });

  it('removes more expired entries than one step takes', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) => show(grouped(builder).windowedBy(tumbling).count('counts'))),
    );
    const input = driver.createInputTopic('in', text);
    await input.pipeRecordList(
      Array.from({ length: 2_500 }, (_, index) => ({ key: `key-${index}`, value: '', timestamp: 5 })),
    );
    for (const timestamp of [100, 101, 102, 103, 104, 105]) await input.pipeInput('late', '', { timestamp });
    const left: unknown[] = [];
    for await (const { key } of driver.getWindowStore('counts')!.all()) left.push(key);
    expect(left).toEqual([{ key: 'late', start: 100, end: 110 }]);
    await driver.close();
  });
});

describe('A hopping window', () => {
  it.each(disturbances)('has each record in all windows around it (%s)', async (_, options) => {
    const hopping = windows.hopping({ sizeMs: 10, advanceMs: 4, graceMs: 0 });
    const inputs: Input[] = [
      ['a', 'x', 5],
      ['a', 'y', 9],
      ['a', 'z', 12],
      ['a', 'late for one', 8],
    ];
    const results = await run(
      (builder) =>
        show(
          grouped(builder)
            .windowedBy(hopping)
            .aggregate(
              () => '',
              (_key, value, all) => all + value,
              { value: serdes.string },
            ),
        ),
      inputs,
      options,
    );
    expect(results).toEqual([
      ['a@0/10=x at 5', 'a@4/14=x at 5'],
      ['a@0/10=xy at 9', 'a@4/14=xy at 9', 'a@8/18=y at 9'],
      ['a@4/14=xyz at 12', 'a@8/18=yz at 12', 'a@12/22=z at 12'],
      ['a@4/14=xyzlate for one at 12', 'a@8/18=yzlate for one at 12'],
    ]);
  });
});

describe('A late record', () => {
  it('is counted, and goes to the late-record topic as it came, once', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) =>
        show(
          grouped(builder)
            .windowedBy(windows.hopping({ sizeMs: 10, advanceMs: 5, graceMs: 0 }), { lateRecords: 'too-late' })
            .count('counts'),
        ),
      ),
    );
    const input = driver.createInputTopic('in', text);
    const late = driver.createOutputTopic('too-late', text);
    await input.pipeInput('a', 'first', { timestamp: 100 });
    expect(late.isEmpty()).toBe(true);
    const headers = [{ key: 'trace', value: Buffer.from('7') }];
    await input.pipeInput('b', 'late', { timestamp: 17, headers });
    expect(late.readRecordsToList()).toEqual([{ key: 'b', value: 'late', timestamp: 17, headers, partition: 0 }]);
    expect(driver.skipped).toEqual(new Map([['late-record', 1]]));
    await driver.close();
  });
});

describe('Records without a key', () => {
  it('are in no window', async () => {
    const nullable = (builder: StreamsBuilder): void => {
      const stream = builder.stream<string | null, string>('in', text);
      show(stream.groupByKey().windowedBy(tumbling).count());
    };
    expect(await run(nullable, [[null, 'x', 1]])).toEqual([[]]);
  });
});
