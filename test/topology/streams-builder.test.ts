import { serdes, stores, StreamsBuilder } from '../../src/index';
import type { Processor, Topology } from '../../src/index';
import { build, text } from './build';

const nodeNames = (topology: Topology) => [...topology.nodes.keys()];

describe('names', () => {
  test('count each kind of operator on its own', () => {
    const topology = build((builder) => {
      const stream = builder.stream('a', text).filter(() => true);
      stream.mapValues((value) => value).filter(() => true);
      stream.filterNot(() => false).peek(() => undefined);
    });
    expect(nodeNames(topology)).toEqual(['source-1', 'filter-1', 'mapValues-1', 'filter-2', 'filterNot-1', 'peek-1']);
  });

  test('of an aggregation, its store and its topics stay when a filter is added before it', () => {
    const count = (filtered: boolean) =>
      build((builder) => {
        const stream = builder.stream('a', text);
        (filtered ? stream.filter(() => true) : stream).groupBy((_key, value) => value, text).count();
      });
    expect(count(true).stores.keys().next().value).toBe('count-1-store');
    expect([...count(true).stores.keys()]).toEqual([...count(false).stores.keys()]);
    expect([...count(true).repartitionTopics.keys()]).toEqual([...count(false).repartitionTopics.keys()]);
  });

  test('of generated nodes stay when another of the kind gets a name', () => {
    const filters = (name: string | undefined) =>
      nodeNames(
        build((builder) => {
          builder
            .stream('a', text)
            .filter(() => true, { name })
            .filter(() => true);
        }),
      );
    expect(filters(undefined)).toEqual(['source-1', 'filter-1', 'filter-2']);
    expect(filters('mine')).toEqual(['source-1', 'mine', 'filter-2']);
  });

  test('that the user gives win, for every operator', () => {
    const names = 'source filter filterNot map mapValues flatMap flatMapValues selectKey peek merge group sum out end';
    const [source, filter, filterNot, map, mapValues, flatMap, flatMapValues, selectKey, peek, merge, group, sum, out] =
      names.split(' ');
    const topology = build((builder) => {
      const first = builder
        .stream('a', { ...text, name: source })
        .filter(() => true, { name: filter })
        .filterNot(() => true, { name: filterNot })
        .map((key, value) => [key, value] as const, { name: map })
        .mapValues((value) => value, { name: mapValues })
        .flatMap((key, value) => [[key, value] as const], { name: flatMap })
        .flatMapValues((value) => [value], { name: flatMapValues })
        .selectKey((key) => key, { name: selectKey })
        .peek(() => undefined, { name: peek });
      const merged = first.merge(first, { name: merge });
      merged.forEach(() => undefined, { name: 'end' });
      merged
        .groupBy((key) => key, { ...text, name: group })
        .count({ name: sum })
        .toStream({ name: 'changes' })
        .to('b', { name: out });
    });
    expect(nodeNames(topology).sort()).toEqual(
      [...names.split(' '), 'changes', 'group-repartition-sink', 'group-repartition-source'].sort(),
    );
    expect([...topology.stores.keys()]).toEqual(['sum-store']);
  });
});

describe('sources', () => {
  test('read several topics as one', () => {
    const [source] = build((builder) => builder.stream(['a', 'b'], text)).subtopologies[0]!.sources;
    expect(source!.topics).toEqual([
      { name: 'a', internal: false },
      { name: 'b', internal: false },
    ]);
  });

  test('of the same topics and serdes are one node', () => {
    const topology = build((builder) => {
      builder.stream(['a', 'b'], text).to('c');
      builder.stream(['b', 'a'], text).to('d');
    });
    expect(nodeNames(topology)).toEqual(['source-1', 'sink-1', 'sink-2']);
    expect(topology.nodes.get('source-1')).toMatchObject({ children: ['sink-1', 'sink-2'] });
  });

  test('carry their timestamp extractor', () => {
    const timestampExtractor = () => 7;
    const topology = build((builder) => builder.stream('a', { ...text, timestampExtractor }));
    expect(topology.nodes.get('source-1')).toMatchObject({ timestampExtractor });
  });

  test('may be what the topology itself writes', () => {
    const topology = build((builder) => builder.stream('loop', text).to('loop'));
    expect(topology.subtopologies).toHaveLength(1);
  });
});

