import type { ValueTransformer } from '../../src';
import { serdes, StreamsBuilder } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { text } from '../topology/build';
import { results, toOut } from './results';

const long = (_key: string, value: string): boolean => value.length > 1;

describe('a table of a topic', () => {
  it('hands on each record as a change, deletions too, in the order of the topic', async () => {
    expect(
      await results(
        (builder) => toOut(builder.table<string, string | null>('in', { ...text, store: 'rows' })),
        [
          ['in', 'a', '1', 10],
          ['in', 'a', '2', 5],
          ['in', 'a', null, 7],
          ['in', 'b', null, 8],
        ],
      ),
    ).toEqual(['a=1@10', 'a=2@5', 'a=null@7', 'b=null@8']);
  });

  it('drops and counts records without a key', async () => {
    const builder = new StreamsBuilder();
    toOut(builder.table('in', text));
    const driver = await TopologyTestDriver.open(builder.build());
    await driver.createInputTopic('in', text).pipeInput(null, 'x');
    expect(driver.createOutputTopic('out', text).isEmpty()).toBe(true);
    expect(driver.skipped.get('null-key')).toBe(1);
    await driver.close();
  });

  it('has a store only where one is named or needed', () => {
    const builder = new StreamsBuilder();
    const plain = builder.table('plain', text);
    toOut(plain);
    expect(() => plain.storeName).toThrow("The table 'table-1' is kept in no store");
    const named = builder.table('named', { ...text, store: 'rows' });
    expect(named.storeName).toBe('rows');
    const needed = builder.table('needed', { ...text, name: 'needed' });
    builder
      .stream('in', text)
      .join(needed, (value, row) => value + row)
      .to('joined', { value: serdes.string });
    expect([...builder.build().stores.keys()]).toEqual(['rows', 'needed-store']);
  });

  it('keeps its rows through a crash and the loss of the disk', async () => {
    const builder = new StreamsBuilder();
    toOut(builder.table('in', { ...text, store: 'rows' }));
    const driver = await TopologyTestDriver.open(builder.build());
    const input = driver.createInputTopic('in', text);
    await input.pipeInput('a', '1');
    await input.pipeInput('b', '2');
    await input.pipeInput('b', null);
    for (const state of ['kept', 'lost'] as const) {
      await driver.restart({ state });
      const rows = driver.getKeyValueStore<string, string>('rows')!;
      expect(await rows.get('a')).toBe('1');
      expect(await rows.get('b')).toBeUndefined();
    }
    await driver.close();
  });
});

describe('filter', () => {
  const rows = [
    ['in', 'a', 'x', 1],
    ['in', 'a', 'xx', 2],
    ['in', 'a', 'y', 3],
    ['in', 'a', 'z', 4],
    ['in', 'b', null, 5],
  ] as const;

  it('of a table without old values hands on a deletion for every row that does not pass', async () => {
    expect(await results((builder) => toOut(builder.table('in', text).filter(long)), rows)).toEqual([
      'a=null@1',
      'a=xx@2',
      'a=null@3',
      'a=null@4',
      'b=null@5',
    ]);
  });

  it('of a table that knows old values hands on a deletion only for what had passed', async () => {
    expect(
      await results((builder) => toOut(builder.table('in', { ...text, store: 'rows' }).filter(long)), rows),
    ).toEqual(['', 'a=xx@2', 'a=null@3', '', '']);
  });

  it('with a store of its own keeps what passes', async () => {
    const builder = new StreamsBuilder();
    toOut(builder.table('in', { ...text, store: 'rows' }).filter(long, { store: 'long' }));
    const driver = await TopologyTestDriver.open(builder.build());
    for (const [, key, value] of rows) await driver.createInputTopic('in', text).pipeInput(key, value);
    await driver.createInputTopic('in', text).pipeInput('c', 'cc');
    expect(driver.createOutputTopic('out', text).readKeyValuesToList()).toEqual([
      ['a', 'xx'],
      ['a', null],
      ['c', 'cc'],
    ]);
    const stored = [];
    for await (const row of driver.getKeyValueStore<string, string>('long')!.all()) stored.push(row);
    expect(stored).toEqual([['c', 'cc']]);
    await driver.close();
  });

  it('not: keeps the others', async () => {
    expect(
      await results((builder) => toOut(builder.table('in', { ...text, store: 'rows' }).filterNot(long)), rows),
    ).toEqual(['a=x@1', 'a=null@2', 'a=y@3', 'a=z@4', '']);
  });
});

