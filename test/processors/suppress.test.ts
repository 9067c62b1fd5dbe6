import { serdes, suppress, windows, type StreamsBuilder, type Suppression, type Windowed } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { build, text } from '../topology/build';
import { disturbances, run, show, type Input } from './window-runs';

const counted = (builder: StreamsBuilder) =>
  builder
    .stream('in', text)
    .groupByKey()
    .windowedBy(windows.tumbling({ sizeMs: 10, graceMs: 5 }))
    .count('counts');

const held =
  (suppression: Suppression<Windowed<string>>) =>
  (builder: StreamsBuilder): void =>
    show(counted(builder).suppress(suppression));

/** A table without windows: the number of records of each key. */
const plain =
  (suppression: Suppression<unknown>) =>
  (builder: StreamsBuilder): void =>
    builder
      .stream('in', text)
      .groupByKey()
      .count('counts')
      .suppress(suppression, { store: 'held' })
      .toStream()
      .mapValues(String)
      .to('out', text);

describe('suppress until windows close', () => {
  it.each(disturbances)('lets one result of each window through (%s)', async (_, options) => {
    const inputs: Input[] = [
      ['b', '', 1],
      ['a', '', 2],
      ['a', '', 12],
      ['a', '', 3],
      ['b', '', 15],
      ['b', '', 4],
      ['a', '', 1_000],
    ];
    expect(await run(held(suppress.untilWindowCloses()), inputs, options)).toEqual([
      [],
      [],
      [],
      [],
      ['a@0/10=2 at 3', 'b@0/10=1 at 1'],
      [],
      ['a@10/20=1 at 12', 'b@10/20=1 at 15'],
    ]);
  });

  it('waits out the gap of a session', async () => {
    const define = (builder: StreamsBuilder): void =>
      show(
        builder
          .stream('in', text)
          .groupByKey()
          .windowedBy(windows.session({ inactivityGapMs: 10, graceMs: 0 }))
          .count()
          .suppress(suppress.untilWindowCloses()),
      );
    const inputs: Input[] = [
      ['a', '', 0],
      ['b', '', 8],
      ['a', '', 9],
      ['b', '', 20],
    ];
    // The first session of `a` became part of another: nothing came out of it, so its deletion does not come out either.
    expect(await run(define, inputs)).toEqual([[], [], [], ['b@8/8=1 at 8', 'a@0/9=2 at 9']]);
  });

  it('stops the task when more is held back than allowed', async () => {
    const driver = await TopologyTestDriver.open(build(held(suppress.untilWindowCloses({ maxRecords: 2 }))));
    const input = driver.createInputTopic('in', text);
    await input.pipeInput('a', '', { timestamp: 1 });
    await input.pipeInput('b', '', { timestamp: 1 });
    await expect(input.pipeInput('c', '', { timestamp: 1 })).rejects.toMatchObject({
      code: 'SUPPRESSION_BUFFER_FULL',
      location: { node: 'suppress-1' },
    });
    await driver.close();
  });
});

describe('suppress until a time limit', () => {
  it.each(disturbances)('lets the latest change of a key through, from the first one on (%s)', async (_, options) => {
    const inputs: Input[] = [
      ['a', '', 0],
      ['b', '', 4],
      ['a', '', 8],
      ['b', '', 10],
      ['b', '', 14],
      ['b', '', 40],
    ];
    expect(await run(plain(suppress.untilTimeLimit({ ms: 10 })), inputs, options)).toEqual([
      [],
      [],
      [],
      ['a=2 at 8'],
      ['b=3 at 14'],
      [],
    ]);
  });

  it.each(disturbances)('lets the oldest through early when it is full (%s)', async (_, options) => {
    const inputs: Input[] = [
      ['c', '', 0],
      ['a', '', 5],
      ['b', '', 3],
      ['a', '', 6],
      ['d', '', 7],
    ];
    expect(await run(plain(suppress.untilTimeLimit({ ms: 100, maxRecords: 2 })), inputs, options)).toEqual([
      [],
      [],
      ['c=1 at 0'],
      [],
      ['b=1 at 3'],
    ]);
  });

  it('counts bytes, and has the headers of the change that it lets through', async () => {
    const driver = await TopologyTestDriver.open(build(plain(suppress.untilTimeLimit({ ms: 100, maxBytes: 100 }))));
    const input = driver.createInputTopic('in', text);
    const out = driver.createOutputTopic('out', text);
    const headers = [{ key: 'h', value: Buffer.from('1') }];
    await input.pipeInput('a', '', { timestamp: 1, headers });
    await input.pipeInput('b', '', { timestamp: 2, headers: [{ key: 'empty', value: null }] });
    expect(out.isEmpty()).toBe(true);
    await driver.restart({ state: 'lost' });
    await input.pipeInput('c', '', { timestamp: 3 });
    expect(out.readRecordsToList()).toEqual([{ key: 'a', value: '1', timestamp: 1, headers, partition: 0 }]);
    await driver.close();
  });

  it('leaves nothing of what it let through in store and changelog', async () => {
    const driver = await TopologyTestDriver.open(build(plain(suppress.untilTimeLimit({ ms: 10 }))));
    const input = driver.createInputTopic('in', text);
    for (let index = 0; index < 30; index++) await input.pipeInput(`key-${index}`, '', { timestamp: index * 20 });
    const changelog = driver.createOutputTopic(driver.internalTopic('held-changelog'), {
      key: serdes.bytes,
      value: serdes.bytes,
    });
    const kept = new Map<string, boolean>();
    for (const { key, value } of changelog.readRecordsToList()) kept.set(key!.toString('hex'), value !== null);
    // The last key and its place in the index, and stream time.
    expect([...kept.values()].filter(Boolean)).toHaveLength(3);
    await driver.close();
  });
});