describe('operators', () => {
  test('become the plain description that the runtime reads', () => {
    const yes = () => true;
    const topology = build((builder) => {
      builder
        .stream('a', text)
        .filterNot(yes)
        .peek(() => undefined)
        .forEach(() => undefined);
    });
    expect(topology.nodes.get('filterNot-1')).toEqual({
      kind: 'processor',
      name: 'filterNot-1',
      operator: { type: 'filter', predicate: yes, negate: true },
      stores: [],
      children: ['peek-1'],
    });
    expect(topology.nodes.get('peek-1')).toMatchObject({ operator: { type: 'peek', forwards: true } });
    expect(topology.nodes.get('forEach-1')).toMatchObject({ operator: { type: 'peek', forwards: false } });
  });

  test('give a split one child for each branch, in order, the default last', () => {
    const topology = build((builder) => {
      const branches = builder
        .stream('a', text)
        .split()
        .branch('short', (_key, value) => value.length < 3)
        .branch('long', (_key, value) => value.length > 9)
        .defaultBranch('rest');
      expect(Object.keys(branches)).toEqual(['short', 'long', 'rest']);
      branches.long.to('b');
    });
    const split = topology.nodes.get('split-1');
    if (split?.kind !== 'processor' || split.operator.type !== 'branch') throw new Error('split-1 is no branch');
    expect(split.children).toEqual(['split-1-short', 'split-1-long', 'split-1-rest']);
    expect(split.operator.predicates.map((predicate) => predicate('key', 'four'))).toEqual([false, false, true]);
    expect(topology.nodes.get('split-1-long')).toMatchObject({ children: ['sink-1'] });
  });

  test('merge two streams into one node that both lead to', () => {
    const topology = build((builder) => {
      builder.stream('a', text).merge(builder.stream('b', text)).to('c');
    });
    expect(topology.nodes.get('source-1')).toMatchObject({ children: ['merge-1'] });
    expect(topology.nodes.get('source-2')).toMatchObject({ children: ['merge-1'] });
    expect(topology.subtopologies).toHaveLength(1);
  });

  test('merge a stream with itself without doubling its records', () => {
    const topology = build((builder) => {
      const stream = builder.stream('a', text);
      stream.merge(stream).to('c');
    });
    expect(topology.nodes.get('source-1')).toMatchObject({ children: ['merge-1'] });
  });

  test('fold as their names say', () => {
    const topology = build((builder) => {
      const grouped = builder.stream('a', text).groupByKey();
      grouped.count('counts');
      grouped.reduce((aggregate, value) => `${aggregate}${value}`);
      grouped.aggregate(
        () => 10,
        (key, value, aggregate) => aggregate + key.length + value.length,
        { value: serdes.float64 },
      );
    });
    const fold = (name: string) => {
      const node = topology.nodes.get(name);
      if (node?.kind !== 'processor' || node.operator.type !== 'aggregate') throw new Error(`${name} is no aggregate`);
      return node.operator;
    };
    expect(fold('count-1').aggregator('k', 'v', fold('count-1').initializer!())).toBe(1);
    expect(fold('reduce-1').initializer).toBeUndefined();
    expect(fold('reduce-1').aggregator('k', 'new', 'old')).toBe('oldnew');
    expect(fold('aggregate-1').aggregator('k', 'vv', fold('aggregate-1').initializer!())).toBe(13);
  });

  test('write to a topic that is chosen for each record, with a partitioner', () => {
    const choose = (_key: string, value: string) => value;
    const partitioner = () => 0;
    const topology = build((builder) => builder.stream('a', text).to(choose, { partitioner }));
    expect(topology.nodes.get('sink-1')).toMatchObject({ topic: choose, partitioner });
  });
});

describe('stores', () => {
  const supplier = (): Processor<string, string, string, string> => ({ process: () => undefined });

  test('are in RocksDB with a changelog unless they say otherwise', () => {
    const topology = build((builder) => {
      const grouped = builder.stream('a', text).groupByKey();
      grouped.count('usual');
      grouped.count({ store: 'fast', backend: 'memory', changelog: false });
    });
    expect(topology.stores.get('usual')).toEqual({
      kind: 'timestamped-key-value',
      name: 'usual',
      keySerde: serdes.string,
      valueSerde: serdes.int64AsNumber,
      changelog: true,
      backend: 'rocksdb',
    });
    expect(topology.stores.get('fast')).toMatchObject({ backend: 'memory', changelog: false });
  });

  test('that were added belong to the processors that name them', () => {
    const topology = build((builder) => {
      builder
        .addStore(stores.keyValue({ name: 'seen', ...text }))
        .stream('a', text)
        .process(supplier, { stores: ['seen'] });
    });
    expect(topology.nodes.get('process-1')).toMatchObject({ stores: ['seen'] });
    expect(topology.subtopologies[0]!.stores).toEqual([
      {
        kind: 'key-value',
        name: 'seen',
        keySerde: serdes.string,
        valueSerde: serdes.string,
        changelog: true,
        backend: 'rocksdb',
      },
    ]);
  });

  test('of a table can be used by a processor too', () => {
    const topology = build((builder) => {
      const stream = builder.stream('a', text);
      const table = stream.groupByKey().count();
      stream.processValues(supplier, { stores: [table.storeName] });
    });
    expect(topology.nodes.get('processValues-1')).toMatchObject({ stores: ['count-1-store'] });
  });
});

test('a built topology is frozen all through', () => {
  const topology = build((builder) => {
    builder.stream('a', text).groupByKey().count().toStream().to('b');
  });
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || value instanceof Map || path.endsWith('Serde')) return;
    expect([path, Object.isFrozen(value)]).toEqual([path, true]);
    for (const [field, inner] of Object.entries(value)) walk(inner, `${path}.${field}`);
  };
  walk(topology, 'topology');
  for (const node of topology.nodes.values()) walk(node, node.name);
});

test('a builder can go on after a build, and the earlier topology does not change', () => {
  const builder = new StreamsBuilder();
  const stream = builder.stream('a', text);
  stream.to('b');
  const first = builder.build();
  stream.to('c');
  expect(builder.build().nodes.size).toBe(3);
  expect(first.nodes.size).toBe(2);
  expect(first.nodes.get('source-1')).toMatchObject({ children: ['sink-1'] });
});
