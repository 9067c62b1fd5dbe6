import fc from 'fast-check';
import { serdes, stores, StreamsBuilder } from '../../src/index';
import type { KStream, Processor, Topology } from '../../src/index';
import { build, text } from './build';

const supplier = (): Processor<string, string, string, string> => ({ process: () => undefined });
const shared = stores.keyValue({ name: 'shared', ...text });
const groups = (topology: Topology) =>
  topology.subtopologies.map((part) => part.copartitionGroups.map((group) => group.map((topic) => topic.name)));

test('parts that no edge and no store connects are apart, in the order of declaration', () => {
  const topology = build((builder) => {
    const a = builder.stream('a', text);
    builder.stream('b', text).to('c');
    a.groupBy((_key, value) => value, text)
      .count('counts')
      .toStream()
      .to('d');
  });
  expect(topology.subtopologies.map(({ id, nodes }) => [id, nodes.map((node) => node.name)])).toEqual([
    [0, ['source-1', 'groupBy-1', 'counts-repartition-sink']],
    [1, ['source-2', 'sink-1']],
    [2, ['counts-repartition-source', 'count-1', 'toStream-1', 'sink-2']],
  ]);
  expect(topology.subtopologies.map((part) => part.stores.map((store) => store.name))).toEqual([[], [], ['counts']]);
});

test('a shared store makes one part of two streams', () => {
  const topology = build((builder) => {
    builder.addStore(shared);
    builder.stream('a', text).process(supplier, { stores: ['shared'] });
    builder.stream('b', text).process(supplier, { stores: ['shared'] });
  });
  expect(topology.subtopologies).toHaveLength(1);
  expect(topology.subtopologies[0]!.sources.map((source) => source.name)).toEqual(['source-1', 'source-2']);
});

test('a store and a node of the same name connect nothing', () => {
  const topology = build((builder) => {
    builder.stream('a', { ...text, name: 'shared' });
    builder
      .addStore(shared)
      .stream('b', text)
      .process(supplier, { stores: ['shared'] });
  });
  expect(topology.subtopologies).toHaveLength(2);
});

describe('topics must be co-partitioned', () => {
  test('when their records reach one store as one stream', () => {
    const topology = build((builder) => builder.stream(['a', 'b'], text).groupByKey().count());
    expect(groups(topology)).toEqual([[['a', 'b']]]);
  });

  test('when their records reach one store by a merge', () => {
    const topology = build((builder) => {
      builder.stream('a', text).merge(builder.stream('b', text)).groupByKey().count();
    });
    expect(groups(topology)).toEqual([[['a', 'b']]]);
  });

  test('when two processors share a store', () => {
    const topology = build((builder) => {
      builder.addStore(shared);
      builder.stream('a', text).process(supplier, { stores: ['shared'] });
      builder.stream('b', text).process(supplier, { stores: ['shared'] });
    });
    expect(groups(topology)).toEqual([[['a', 'b']]]);
  });

  test('when one of them is a repartition topic', () => {
    const topology = build((builder) => {
      const moved = builder
        .stream('a', text)
        .selectKey((_key, value) => value)
        .repartition({ key: serdes.string, name: 'moved' });
      builder.stream('b', text).merge(moved).groupByKey().count();
    });
    expect(groups(topology)).toEqual([[], [['moved-repartition', 'b']]]);
  });

  test('all together when their groups overlap', () => {
    const topology = build((builder) => {
      const [a, b, c] = ['a', 'b', 'c'].map((topic) => builder.stream(topic, text));
      a!.merge(b!).groupByKey().count();
      b!.merge(c!).groupByKey().count();
    });
    expect(groups(topology)).toEqual([[['a', 'b', 'c']]]);
  });

  test('but not when no store is reached', () => {
    const topology = build((builder) => {
      builder.stream(['a', 'b'], text).merge(builder.stream('c', text)).to('d');
    });
    expect(groups(topology)).toEqual([[]]);
  });

  test('but not when a repartition comes before the store', () => {
    const topology = build((builder) => {
      builder
        .stream(['a', 'b'], text)
        .groupBy((_key, value) => value, text)
        .count();
    });
    expect(groups(topology)).toEqual([[], []]);
  });
});

test('every topology is split completely, parents before children, and the same way each time', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(), fc.nat()), { maxLength: 30 }), (steps) => {
      const topology = writeRandomly(steps);
      const placed = topology.subtopologies.flatMap((part) => part.nodes.map((node) => node.name));
      expect(placed.toSorted()).toEqual([...topology.nodes.keys()].toSorted());
      for (const part of topology.subtopologies) {
        const position = new Map(part.nodes.map((node, index) => [node.name, index]));
        for (const node of part.nodes) {
          if (node.kind === 'sink') continue;
          for (const child of node.children) expect(position.get(child)).toBeGreaterThan(position.get(node.name)!);
        }
        expect(part.sources.length).toBeGreaterThan(0);
      }
      expect(topology.subtopologies.map((part) => part.id)).toEqual(topology.subtopologies.map((_part, id) => id));
      expect(writeRandomly(steps).subtopologies.map((part) => part.nodes.map((node) => node.name))).toEqual(
        topology.subtopologies.map((part) => part.nodes.map((node) => node.name)),
      );
    }),
  );
});

/** Adds an operator for each step: which one, to which stream, and with which other. */
function writeRandomly(steps: readonly (readonly [number, number, number])[]): Topology {
  const builder = new StreamsBuilder();
  const streams: KStream<string, string>[] = [builder.stream('topic', text)];
  for (const [operator, from, other] of steps) {
    const stream = streams[from % streams.length]!;
    if (operator === 0) streams.push(builder.stream(`topic-${streams.length}`, text));
    else if (operator === 1) streams.push(stream.filter(() => true));
    else if (operator === 2) streams.push(stream.merge(streams[other % streams.length]!));
    else if (operator === 3) streams.push(stream.selectKey((key) => key).repartition(text));
    else if (operator === 4)
      streams.push(
        stream
          .groupByKey()
          .reduce((value) => value)
          .toStream(),
      );
    else stream.to('out');
  }
  return builder.build();
}
