import { serdes } from '../../src/index';
import type { KStream, Topology } from '../../src/index';
import { build, text } from './build';

const topics = (topology: Topology) => [...topology.repartitionTopics.keys()];

interface Groupable {
  groupByKey(options: typeof text): { count(store: string): unknown };
}
type Step = (stream: KStream<string, string>) => Groupable;
const processor = () => ({ process: () => undefined });

const keeping: readonly (readonly [string, Step])[] = [
  ['filter', (stream) => stream.filter(() => true)],
  ['filterNot', (stream) => stream.filterNot(() => true)],
  ['mapValues', (stream) => stream.mapValues((value) => value)],
  ['flatMapValues', (stream) => stream.flatMapValues((value) => [value])],
  ['peek', (stream) => stream.peek(() => undefined)],
  ['merge', (stream) => stream.merge(stream)],
  ['split', (stream) => stream.split().defaultBranch().default],
  ['processValues', (stream) => stream.processValues<string>(processor)],
  ['repartition', (stream) => stream.selectKey((key) => key).repartition(text)],
  [
    'an aggregation',
    (stream) =>
      stream
        .groupByKey()
        .reduce((value) => value)
        .toStream(),
  ],
];

const changing: readonly (readonly [string, Step])[] = [
  ['map', (stream) => stream.map((key, value) => [key, value])],
  ['flatMap', (stream) => stream.flatMap((key, value) => [[key, value]])],
  ['selectKey', (stream) => stream.selectKey((key) => key)],
  ['process', (stream) => stream.process<string, string>(processor)],
  ['merge with one that changed', (stream) => stream.merge(stream.selectKey((key) => key))],
  [
    'toStream with a mapper',
    (stream) =>
      stream
        .groupByKey()
        .reduce((value) => value)
        .toStream((key) => key),
  ],
  ['a key changed further up', (stream) => stream.selectKey((key) => key).filter(() => true)],
];

test.each(keeping)('groupByKey after %s reads the stream where it is', (_name, step) => {
  const topology = build((builder) => {
    step(builder.stream('a', text)).groupByKey(text).count('counts');
  });
  expect(topics(topology)).not.toContain('counts-repartition');
});

test.each(changing)('groupByKey after %s moves the records first', (_name, step) => {
  const topology = build((builder) => {
    step(builder.stream('a', text)).groupByKey(text).count('counts');
  });
  expect(topics(topology)).toContain('counts-repartition');
});

test('a repartition is a sink, an internal topic and a source with the serdes of the group', () => {
  const topology = build((builder) => {
    builder
      .stream('a', text)
      .groupBy((_key, value) => value.length, { key: serdes.int32 })
      .count('counts');
  });
  const topic = { name: 'counts-repartition', internal: true };
  const moved = { keySerde: serdes.int32, valueSerde: serdes.string };
  expect(topology.repartitionTopics.get('counts-repartition')).toEqual({ name: 'counts-repartition' });
  expect(topology.nodes.get('counts-repartition-sink')).toEqual({
    kind: 'sink',
    name: 'counts-repartition-sink',
    topic,
    ...moved,
  });
  expect(topology.nodes.get('counts-repartition-source')).toEqual({
    kind: 'source',
    name: 'counts-repartition-source',
    topics: [topic],
    ...moved,
    children: ['count-1'],
  });
  expect(topology.subtopologies.map((part) => part.writesRepartition)).toEqual([['counts-repartition'], []]);
});

test('an aggregation without names has the topic of its generated store', () => {
  const topology = build((builder) => {
    builder
      .stream('a', text)
      .groupBy((_key, value) => value, text)
      .count();
  });
  expect(topics(topology)).toEqual(['count-1-store-repartition']);
});

test('aggregations of one group share a topic only if the group has a name', () => {
  const twice = (name: string | undefined) =>
    build((builder) => {
      const grouped = builder.stream('a', text).groupBy((_key, value) => value, { ...text, name });
      grouped.count('counts');
      grouped.reduce((value) => value, { store: 'latest' });
    });
  expect(topics(twice(undefined))).toEqual(['counts-repartition', 'latest-repartition']);
  expect(twice(undefined).subtopologies).toHaveLength(3);
  expect(topics(twice('by-value'))).toEqual(['by-value-repartition']);
  expect(twice('by-value').nodes.get('by-value-repartition-source')).toMatchObject({
    children: ['count-1', 'reduce-1'],
  });
  expect(twice('by-value').subtopologies).toHaveLength(2);
});

test('repartition() takes a name, a number of partitions and a partitioner', () => {
  const partitioner = () => 0;
  const topology = build((builder) => {
    builder.stream('a', text).repartition({ name: 'wide', partitions: 12, partitioner }).to('b');
    builder.stream('a', text).repartition().to('c');
  });
  expect([...topology.repartitionTopics.values()]).toEqual([
    { name: 'wide-repartition', partitions: 12 },
    { name: 'repartition-2-repartition' },
  ]);
  expect(topology.nodes.get('wide-repartition-sink')).toMatchObject({ partitioner });
});

test('what follows a repartition needs neither serdes nor another repartition', () => {
  const topology = build((builder) => {
    builder
      .stream('a', text)
      .selectKey((_key, value) => value.length)
      .repartition({ key: serdes.int32, name: 'by-length' })
      .groupByKey()
      .reduce((value) => value);
  });
  expect(topics(topology)).toEqual(['by-length-repartition']);
});