describe('mapValues and transformValues', () => {
  it('map each value, and hand on deletions without asking the mapper', async () => {
    expect(
      await results(
        (builder) =>
          toOut(builder.table('in', text).mapValues((value, key) => `${key}${value}`, { value: serdes.string })),
        [
          ['in', 'a', '1'],
          ['in', 'a', null],
        ],
      ),
    ).toEqual(['a=a1@0', 'a=null@0']);
  });

  it('transform with state, deletions included, at once or later', async () => {
    for (const later of [false, true]) {
      const transformer = (): ValueTransformer<string, string, string> => {
        let calls = 0;
        return {
          transform: (key, value) => {
            const result = `${key}${value}${++calls}`;
            return later ? Promise.resolve(result) : result;
          },
        };
      };
      expect(
        await results(
          (builder) => toOut(builder.table('in', text).transformValues(transformer, { value: serdes.string })),
          [
            ['in', 'a', '1', 3],
            ['in', 'a', null, 2],
          ],
        ),
      ).toEqual(['a=a11@3', 'a=anull2@2']);
    }
  });
});

describe('toTable', () => {
  it('makes a table of a stream, behind a repartition where the key has changed', async () => {
    const topology = (builder: StreamsBuilder): void =>
      toOut(
        builder
          .stream('in', text)
          .selectKey((_key, value) => value.slice(0, 1))
          .toTable({ key: serdes.string, store: 'rows' }),
      );
    expect(
      await results(
        topology,
        [
          ['in', null, 'a1', 4],
          ['in', null, 'a2', 3],
        ],
        { partitions: { in: 3 } },
      ),
    ).toEqual(['a=a1@4', 'a=a2@3']);
  });
});

describe('a grouped table', () => {
  const grouped = (builder: StreamsBuilder) =>
    builder
      .table<string, string | null>('in', text)
      .groupBy((key, value) => [value.slice(0, 1), `${key}${value.slice(1)}`], text);

  it('takes the old value out of its group before it puts the new one in', async () => {
    const rows = [
      ['in', 'a', 'g1', 1],
      ['in', 'b', 'g2', 5],
      ['in', 'a', 'g3', 2],
      ['in', 'a', 'h4', 3],
      ['in', 'b', null, 4],
      ['in', 'c', null, 4],
    ] as const;
    const aggregate = (builder: StreamsBuilder): void =>
      toOut(
        grouped(builder).aggregate(
          () => '',
          (_key, value, all) => `${all}+${value}`,
          (_key, value, all) => `${all}-${value}`,
          { value: serdes.string },
        ),
      );
    const expected = [
      'g=+a1@1',
      'g=+a1+b2@5',
      'g=+a1+b2-a1+a3@5',
      'g=+a1+b2-a1+a3-a3@5 h=+a4@3',
      'g=+a1+b2-a1+a3-a3-b2@5',
      '',
    ];
    expect(await results(aggregate, rows)).toEqual(expected);
    const reduce = (builder: StreamsBuilder): void =>
      toOut(
        grouped(builder).reduce(
          (all, value) => `${all}+${value}`,
          (all, value) => `${all}-${value}`,
          'sums',
        ),
      );
    expect(await results(reduce, rows)).toEqual(expected.map((line) => line.replaceAll('=+', '=')));
  });

  it('counts its rows, down to zero', async () => {
    const builder = new StreamsBuilder();
    grouped(builder).count('counts').toStream().to('out', { value: serdes.decimalText });
    const driver = await TopologyTestDriver.open(builder.build(), { partitions: { in: 2 } });
    const input = driver.createInputTopic('in', text);
    for (const [key, value] of [
      ['a', 'g'],
      ['b', 'g'],
      ['a', 'h'],
      ['b', null],
    ] as const)
      await input.pipeInput(key, value);
    const counts = driver.createOutputTopic('out', { key: serdes.string, value: serdes.decimalText });
    expect(counts.readKeyValuesToMap()).toEqual(
      new Map([
        ['g', 0],
        ['h', 1],
      ]),
    );
    await driver.close();
  });

  it('leaves out rows whose new key or value is null', async () => {
    expect(
      await results(
        (builder) =>
          toOut(
            builder
              .table('in', text)
              .groupBy((_key, value) => [value === 'none' ? null : 'g', value], text)
              .reduce(
                (all, value) => all + value,
                (all, value) => all.replace(value, ''),
              ),
          ),
        [
          ['in', 'a', 'x'],
          ['in', 'b', 'none'],
          ['in', 'b', 'y'],
          ['in', 'a', 'none'],
        ],
      ),
    ).toEqual(['g=x@0', '', 'g=xy@0', 'g=y@0']);
  });
});
