import { serdes } from '../../src';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import { TopologyTestDriver } from '../../src/testing';
import wordCount from '../../topologies/word-count';
import { build, text } from '../topology/build';

const counts = { key: serdes.string, value: serdes.decimalText };

describe('TopologyTestDriver', () => {
  it('runs a topology with a repartition over several partitions', async () => {
    const driver = await TopologyTestDriver.open(build(wordCount), { partitions: { sentences: 3, 'word-counts': 2 } });
    const sentences = driver.createInputTopic('sentences', text);
    const results = driver.createOutputTopic('word-counts', counts);
    await sentences.pipeInput(null, 'to be or not to be', { partition: 2 });
    await sentences.pipeInput(null, 'to do', { partition: 0 });
    expect(results.readKeyValuesToMap()).toEqual(
      new Map([
        ['to', 3],
        ['be', 2],
        ['or', 1],
        ['not', 1],
        ['do', 1],
      ]),
    );
    expect(results.isEmpty()).toBe(true);
    expect(await driver.getKeyValueStore<string, number>('counts')!.get('to')).toBe(3);
    await driver.close();
  });

  it('gives records the timestamps that a test asks for, and hands headers through', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) => builder.stream('in', text).to('out')),
      { initialWallClockTime: 5_000 },
    );
    const clock = driver.createInputTopic('in', text);
    const counted = driver.createInputTopic('in', { ...text, startTimestamp: 100, autoAdvanceMs: 10 });
    const out = driver.createOutputTopic('out', text);
    await clock.pipeInput('a', '1');
    await driver.advanceWallClockTime(1_000);
    await clock.pipeInput('a', '2', { headers: [{ key: 'h', value: Buffer.from('v') }] });
    await counted.pipeInput('a', '3');
    await counted.pipeInput('a', '4');
    counted.advanceTime(1_000);
    await counted.pipeInput('a', '5');
    await counted.pipeInput('a', '6', { timestamp: 7 });
    const records = out.readRecordsToList();
    expect(records.map(({ timestamp }) => timestamp)).toEqual([5_000, 6_000, 100, 110, 1_120, 7]);
    expect(records[1]!.headers).toEqual([{ key: 'h', value: Buffer.from('v') }]);
    await driver.close();
  });

  it('after a crash begins again at what was committed', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) => builder.stream('in', text).groupByKey().count('counts').toStream().to('out')),
      { commit: 'manual' },
    );
    const input = driver.createInputTopic('in', text);
    const out = driver.createOutputTopic('out', { key: serdes.string, value: serdes.int64AsNumber });
    await input.pipeInput('a', '');
    await driver.commit();
    await input.pipeInput('a', '');
    expect(await driver.getKeyValueStore('counts')!.get('a')).toBe(2);
    expect(out.readKeyValuesToList()).toEqual([['a', 1]]);
    for (const state of ['kept', 'lost'] as const) {
      await driver.restart({ state });
      expect(await driver.getKeyValueStore('counts')!.get('a')).toBe(2);
      expect(out.isEmpty()).toBe(true);
    }
    await driver.commit();
    expect(out.readKeyValuesToList()).toEqual([['a', 2]]);
    await driver.close();
  });

  it('rejects what the topology throws, or skips the record and counts it, as configured', async () => {
    const topology = build((builder) =>
      builder
        .stream('in', text)
        .mapValues(
          (value) => {
            if (value === 'bad') throw new Error('no good');
            return value;
          },
          { name: 'check' },
        )
        .to('out', text),
    );
    const failing = await TopologyTestDriver.open(topology);
    await expect(failing.createInputTopic('in', text).pipeInput('a', 'bad')).rejects.toThrow(/check.*no good/s);
    await failing.close();

    const skipping = await TopologyTestDriver.open(topology, { handlers: { processing: 'continue' } });
    const input = skipping.createInputTopic('in', text);
    await input.pipeInput('a', 'bad');
    await input.pipeInput('a', 'good');
    expect(skipping.createOutputTopic('out', text).readKeyValuesToList()).toEqual([['a', 'good']]);
    expect(skipping.skipped).toEqual(new Map([['processing', 1]]));
    await skipping.close();
  });

  it('names what it has when a test asks for another topic or partition', async () => {
    const driver = await TopologyTestDriver.open(build((builder) => builder.stream('in', text).to('out')));
    expect(() => driver.createInputTopic('inn', text)).toThrow("no topic 'inn'. It has: in, out");
    await expect(driver.createInputTopic('in', text).pipeInput('a', '1', { partition: 1 })).rejects.toThrow(
      "'in' has no partition 1",
    );
    expect(driver.createOutputTopic('elsewhere', text).isEmpty()).toBe(true);
    expect(driver.getKeyValueStore('none')).toBeUndefined();
    await driver.close();
  });

  it('lets tasks with several inputs idle by its wall clock', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) => builder.stream(['left', 'right'], text).to('out', text)),
      { maxTaskIdleMs: 50 },
    );
    const out = driver.createOutputTopic('out', text);
    await driver.createInputTopic('left', text).pipeInput('a', 'later', { timestamp: 20 });
    await driver.advanceWallClockTime(49);
    expect(out.isEmpty()).toBe(true);
    await driver.createInputTopic('right', text).pipeInput('a', 'earlier', { timestamp: 10 });
    expect(out.readKeyValuesToList()).toEqual([['a', 'earlier']]);
    await driver.advanceWallClockTime(50);
    expect(out.readKeyValuesToList()).toEqual([['a', 'later']]);
    await driver.close();
  });

  it('counts a list of records fast', async () => {
    const builder = new StreamsBuilder();
    builder.stream('in', text).groupByKey().count('counts').toStream().to('out');
    const driver = await TopologyTestDriver.open(builder.build());
    const input = driver.createInputTopic('in', text);
    const records = Array.from({ length: 20_000 }, (_, index) => ({ key: `key-${index % 100}`, value: 'x' }));
    await input.pipeRecordList(records);
    expect(await driver.getKeyValueStore('counts')!.get('key-7')).toBe(200);
    await driver.close();
  });
});
