import { InvalidTopologyError, serdes, stores, StreamsBuilder } from '../../src/index';
import type { Processor } from '../../src/index';
import { build, problemsOf, text } from './build';

const supplier = (): Processor<string, string, string, string> => ({ process: () => undefined });
const seen = stores.keyValue({ name: 'seen', ...text });

/* Each case: what is wrong, the code, words that the message must have, the topology. */
const cases: readonly (readonly [string, string, readonly string[], (builder: StreamsBuilder) => void])[] = [
  ['no source', 'TOPOLOGY_NO_SOURCE', ['builder.stream'], () => undefined],
  [
    'a node name used twice',
    'TOPOLOGY_DUPLICATE_NAME',
    ["nodes named 'mine'"],
    (builder) => {
      builder
        .stream('a', text)
        .filter(() => true, { name: 'mine' })
        .peek(() => undefined, { name: 'mine' });
    },
  ],
  [
    'a given name that is also generated',
    'TOPOLOGY_DUPLICATE_NAME',
    ["'filter-2'"],
    (builder) => {
      builder
        .stream('a', text)
        .filter(() => true, { name: 'filter-2' })
        .filter(() => true);
    },
  ],
  [
    'a store name used twice',
    'TOPOLOGY_DUPLICATE_NAME',
    ["stores named 'counts'"],
    (builder) => {
      const grouped = builder.stream('a', text).groupByKey();
      grouped.count('counts');
      grouped.reduce((value) => value, { store: 'counts' });
    },
  ],
  [
    'two groups with the name of one repartition topic',
    'TOPOLOGY_DUPLICATE_NAME',
    ["repartition topics named 'mine-repartition'"],
    (builder) => {
      const stream = builder.stream('a', text).selectKey((key) => key);
      stream.groupByKey({ ...text, name: 'mine' }).count();
      stream.groupByKey({ ...text, name: 'mine' }).count();
    },
  ],
  [
    'a branch name used twice',
    'TOPOLOGY_DUPLICATE_NAME',
    ["'split-1-half'"],
    (builder) => {
      builder
        .stream('a', text)
        .split()
        .branch('half', () => true)
        .branch('half', () => false)
        .noDefaultBranch();
    },
  ],
  [
    'a split without an end',
    'TOPOLOGY_SPLIT_NOT_ENDED',
    ["'split-1'", 'defaultBranch()'],
    (builder) => {
      builder
        .stream('a', text)
        .split()
        .branch('half', () => true);
    },
  ],
  [
    'a topic in two different sets of topics',
    'TOPOLOGY_TOPIC_SUBSCRIBED_TWICE',
    ["'b'", "'source-1'", "'source-2'", 'sets of topics'],
    (builder) => {
      builder.stream(['a', 'b'], text);
      builder.stream(['b', 'c'], text);
    },
  ],
  [
    'a topic read with two key serdes',
    'TOPOLOGY_TOPIC_SUBSCRIBED_TWICE',
    ['key serdes'],
    (builder) => {
      builder.stream('a', text);
      builder.stream('a', { ...text, key: serdes.bytes });
    },
  ],
  [
    'a topic read with two value serdes',
    'TOPOLOGY_TOPIC_SUBSCRIBED_TWICE',
    ['value serdes'],
    (builder) => {
      builder.stream('a', text);
      builder.stream('a', { ...text, value: serdes.json() });
    },
  ],
  [
    'a topic read with two timestamp extractors',
    'TOPOLOGY_TOPIC_SUBSCRIBED_TWICE',
    ['timestamp extractors'],
    (builder) => {
      builder.stream('a', text);
      builder.stream('a', { ...text, timestampExtractor: () => 1 });
    },
  ],
  [
    'one source with two names',
    'TOPOLOGY_TOPIC_SUBSCRIBED_TWICE',
    ["'one'", "'other'", 'names'],
    (builder) => {
      builder.stream('a', { ...text, name: 'one' });
      builder.stream('a', { ...text, name: 'other' });
    },
  ],
  [
    'a source without topics',
    'TOPOLOGY_ILLEGAL_SUBSCRIPTION',
    ["'source-1'", 'no topic'],
    (builder) => builder.stream([], text),
  ],
  [
    'a topic twice in a source',
    'TOPOLOGY_ILLEGAL_SUBSCRIPTION',
    ['twice'],
    (builder) => builder.stream(['a', 'a'], text),
  ],
  ['an illegal source topic', 'TOPOLOGY_ILLEGAL_NAME', ["topic 'a b'"], (builder) => builder.stream('a b', text)],
  ['an illegal sink topic', 'TOPOLOGY_ILLEGAL_NAME', ["topic '..'"], (builder) => builder.stream('a', text).to('..')],
  [
    'an illegal node name',
    'TOPOLOGY_ILLEGAL_NAME',
    ["node 'ä'"],
    (builder) => builder.stream('a', text).filter(() => true, { name: 'ä' }),
  ],
  [
    'an illegal store name',
    'TOPOLOGY_ILLEGAL_NAME',
    ["store 'my counts'"],
    (builder) => builder.stream('a', text).groupByKey().count('my counts'),
  ],
  [
    'an illegal group name',
    'TOPOLOGY_ILLEGAL_NAME',
    ["group ''"],
    (builder) => builder.stream('a', text).groupByKey({ name: '' }),
  ],
  [
    'an illegal branch name',
    'TOPOLOGY_ILLEGAL_NAME',
    ["branch 'split-1-a/b'"],
    (builder) => builder.stream('a', text).split().defaultBranch('a/b'),
  ],
  [
    'a store that nobody added',
    'TOPOLOGY_STORE_UNKNOWN',
    ["'seen'", "'process-1'", 'builder.addStore'],
    (builder) => builder.stream('a', text).process(supplier, { stores: ['seen'] }),
  ],
  [
    'a store that nobody uses',
    'TOPOLOGY_STORE_UNUSED',
    ["'seen'", 'process(supplier'],
    (builder) => {
      builder.addStore(seen).stream('a', text).process(supplier);
    },
  ],
  [
    'half a partition',
    'TOPOLOGY_ILLEGAL_PARTITIONS',
    ["'repartition-1'", '0.5'],
    (builder) => builder.stream('a', text).repartition({ partitions: 0.5 }),
  ],
  [
    'a stream of another builder',
    'TOPOLOGY_FOREIGN_STREAM',
    ["'merge-1'"],
    (builder) => builder.stream('a', text).merge(new StreamsBuilder().stream('b', text)),
  ],
  [
    'merged streams whose serdes differ, written without one',
    'TOPOLOGY_SERDE_MISSING',
    ["'merge-1'", 'value serde', "'out'"],
    (builder) => {
      const other = builder.stream('b', { key: serdes.string, value: serdes.uuid });
      builder.stream('a', text).merge(other).to('out');
    },
  ],
];

