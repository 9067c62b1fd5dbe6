import { serdes } from '../../src/serde/serdes';
import { TopologyTestDriver, type TopologyTestDriverOptions } from '../../src/testing';
import type { StreamOptions } from '../../src/topology/dsl-options';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import { text } from '../topology/build';

type Seen = readonly [value: string, timestamp: number, streamTime: number];

/** A driver over one topic, and what its processor saw. */
async function reading(
  options: Partial<StreamOptions<string, string>>,
  driverOptions: TopologyTestDriverOptions = {},
): Promise<{ driver: TopologyTestDriver; seen: Seen[]; pipe: (...records: [string, number][]) => Promise<void> }> {
  const seen: Seen[] = [];
  const builder = new StreamsBuilder();
  builder.stream('in', { ...text, ...options }).process(() => {
    let streamTime: () => number;
    return {
      init: (context) => void (streamTime = () => context.streamTime()),
      process: ({ value, timestamp }) => void seen.push([value, timestamp, streamTime()]),
    };
  });
  const driver = await TopologyTestDriver.open(builder.build(), driverOptions);
  const input = driver.createInputTopic('in', text);
  const pipe = (...records: [string, number][]): Promise<void> =>
    input.pipeRecordList(records.map(([value, timestamp]) => ({ key: 'a', value, timestamp })));
  return { driver, seen, pipe };
}

describe('stream time', () => {
  it('goes on after a restart where the committed records left it', async () => {
    const { driver, seen, pipe } = await reading({}, { commit: 'manual' });
    await pipe(['1', 50], ['2', 20]);
    await driver.commit();
    await pipe(['3', 90]);
    await driver.restart();
    await driver.restart({ state: 'lost' });
    await pipe(['4', 10]);
    expect(seen).toEqual([
      ['1', 50, 50],
      ['2', 20, 50],
      ['3', 90, 90],
      // Not committed, so processed again after each restart: time had gone back with the offset.
      ['3', 90, 90],
      ['3', 90, 90],
      ['4', 10, 90],
    ]);
  });

  it('does not forget what only one of several partitions had', async () => {
    const seen: number[] = [];
    const builder = new StreamsBuilder();
    builder.stream(['left', 'right'], text).process(() => {
      let streamTime: () => number;
      return {
        init: (context) => void (streamTime = () => context.streamTime()),
        process: () => void seen.push(streamTime()),
      };
    });
    const driver = await TopologyTestDriver.open(builder.build());
    await driver.createInputTopic('left', text).pipeInput('a', '1', { timestamp: 70 });
    await driver.createInputTopic('right', text).pipeInput('a', '1', { timestamp: 30 });
    await driver.restart();
    await driver.createInputTopic('right', text).pipeInput('a', '2', { timestamp: 40 });
    expect(seen).toEqual([70, 70, 70]);
  });
});

describe('the timestamp of a record', () => {
  it('is what the extractor finds in it, and knows the time of the records before', async () => {
    const partitionTimes: number[] = [];
    const { seen, pipe } = await reading({
      timestampExtractor: ({ value }, partitionTime) => {
        partitionTimes.push(partitionTime);
        return Number(value);
      },
    });
    await pipe(['30', 1], ['10', 2], ['40', 3]);
    expect(seen.map(([, timestamp]) => timestamp)).toEqual([30, 10, 40]);
    expect(partitionTimes).toEqual([-1, 30, 30]);
  });

  it('is the wall clock on request', async () => {
    const { driver, seen, pipe } = await reading({ timestampExtractor: 'wall-clock' }, { initialWallClockTime: 1_000 });
    await pipe(['a', 1]);
    await driver.advanceWallClockTime(500);
    await pipe(['b', 1]);
    expect(seen.map(([, timestamp]) => timestamp)).toEqual([1_000, 1_500]);
  });

  const numbers = { timestampExtractor: ({ value }: { value: string }) => Number(value) };

  it('fails when it is negative or no number, unless the source says otherwise', async () => {
    const negative = await reading(numbers);
    await expect(negative.pipe(['-1', 5])).rejects.toThrow(/has the timestamp -1/);
    const none = await reading(numbers);
    await expect(none.pipe(['soon', 5])).rejects.toThrow(/has the timestamp NaN/);
    expect(none.seen).toEqual([]);
  });

  it('lets the record be left out, and counts it', async () => {
    const { driver, seen, pipe } = await reading({ ...numbers, onInvalidTimestamp: 'skip' });
    await pipe(['-1', 500], ['soon', 500], ['7', 500]);
    expect(seen).toEqual([['7', 7, 7]]);
    expect(driver.skipped).toEqual(new Map([['invalid-timestamp', 2]]));
  });

  it("can fall back to the record's own", async () => {
    const { seen, pipe } = await reading({ ...numbers, onInvalidTimestamp: 'use-record-time' });
    await pipe(['-1', 5], ['soon', 6]);
    expect(seen.map(([, timestamp]) => timestamp)).toEqual([5, 6]);
    await expect(pipe(['-1', -1])).rejects.toThrow(/has the timestamp -1/);
  });

  it("can fall back to the partition's, after a restart too", async () => {
    const { driver, seen, pipe } = await reading({ ...numbers, onInvalidTimestamp: 'use-partition-time' });
    await pipe(['40', 1], ['30', 1], ['-1', 1]);
    await driver.restart();
    await pipe(['soon', 1]);
    expect(seen.map(([, timestamp]) => timestamp)).toEqual([40, 30, 40, 40]);
    const first = await reading({ ...numbers, onInvalidTimestamp: 'use-partition-time' });
    await expect(first.pipe(['-1', 5])).rejects.toThrow(/has the timestamp -1/);
  });

  it('is handled in tables too', async () => {
    const builder = new StreamsBuilder();
    builder.table('in', { ...text, ...numbers, onInvalidTimestamp: 'skip', store: 'rows' });
    const driver = await TopologyTestDriver.open(builder.build());
    await driver.createInputTopic('in', text).pipeInput('a', '-1');
    expect(driver.skipped).toEqual(new Map([['invalid-timestamp', 1]]));
  });

  it('cannot be handled in two ways for one topic', () => {
    const builder = new StreamsBuilder();
    const ends = { key: serdes.string, value: serdes.string };
    builder.stream('in', { ...ends, onInvalidTimestamp: 'skip' });
    builder.stream('in', ends);
    expect(() => builder.build()).toThrow('with different handling of invalid timestamps');
  });
});
