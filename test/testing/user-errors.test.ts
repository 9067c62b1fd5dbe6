import { serdes, stores, windows, type KStream, type Serde, type StreamsBuilder } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import type { FailureHandlers } from '../../src/task/record-failures';
import { build, text } from '../topology/build';

type Lines = KStream<string, string>;

const bad = (value: unknown): boolean => value === 'bad';
/** What a function of the user's does in these tests. */
function check<T>(value: unknown, result: T): T {
  if (bad(value)) throw new Error('no good');
  return result;
}

const picky: Serde<string> = {
  name: 'picky',
  serialize: (value) => check(value, Buffer.from(value)),
  deserialize: (bytes) => bytes.toString(),
};

const name = 'here';

/** Each operator that calls a function of the user's, named `here`. */
const OPERATORS: Record<string, (lines: Lines) => Lines> = {
  filter: (lines) => lines.filter((_key, value) => check(value, true), { name }),
  filterNot: (lines) => lines.filterNot((_key, value) => check(value, false), { name }),
  map: (lines) => lines.map((key, value): [string, string] => check(value, [key, value]), { name }) as Lines,
  'map without a pair': (lines) =>
    lines.map((key, value): [string, string] => (bad(value) ? (undefined as never) : [key, value]), { name }) as Lines,
  mapValues: (lines) => lines.mapValues((value) => check(value, value), { name }) as Lines,
  flatMap: (lines) => lines.flatMap((key, value) => check(value, [[key, value] as const]), { name }) as Lines,
  'flatMap with something else than pairs': (lines) =>
    lines.flatMap((key, value) => (bad(value) ? ([key] as never) : [[key, value] as const]), { name }) as Lines,
  flatMapValues: (lines) => lines.flatMapValues((value) => check(value, [value]), { name }) as Lines,
  'flatMapValues with something that is no list': (lines) =>
    lines.flatMapValues((value) => (bad(value) ? (7 as never) : [value]), { name }) as Lines,
  'flatMapValues with a generator': (lines) =>
    lines.flatMapValues(
      function* (value) {
        yield value;
        check(value, value);
      },
      { name },
    ) as Lines,
  selectKey: (lines) => lines.selectKey((key, value) => check(value, key), { name }) as Lines,
  peek: (lines) => lines.peek((_key, value) => check(value, undefined), { name }),
  forEach: (lines) => {
    lines.forEach((_key, value) => check(value, undefined), { name });
    return lines.filterNot((_key, value) => bad(value));
  },
  split: (lines) =>
    lines
      .split({ name })
      .branch('all', (_key, value) => check(value, true))
      .noDefaultBranch().all,
  reduce: (lines) =>
    lines
      .groupByKey(text)
      .reduce((_one, other) => check(other, other), { name, ...text })
      .toStream(),
  'aggregate, in its aggregator': (lines) =>
    lines
      .groupByKey(text)
      .aggregate(
        () => '',
        (_key, value) => check(value, value),
        { name, value: serdes.string },
      )
      .toStream(),
  'toStream with a mapper': (lines) =>
    lines
      .groupByKey(text)
      .reduce((_one, other) => other, text)
      .toStream((key, value) => check(value, key), { name }) as Lines,
  process: (lines) =>
    lines.process<string, string>(
      () => {
        let forward!: (key: string, value: string) => unknown;
        return {
          init: (context) => void (forward = (key, value) => context.forward(key, value)),
          process: ({ key, value }) => void forward(key, check(value, value)),
        };
      },
      { name },
    ) as unknown as Lines,
  'process, later': (lines) =>
    lines.processValues<string>(
      () => {
        let forward!: (key: string, value: string) => unknown;
        return {
          init: (context) => void (forward = (key, value) => context.forward(key, value)),
          process: async ({ key, value }) => {
            await Promise.resolve();
            await forward(key, check(value, value));
          },
        };
      },
      { name },
    ) as Lines,
  'join with a table, in its joiner': (lines) => {
    const table = lines.filter(() => true).toTable({ ...text });
    return lines.join(table, (value) => check(value, value), { name, ...text }) as Lines;
  },
  'a filter of a table': (lines) =>
    lines
      .toTable({ ...text })
      .filter((_key, value) => check(value, true), { name })
      .toStream() as Lines,
  'mapValues of a table': (lines) =>
    lines
      .toTable({ ...text })
      .mapValues((value) => check(value, value), { name })
      .toStream() as Lines,
  'deduplicate, in its id': (lines) =>
    lines.deduplicate({ name, withinMs: 0, id: (_key, value) => check(value, value) }),
  'aggregate in windows': (lines) =>
    lines
      .groupByKey(text)
      .windowedBy(windows.tumbling({ sizeMs: 1000, graceMs: 0 }))
      .aggregate(
        () => '',
        (_key, value) => check(value, value),
        { name, value: serdes.string },
      )
      .toStream((windowed) => windowed.key) as Lines,
  mapValuesAsync: (lines) =>
    lines.mapValuesAsync((value) => Promise.resolve().then(() => check(value, value)), { name }) as Lines,
  flatMapValuesAsync: (lines) =>
    lines.flatMapValuesAsync((value) => Promise.resolve(bad(value) ? (7 as never) : [value]), { name }) as Lines,
  processAsync: (lines) =>
    lines.processAsync<string, string>(({ key, value }) => Promise.resolve([check(value, { key, value })]), {
      name,
    }) as Lines,
};

