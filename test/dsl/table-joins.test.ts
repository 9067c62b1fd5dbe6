import type { KTable, MaterializedTableOptions } from '../../src';
import { CopartitionError, serdes, StreamsBuilder } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { problemsOf, text } from '../topology/build';
import { results, streamToOut, toOut, type Row } from './results';

type Nullable = string | null;
const plus = (left: Nullable, right: Nullable): string => `${left}+${right}`;
const stored = { store: 'joined', value: serdes.string };

type Table = KTable<string, string>;
type Options = MaterializedTableOptions<string>;
const joins = {
  join: (left: Table, right: Table, options: Options): Table => left.join(right, plus, options),
  leftJoin: (left: Table, right: Table, options: Options): Table => left.leftJoin(right, plus, options),
  outerJoin: (left: Table, right: Table, options: Options): Table => left.outerJoin(right, plus, options),
};

/** Records of several keys that follow from one record come in no particular order. */
const sortedResults: typeof results = async (...scenario) =>
  (await results(...scenario)).map((records) => records.split(' ').sort().join(' '));

describe('a stream joined with a table', () => {
  const rows: readonly Row[] = [
    ['in', 'a', '1', 10],
    ['rows', 'a', 'A', 20],
    ['in', 'a', '2', 15],
    ['rows', 'a', 'B', 5],
    ['in', 'a', '3', 30],
    ['in', 'a', null, 31],
    ['in', null, '4', 32],
    ['rows', 'a', null, 40],
    ['in', 'a', '5', 50],
  ];

  it('inner: looks up the current row, and drops what has none', async () => {
    expect(
      await results((builder) => streamToOut(builder.stream('in', text).join(builder.table('rows', text), plus)), rows),
    ).toEqual(['', '', 'a=2+A@15', '', 'a=3+B@30', '', '', '', '']);
  });

  it('left: has null where there is no row, also for a record without a key', async () => {
    expect(
      await results(
        (builder) => streamToOut(builder.stream('in', text).leftJoin(builder.table('rows', text), plus)),
        rows,
      ),
    ).toEqual(['a=1+null@10', '', 'a=2+A@15', '', 'a=3+B@30', '', 'null=4+null@32', '', 'a=5+null@50']);
  });

  it('counts what it drops', async () => {
    const builder = new StreamsBuilder();
    streamToOut(builder.stream('in', text).join(builder.table('rows', text), plus));
    const driver = await TopologyTestDriver.open(builder.build());
    const input = driver.createInputTopic('in', text);
    await input.pipeInput(null, 'x');
    await input.pipeInput('a', null);
    expect(Object.fromEntries(driver.skipped)).toEqual({ 'null-key': 1, 'null-value': 1 });
    await driver.close();
  });

  it('repartitions the stream where its key has changed, to the partitions of the table; left, also without a key', async () => {
    const builder = new StreamsBuilder();
    const table = builder.table('rows', text);
    const stream = builder
      .stream('in', text)
      .selectKey<string | null>((_key, value) => (value === 'none' ? null : value.slice(0, 1)));
    streamToOut(stream.leftJoin(table, plus, { key: serdes.string, name: 'lookup' }));
    const driver = await TopologyTestDriver.open(builder.build(), { partitions: { in: 2, rows: 3 } });
    expect(driver.createOutputTopic(driver.internalTopic('lookup-repartition'), text).getQueueSize()).toBe(0);
    const input = driver.createInputTopic('in', text);
    for (const key of 'abcdef') await driver.createInputTopic('rows', text).pipeInput(key, key.toUpperCase());
    for (const key of 'abcdef') await input.pipeInput(null, `${key}1`, { partition: 1 });
    await input.pipeInput('x', 'none', { partition: 0 });
    expect(driver.createOutputTopic('out', text).readKeyValuesToMap()).toEqual(
      new Map<Nullable, string>([
        ...[...'abcdef'].map((key) => [key, `${key}1+${key.toUpperCase()}`] as const),
        [null, 'none+null'],
      ]),
    );
    await driver.close();
  });

  it('looks up through tables that have no store of their own', async () => {
    expect(
      await results(
        (builder) => {
          const table = builder
            .table('rows', text)
            .filter((_key, value) => value !== 'hidden')
            .mapValues((value, key) => `${key}:${value}`);
          streamToOut(builder.stream('in', text).join(table, plus));
        },
        [
          ['rows', 'a', 'A'],
          ['in', 'a', '1'],
          ['rows', 'a', 'hidden'],
          ['in', 'a', '2'],
        ],
      ),
    ).toEqual(['', 'a=1+a:A@0', '', '']);
  });

  it('must be co-partitioned with it', async () => {
    const builder = new StreamsBuilder();
    streamToOut(builder.stream('in', text).join(builder.table('rows', text), plus));
    await expect(TopologyTestDriver.open(builder.build(), { partitions: { in: 2, rows: 3 } })).rejects.toThrow(
      CopartitionError,
    );
  });

  it('must be of the same builder', () => {
    const foreign = new StreamsBuilder().table('rows', text);
    const [problem] = problemsOf((builder) => streamToOut(builder.stream('in', text).join(foreign, plus)));
    expect(problem?.message).toContain("Node 'join-1' brings in a stream or table of another StreamsBuilder");
  });
});