test.each(cases)('%s is refused', (_what, code, words, write) => {
  const problems = problemsOf(write);
  expect(problems.map((problem) => problem.code)).toEqual([code]);
  for (const word of words) expect(problems[0]!.message).toContain(word);
});

test('everything that is wrong is said at once, with what is wrong first and in words for a person', () => {
  const broken = (builder: StreamsBuilder) => {
    builder.addStore(seen);
    builder.stream('a b', text).filter(() => true, { name: 'mine' });
    builder.stream('c', text).process(supplier, { name: 'mine', stores: ['unknown'] });
  };
  expect(problemsOf(broken).map((problem) => problem.code)).toEqual([
    'TOPOLOGY_ILLEGAL_NAME',
    'TOPOLOGY_DUPLICATE_NAME',
    'TOPOLOGY_STORE_UNUSED',
  ]);
  expect(() => build(broken)).toThrow(InvalidTopologyError);
  expect(() => build(broken)).toThrow(
    /^The topology cannot be built, for 3 reasons:\n {2}- .*'a b'.*\n {2}- .*'mine'.*\n {2}- .*'seen'/,
  );
});

test('a single problem is said in one line', () => {
  expect(() => build(() => undefined)).toThrow(/^The topology cannot be built\. It reads no topic\. Begin with .*\.$/);
});

test('the stack of a problem leads to the call that caused it', () => {
  const [problem] = problemsOf((builder) => builder.stream('a b', text));
  expect(problem!.stack).toMatch(/topology-errors\.test\.ts[^]*build\.ts/);
});
