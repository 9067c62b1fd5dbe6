import { serdes, windows, type KGroupedStream, type StreamsBuilder } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { build, text } from '../topology/build';
import { disturbances, run, show, type Input } from './window-runs';

const grouped = (builder: StreamsBuilder): KGroupedStream<string, string> => builder.stream('in', text).groupByKey();
const sessions = windows.session({ inactivityGapMs: 10, graceMs: 0 });

describe('A session window', () => {
  const merging: Input[] = [
    ['a', '1', 100],
    ['a', '2', 115],
    ['b', '3', 116],
    ['a', '4', 108],
    ['a', '5', 108],
  ];

  it.each(disturbances)('grows with its records, and takes in others that it reaches (%s)', async (_, options) => {
    const define = (builder: StreamsBuilder): void =>
      show(
        grouped(builder)
          .windowedBy(windows.session({ inactivityGapMs: 10, graceMs: 20 }))
          .aggregate(
            () => '',
            (_key, value, all) => all + value,
            (_key, first, second) => first + second,
            { value: serdes.string },
          ),
      );
    expect(await run(define, merging, options)).toEqual([
      ['a@100/100=1 at 100'],
      ['a@115/115=2 at 115'],
      ['b@116/116=3 at 116'],
      ['a@100/100=null at 100', 'a@115/115=null at 115', 'a@100/115=124 at 115'],
      ['a@100/115=null at 115', 'a@100/115=1245 at 115'],
    ]);
  });

  it.each(disturbances)('takes nothing from a session that is closed (%s)', async (_, options) => {
    const inputs: Input[] = [
      ['a', '1', 100],
      ['b', '1', 115],
      ['a', '1', 108],
      ['a', '1', 104],
    ];
    expect(await run((builder) => show(grouped(builder).windowedBy(sessions).count()), inputs, options)).toEqual([
      ['a@100/100=1 at 100'],
      ['b@115/115=1 at 115'],
      ['a@108/108=1 at 108'],
      ['a@108/108=null at 108', 'a@104/108=2 at 108'],
    ]);
  });

  it.each(disturbances)('forwards each session once when it closes (%s)', async (_, options) => {
    const inputs: Input[] = [
      ['a', '1', 100],
      ['a', '1', 105],
      ['b', '1', 107],
      ['a', '1', 115],
      ['c', '1', 118],
      ['c', '1', 126],
      ['c', '1', 500],
    ];
    const define = (builder: StreamsBuilder): void =>
      show(grouped(builder).windowedBy(sessions, { emit: 'on-close' }).count());
    expect(await run(define, inputs, options)).toEqual([
      [],
      [],
      [],
      [],
      ['b@107/107=1 at 107'],
      ['a@100/115=3 at 115'],
      ['c@118/126=2 at 126'],
    ]);
  });

  it('can be read from its store, from which closed sessions are removed', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) => show(grouped(builder).windowedBy(sessions).count('sessions'))),
    );
    const input = driver.createInputTopic('in', text);
    for (const timestamp of [0, 5, 12]) await input.pipeInput('a', '', { timestamp });
    const store = driver.getSessionStore<string, number>('sessions')!;
    expect(await store.fetchSession('a', 0, 12)).toBe(3);
    expect(await store.fetchSession('a', 0, 5)).toBeUndefined();
    expect(await store.fetch('a')).toEqual([{ key: { key: 'a', start: 0, end: 12 }, value: 3, timestamp: 12 }]);
    for (let key = 0; key < 30; key++) await input.pipeInput(`key-${key}`, '', { timestamp: 100 + 20 * key });
    const left: string[] = [];
    for await (const { key } of driver.getSessionStore<string, number>('sessions')!.all()) left.push(key.key);
    expect(left).not.toContain('a');
    expect(left.length).toBeLessThan(4);
    expect(driver.getWindowStore('sessions')).toBeUndefined();
    const changelog = driver.createOutputTopic(driver.internalTopic('sessions-changelog'), {
      key: serdes.bytes,
      value: serdes.bytes,
    });
    const kept = new Map<string, boolean>();
    for (const { key, value } of changelog.readRecordsToList()) kept.set(key!.toString('hex'), value !== null);
    // Each key's sessions and its place in the index, and stream time.
    expect([...kept.values()].filter(Boolean)).toHaveLength(2 * left.length + 1);
    await driver.close();
  });
});