describe('two tables joined by their keys', () => {
  const rows: readonly Row[] = [
    ['left', 'a', '1', 10],
    ['right', 'a', 'A', 5],
    ['left', 'a', '2', 7],
    ['right', 'a', null, 20],
    ['left', 'a', null, 30],
    ['right', 'b', 'B', 1],
    ['left', 'b', null, 2],
    ['left', 'b', '3', 0],
  ];
  const expected = {
    join: ['', 'a=1+A@10', 'a=2+A@7', 'a=null@20', '', '', 'b=null@2', 'b=3+B@1'],
    leftJoin: ['a=1+null@10', 'a=1+A@10', 'a=2+A@7', 'a=2+null@20', 'a=null@30', '', 'b=null@2', 'b=3+B@1'],
    outerJoin: [
      'a=1+null@10',
      'a=1+A@10',
      'a=2+A@7',
      'a=2+null@20',
      'a=null@30',
      'b=null+B@1',
      'b=null+B@2',
      'b=3+B@1',
    ],
  };

  it.each(['join', 'leftJoin', 'outerJoin'] as const)('%s: change the result with either side', async (kind) => {
    for (const options of [{ value: serdes.string }, stored]) {
      for (const restarts of [false, true]) {
        expect(
          await results(
            (builder) => toOut(joins[kind](builder.table('left', text), builder.table('right', text), options)),
            rows,
            { restarts },
          ),
        ).toEqual(expected[kind]);
      }
    }
  });

  it('look one another up through tables without a store, joins included', async () => {
    expect(
      await results(
        (builder) => {
          const left = builder.table('left', text);
          const right = builder.table('right', text).mapValues((value) => value.toLowerCase());
          const both = left.join(right, plus);
          toOut(builder.table('third', text).join(both, plus, { value: serdes.string }));
        },
        [
          ['left', 'a', '1', 1],
          ['right', 'a', 'A', 2],
          ['third', 'a', 'x', 0],
          ['right', 'a', 'B', 3],
          ['left', 'a', null, 4],
        ],
      ),
    ).toEqual(['', '', 'a=x+1+a@2', 'a=x+1+b@3', 'a=null@4']);
  });

  it('keep the result where a store is named', async () => {
    const builder = new StreamsBuilder();
    const joined = builder.table('left', text).join(builder.table('right', text), plus, stored);
    expect(joined.storeName).toBe('joined');
    const driver = await TopologyTestDriver.open(builder.build());
    await driver.createInputTopic('left', text).pipeInput('a', '1');
    await driver.createInputTopic('right', text).pipeInput('a', 'A');
    expect(await driver.getKeyValueStore('joined')!.get('a')).toBe('1+A');
    await driver.createInputTopic('right', text).pipeInput('a', null);
    expect(await driver.getKeyValueStore('joined')!.get('a')).toBeUndefined();
    await driver.close();
  });
});