const OUTPUTS: Record<string, (lines: Lines) => void> = {
  'a chosen topic': (lines) => lines.to((_key, value) => check(value, 'out'), { name, ...text }),
};

const PRODUCING: Record<string, (lines: Lines) => void> = {
  'a partitioner': (lines) => lines.to('out', { name, ...text, partitioner: (_key, value) => check(value, 0) }),
  'a partitioner that names no partition': (lines) =>
    lines.to('out', { name, ...text, partitioner: (_key, value) => (bad(value) ? 99 : 0) }),
  'a serde': (lines) => lines.to('out', { name, key: serdes.string, value: picky }),
};

async function run(write: (lines: Lines) => void, handlers: Partial<FailureHandlers>) {
  const driver = await TopologyTestDriver.open(
    build((builder) => write(builder.stream('in', text))),
    { handlers, partitions: { in: 3, out: 3 } },
  );
  const records = ['first', 'bad', 'last'].map((value) => ({ key: 'k', value, partition: 2 }));
  await driver.createInputTopic('in', text).pipeRecordList(records);
  const values = (topic: string) =>
    driver
      .createOutputTopic(topic, text)
      .readRecordsToList()
      .map(({ value }) => value);
  const result = { out: values('out'), deadLetters: values('dead-letters'), skipped: driver.skipped };
  await driver.close();
  return result;
}

const PROCESSING = [
  ...Object.entries(OPERATORS).map(
    ([operator, add]) => [operator, (lines: Lines): void => add(lines).to('out', text)] as const,
  ),
  ...Object.entries(OUTPUTS),
];
const PLACE = /node 'here', topic 'in', partition 2, offset 1/;

describe.each(PROCESSING)('an error in %s', (_operator, write) => {
  it('says at which operator and record it was', async () => {
    await expect(run(write, {})).rejects.toMatchObject({
      code: 'PROCESSING_FAILED',
      message: expect.stringMatching(PLACE) as unknown,
      location: { node: 'here', topic: 'in', partition: 2, offset: 1 },
    });
  });

  it('follows the processing handler', async () => {
    expect(await run(write, { processing: 'continue', production: 'fail' })).toEqual({
      out: ['first', 'last'],
      deadLetters: [],
      skipped: new Map([['processing', 1]]),
    });
    expect(await run(write, { processing: 'dead-letter' })).toMatchObject({
      out: ['first', 'last'],
      deadLetters: ['bad'],
    });
  });
});

