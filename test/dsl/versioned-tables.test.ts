import type { Processor, VersionedKeyValueStore } from '../../src';
import { serdes, stores, StreamsBuilder } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { problemsOf, text } from '../topology/build';
import { results, streamToOut, toOut, type Row } from './results';

const versioned = { ...text, store: 'rows', versioned: { historyRetentionMs: 100 } };
const plus = (left: string | null, right: string | null): string => `${left}+${right}`;

describe('a versioned table', () => {
  it('is joined as it was at the time of each record', async () => {
    for (const restarts of [false, true]) {
      expect(
        await results(
          (builder) => streamToOut(builder.stream('in', text).leftJoin(builder.table('rows', versioned), plus)),
          [
            ['rows', 'a', 'A', 10],
            ['rows', 'a', 'B', 20],
            ['rows', 'a', null, 30],
            ['rows', 'a', 'C', 40],
            ['in', 'a', '1', 9],
            ['in', 'a', '2', 10],
            ['in', 'a', '3', 29],
            ['in', 'a', '4', 30],
            ['in', 'a', '5', 99],
            // Late: from 25 on, until what was known to follow at 30.
            ['rows', 'a', 'b', 25],
            ['in', 'a', '6', 24],
            ['in', 'a', '7', 29],
            ['in', 'a', '8', 30],
          ],
          { restarts },
        ),
      ).toEqual([
        ...['', '', '', ''],
        ...['a=1+null@9', 'a=2+A@10', 'a=3+B@29', 'a=4+null@30', 'a=5+C@99'],
        '',
        ...['a=6+B@24', 'a=7+b@29', 'a=8+null@30'],
      ]);
    }
  });

  it('forgets values that were replaced longer ago than its history, and takes none of that time', async () => {
    const builder = new StreamsBuilder();
    streamToOut(builder.stream('in', text).leftJoin(builder.table('rows', versioned), plus));
    const driver = await TopologyTestDriver.open(builder.build());
    const rows = driver.createInputTopic('rows', text);
    const input = driver.createInputTopic('in', text);
    await rows.pipeInput('a', 'A', { timestamp: 0 });
    await rows.pipeInput('b', 'kept', { timestamp: 0 });
    await rows.pipeInput('a', 'B', { timestamp: 10 });
    await rows.pipeInput('c', 'new', { timestamp: 109 });
    await input.pipeInput('a', '1', { timestamp: 9 });
    await rows.pipeInput('c', 'newer', { timestamp: 110 });
    await input.pipeInput('a', '2', { timestamp: 9 });
    await input.pipeInput('b', '3', { timestamp: 9 });
    await rows.pipeInput('c', 'too late', { timestamp: 9 });
    expect(driver.createOutputTopic('out', text).readKeyValuesToList()).toEqual([
      ['a', '1+A'],
      ['a', '2+null'],
      ['b', '3+kept'],
    ]);
    expect(driver.skipped.get('expired-version')).toBe(1);
    await driver.close();
  });

  it('removes what it has forgotten, deleted keys too', async () => {
    const builder = new StreamsBuilder();
    toOut(builder.table('rows', { ...text, store: 'rows', versioned: { historyRetentionMs: 10_000 } }));
    const driver = await TopologyTestDriver.open(builder.build());
    const rows = driver.createInputTopic('rows', text);
    for (let time = 0; time < 20; time++) await rows.pipeInput('a', `${time}`, { timestamp: time });
    await rows.pipeInput('a', null, { timestamp: 20 });
    const entries = async (): Promise<number> => {
      let count = 0;
      for await (const entry of driver.getKeyValueStore('rows')!.all()) count += entry.length > 0 ? 1 : 0;
      return count;
    };
    // One entry for the latest value, one for the former ones, one for the store's time.
    expect(await entries()).toBe(3);
    await rows.pipeInput('b', 'x', { timestamp: 60_000 });
    expect(await entries()).toBe(2);
    await driver.close();
  });

  it('hands on late changes, which joins with tables leave out', async () => {
    const rows: readonly Row[] = [
      ['rows', 'a', 'B', 20],
      ['other', 'a', 'x', 0],
      ['rows', 'a', 'A', 10],
      ['rows', 'a', 'C', 30],
    ];
    expect(
      await results(
        (builder) => toOut(builder.table('rows', versioned)),
        rows.filter(([topic]) => topic === 'rows'),
      ),
    ).toEqual(['a=B@20', 'a=A@10', 'a=C@30']);
    expect(
      await results(
        (builder) =>
          toOut(builder.table('rows', versioned).join(builder.table('other', text), plus, { value: serdes.string })),
        rows,
      ),
    ).toEqual(['', 'a=B+x@20', '', 'a=C+x@30']);
  });
});