describe('two tables joined by a foreign key', () => {
  // A row of the left table: its foreign key, then the rest.
  const foreignKey = (value: string): Nullable => (value.startsWith('-') ? null : value.slice(0, 1));
  const value = { value: serdes.string };
  const foreignKeyJoins = {
    join: (left: Table, right: Table): void => toOut(left.join(right, foreignKey, plus, value)),
    leftJoin: (left: Table, right: Table): void => toOut(left.leftJoin(right, foreignKey, plus, value)),
  };
  const rows: readonly Row[] = [
    ['left', 'x', 'a1', 10],
    ['right', 'a', 'A', 5],
    ['left', 'y', 'a2', 11],
    ['right', 'a', 'AA', 20],
    ['left', 'x', 'b1', 21],
    ['right', 'b', 'B', 22],
    ['right', 'a', null, 23],
    ['left', 'x', '-', 24],
    ['left', 'y', null, 25],
    ['right', 'a', 'A', 26],
  ];
  const expected = {
    join: [
      '',
      'x=a1+A@5',
      'y=a2+A@11',
      'x=a1+AA@20 y=a2+AA@20',
      'x=null@21',
      'x=b1+B@22',
      'y=null@23',
      'x=null@24',
      'y=null@25',
      '',
    ],
    leftJoin: [
      'x=a1+null@10',
      'x=a1+A@5',
      'y=a2+A@11',
      'x=a1+AA@20 y=a2+AA@20',
      'x=b1+null@21',
      'x=b1+B@22',
      'y=a2+null@23',
      'x=-+null@24',
      'y=null@25',
      '',
    ],
  };

  it.each(['join', 'leftJoin'] as const)('%s: change the result with either side', async (kind) => {
    for (const [partitions, restarts] of [
      [{}, true],
      [{ left: 3, right: 2 }, false],
    ] as const) {
      expect(
        await sortedResults(
          (builder) => foreignKeyJoins[kind](builder.table('left', text), builder.table('right', text)),
          rows,
          { partitions, restarts },
        ),
      ).toEqual(expected[kind]);
    }
  });

  it('drop an answer for a value that was replaced meanwhile', async () => {
    const builder = new StreamsBuilder();
    toOut(
      builder
        .table('left', text)
        .join(builder.table('right', text), foreignKey, plus, { name: 'fk', value: serdes.string }),
    );
    const driver = await TopologyTestDriver.open(builder.build());
    await driver.createInputTopic('right', text).pipeInput('a', 'A');
    await driver.createInputTopic('right', text).pipeInput('b', 'B');
    // Both changes are in one epoch, so that both subscriptions are answered when the second value is there already.
    await driver.createInputTopic('left', text).pipeRecordList([
      { key: 'x', value: 'a1', timestamp: 0 },
      { key: 'x', value: 'b1', timestamp: 1 },
    ]);
    expect(driver.createOutputTopic('out', text).readKeyValuesToList()).toEqual([['x', 'b1+B']]);
    expect(driver.skipped.get('outdated-response')).toBe(1);
    await driver.close();
  });

  it('count rows without a foreign key, which an inner join leaves out', async () => {
    const builder = new StreamsBuilder();
    toOut(builder.table('left', text).join(builder.table('right', text), foreignKey, plus, { value: serdes.string }));
    const driver = await TopologyTestDriver.open(builder.build());
    await driver.createInputTopic('left', text).pipeInput('x', '-');
    expect(driver.skipped.get('null-foreign-key')).toBe(1);
    await driver.close();
  });

  it('name the table whose serde is not known', () => {
    const problems = problemsOf((builder) => {
      const mapped = builder.table('left', text).mapValues((value) => value, { name: 'mapped' });
      toOut(mapped.join(builder.table('right', text), foreignKey, plus, { value: serdes.string }));
    });
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining("After node 'mapped' no value serde is known, and one is needed to join by foreign key"),
    ]);
  });
});