describe.each(Object.entries(PRODUCING))('an error in %s of an output', (_part, write) => {
  it('says at which operator and record it was, and follows the production handler', async () => {
    await expect(run(write, {})).rejects.toMatchObject({
      code: 'PRODUCTION_FAILED',
      message: expect.stringMatching(PLACE) as unknown,
    });
    expect(await run(write, { production: 'continue', processing: 'fail' })).toMatchObject({ out: ['first', 'last'] });
    expect(await run(write, { production: 'dead-letter' })).toMatchObject({
      out: ['first', 'last'],
      deadLetters: ['bad'],
    });
  });
});

describe('an error before the first record', () => {
  const open = (supplier: Parameters<Lines['process']>[0]) =>
    TopologyTestDriver.open(build((builder) => void builder.stream('in', text).process(supplier, { name })));

  it.each([
    [
      'a supplier that throws',
      () => check('bad', undefined as never),
      "'here' cannot begin: its supplier threw: no good",
    ],
    ['a supplier that gives nothing', () => undefined as never, "'here' cannot begin: its supplier returned no object"],
    [
      'an init that throws',
      () => ({ init: () => check('bad', undefined), process: () => undefined }),
      "'here' cannot begin: its init threw: no good",
    ],
    [
      'a store that is not attached',
      () => ({ init: (context) => void context.store('elsewhere'), process: () => undefined }),
      "'here' asked for the store 'elsewhere', but it was given no store at all",
    ],
  ] as [string, Parameters<Lines['process']>[0], string][])(
    'in %s names the processor',
    async (_, supplier, message) => {
      await expect(open(supplier)).rejects.toMatchObject({
        message: expect.stringContaining(message) as unknown,
        location: { node: 'here' },
      });
    },
  );
});

describe('what only a program without types can do', () => {
  const problem = (write: (builder: StreamsBuilder) => void): unknown => {
    try {
      return build(write);
    } catch (error) {
      return (error as Error).message;
    }
  };

  it.each<[string, (builder: StreamsBuilder) => void, RegExp]>([
    ['a source without serdes', (b) => b.stream('in', undefined as never).to('out'), /'source-1' no key serde.*read/],
    [
      'a source without a value serde',
      (b) => b.stream('in', { key: serdes.string, name: 'lines' } as never).to('out', text),
      /'lines' no value serde/,
    ],
    [
      'a store without serdes',
      (b) => {
        b.addStore(stores.keyValue({ name: 'kept', key: serdes.string } as never));
        b.stream('in', text).process(() => ({ process: () => undefined }), { stores: ['kept'] });
      },
      /The store 'kept' has no value serde/,
    ],
    [
      'an aggregation without options',
      (b) =>
        void (b.stream('in', text).groupByKey() as unknown as { aggregate(...a: unknown[]): void }).aggregate(
          () => 0,
          () => 0,
        ),
      /'aggregate-1' no value serde/,
    ],
    [
      'no function where one is needed',
      (b) =>
        b
          .stream('in', text)
          .filter(undefined as never, { name: 'here' })
          .to('out'),
      /Node 'here' takes a function as its predicate, and was given undefined/,
    ],
    [
      'no mapper',
      (b) =>
        b
          .stream('in', text)
          .mapValues('x' as never, { name: 'here' })
          .to('out', text),
      /Node 'here' takes a function as its mapper, and was given string/,
    ],
    [
      'no joiner',
      (b) =>
        b
          .stream('in', text)
          .join(b.table('rows', text), undefined as never, { name: 'here' })
          .to('out', text),
      /Node 'here' takes a function as its joiner, and was given undefined/,
    ],
    [
      'no subtractor',
      (b) =>
        b
          .table('rows', text)
          .groupBy((key, value): [string, string] => [key, value], text)
          .aggregate(
            () => '',
            (_key, value) => value,
            undefined as never,
            { name: 'here', value: serdes.string },
          )
          .toStream()
          .to('out', text),
      /Node 'here' takes a function as its subtractor, and was given undefined/,
    ],
  ])('%s is told when the topology is built', (_, write, message) => {
    expect(problem(write)).toMatch(message);
  });
});