describe('a stream joined with a versioned table, with a grace period', () => {
  const join = (builder: StreamsBuilder): void =>
    streamToOut(builder.stream('in', text).join(builder.table('rows', versioned), plus, { graceMs: 10, name: 'late' }));

  it('waits until stream time has passed each record by that, and joins in the order of time', async () => {
    for (const restarts of [false, true]) {
      expect(
        await results(
          join,
          [
            ['rows', 'a', 'A', 0],
            ['in', 'a', '2', 25],
            ['in', 'a', '1', 20],
            ['in', 'a', '1b', 20],
            ['rows', 'a', 'B', 22],
            ['in', 'a', '3', 35],
            ['in', 'a', 'at once', 24],
            ['in', 'a', '4', 100],
          ],
          { restarts },
        ),
      ).toEqual([...['', '', '', '', ''], 'a=1+A@20 a=1b+A@20 a=2+B@25', 'a=at once+B@24', 'a=3+B@35']);
    }
  });

  it('keeps the headers of what waits', async () => {
    const builder = new StreamsBuilder();
    join(builder);
    const driver = await TopologyTestDriver.open(builder.build());
    await driver.createInputTopic('rows', text).pipeInput('a', 'A', { timestamp: 0 });
    const headers = [
      { key: 'h', value: Buffer.from('v') },
      { key: 'none', value: null },
    ];
    await driver.createInputTopic('in', text).pipeInput('a', '1', { timestamp: 1, headers });
    await driver.createInputTopic('in', text).pipeInput('a', '2', { timestamp: 50 });
    expect(driver.createOutputTopic('out', text).readRecordsToList()[0]).toMatchObject({ value: '1+A', headers });
    await driver.close();
  });

  it('takes in what does not fit into memory at a time', async () => {
    const builder = new StreamsBuilder();
    join(builder);
    const driver = await TopologyTestDriver.open(builder.build());
    await driver.createInputTopic('rows', text).pipeInput('a', 'A', { timestamp: 0 });
    const count = 12_000;
    const input = driver.createInputTopic('in', text);
    // The times go back and forth, and all lie within the grace period of one another.
    await input.pipeRecordList(
      Array.from({ length: count }, (_, index) => ({
        key: 'a',
        value: `${index}`,
        timestamp: 20 + ((index * 7) % 10),
      })),
    );
    await input.pipeInput('a', 'last', { timestamp: 1000 });
    const times = driver
      .createOutputTopic('out', text)
      .readRecordsToList()
      .map(({ timestamp }) => timestamp);
    expect(times).toHaveLength(count);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    await driver.close();
  });

  it('is refused where the table keeps no past values, or not for that long, or the time is none', () => {
    const problem = (table: object, graceMs: number) =>
      problemsOf((builder) =>
        streamToOut(
          builder
            .stream('in', text)
            .join(builder.table('rows', { ...text, ...table }), plus, { graceMs, name: 'late' }),
        ),
      ).map(({ message }) => message);
    expect(problem({}, 10)[0]).toContain("The join 'late' has graceMs, for which the table must keep its past values");
    expect(problem(versioned, 101)[0]).toContain(
      "The join 'late' has graceMs: 101, but its table keeps past values for 100 ms",
    );
    expect(problem(versioned, -1)[0]).toContain("Node 'late' has graceMs: -1");
    expect(problem({ versioned: { historyRetentionMs: NaN } }, 1)[0]).toContain('versioned.historyRetentionMs: NaN');
  });
});

describe('a versioned store', () => {
  it('is given to processors, and to tests', async () => {
    const builder = new StreamsBuilder();
    builder.addStore(
      stores.versionedKeyValue({ name: 'prices', key: serdes.string, value: serdes.string, historyRetentionMs: 100 }),
    );
    const processor = (): Processor<string, string, string, string> => {
      let prices: VersionedKeyValueStore<string, string>;
      return {
        init: (context) => {
          prices = context.store<VersionedKeyValueStore<string, string>>('prices');
        },
        process: async ({ key, value, timestamp }) => {
          if (value === '') await prices.delete(key, timestamp);
          else await prices.put(key, value, timestamp);
        },
      };
    };
    builder.stream('in', text).process(processor, { stores: ['prices'] });
    const driver = await TopologyTestDriver.open(builder.build());
    const input = driver.createInputTopic('in', text);
    await input.pipeInput('a', '1', { timestamp: 10 });
    await input.pipeInput('a', '2', { timestamp: 20 });
    await input.pipeInput('b', 'x', { timestamp: 30 });
    await input.pipeInput('b', '', { timestamp: 40 });
    for (const state of ['kept', 'lost'] as const) {
      await driver.restart({ state });
      const prices = driver.getVersionedKeyValueStore<string, string>('prices')!;
      expect(await prices.get('a')).toEqual({ value: '2', timestamp: 20 });
      expect(await prices.get('a', 19)).toEqual({ value: '1', timestamp: 10 });
      expect(await prices.get('a', 9)).toBeUndefined();
      expect(await prices.get('b')).toBeUndefined();
      expect(await prices.get('b', 39)).toEqual({ value: 'x', timestamp: 30 });
    }
    expect(driver.getVersionedKeyValueStore('other')).toBeUndefined();
    await driver.close();
  });

  it('says what it was told wrong', () => {
    const options = { name: 'prices', key: serdes.string, value: serdes.string, historyRetentionMs: -1 };
    expect(() => stores.versionedKeyValue(options)).toThrow("The store 'prices' has historyRetentionMs: -1");
  });
});
