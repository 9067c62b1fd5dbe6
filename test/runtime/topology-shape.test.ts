import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Millrace, serdes, stores, TopologyChangedError, windows, type StreamsBuilder } from '../../src';
import { silentLogger } from '../../src/logging/logger';
import { StoredShape } from '../../src/runtime/stored-shape';
import { planTopics, repartitionCounts } from '../../src/runtime/topic-plan';
import { shapeChanges, shapeOf, type TopologyShape } from '../../src/topology/topology-shape';
import { build, text } from '../topology/build';

function shape(write: (builder: StreamsBuilder) => void, partitions = 2): TopologyShape {
  const topology = build(write);
  return shapeOf(topology, repartitionCounts('app', planTopics('app', topology, new Map([['in', partitions]]))));
}

const counting = (builder: StreamsBuilder): void => {
  builder
    .stream('in', text)
    .groupBy((_key, value) => value, { key: serdes.string })
    .count('counts');
};

const withStore =
  (options: Partial<Parameters<typeof stores.keyValue>[0]> & { windowSizeMs?: number } = {}) =>
  (builder: StreamsBuilder): void => {
    const { windowSizeMs, ...given } = options;
    builder.addStore({
      ...stores.keyValue({ name: 'kept', key: serdes.string, value: serdes.string, ...given }),
      ...(windowSizeMs === undefined ? {} : { format: { windowSizeMs } }),
    });
    builder.stream('in', text).process(() => ({ process: () => undefined }), { stores: ['kept'] });
  };

const told = (before: TopologyShape, now: TopologyShape): string[] =>
  shapeChanges(before, now).map(
    ({ what, property, before: old, now: current }) => `${what} ${property}: ${old} -> ${current}`,
  );

describe('the shape of a topology', () => {
  it('does not mind a store that is new or gone, nor another name of a node', () => {
    expect(told(shape(counting), shape(withStore()))).toEqual([]);
    expect(told(shape(withStore()), shape(counting))).toEqual([]);
  });

  it.each<[string, (builder: StreamsBuilder, ms: number) => unknown]>([
    [
      'windowSizeMs',
      (builder, sizeMs) => {
        const window = windows.hopping({ sizeMs, advanceMs: 1, graceMs: 0 });
        return builder.stream('in', text).groupByKey().windowedBy(window).count('kept');
      },
    ],
    [
      'timeDifferenceMs',
      (builder, timeDifferenceMs) => {
        const window = windows.sliding({ timeDifferenceMs, graceMs: 0 });
        return builder.stream('in', text).groupByKey().windowedBy(window).count('kept');
      },
    ],
    [
      'inactivityGapMs',
      (builder, inactivityGapMs) => {
        const window = windows.session({ inactivityGapMs, graceMs: 0 });
        return builder.stream('in', text).groupByKey().windowedBy(window).count('kept');
      },
    ],
    [
      'windowSizeMs',
      (builder, windowSizeMs) => {
        builder.addStore(stores.window({ name: 'kept', ...text, retentionMs: 100, windowSizeMs }));
        builder.stream('in', text).process(() => ({ process: () => undefined }), { stores: ['kept'] });
      },
    ],
  ])('says which %s of its windows a store had before', (property, write) => {
    const of = (ms: number) => shape((builder) => void write(builder, ms));
    expect(told(of(10), of(10))).toEqual([]);
    expect(told(of(10), of(20))).toEqual([`store 'kept' ${property}: 10 -> 20`]);
  });

  it('says which store changed its kind, its serdes or the size of its windows', () => {
    expect(told(shape(withStore()), shape(withStore({ key: serdes.int32 })))).toEqual([
      "store 'kept' key serde: string -> int32",
    ]);
    expect(told(shape(withStore()), shape(withStore({ value: serdes.json() })))).toEqual([
      "store 'kept' value serde: string -> json",
    ]);
    expect(told(shape(withStore({ windowSizeMs: 60_000 })), shape(withStore({ windowSizeMs: 30_000 })))).toEqual([
      "store 'kept' windowSizeMs: 60000 -> 30000",
    ]);
    const counted = (builder: StreamsBuilder): void =>
      void builder
        .stream('in', text)
        .groupByKey()
        .reduce((_one, other) => other, { store: 'kept' });
    expect(told(shape(withStore()), shape(counted))).toEqual(["store 'kept' kind: key-value -> timestamped-key-value"]);
  });

  it('says which repartition topic would have another number of partitions, or records of another format', () => {
    expect(told(shape(counting, 2), shape(counting, 3))).toEqual([
      "repartition topic 'counts-repartition' partitions: 2 -> 3",
    ]);
    const asJson = (builder: StreamsBuilder): void =>
      void builder
        .stream('in', { key: serdes.string, value: serdes.json<string>() })
        .groupBy((_key, value) => value, { key: serdes.string })
        .count('counts');
    expect(told(shape(counting), shape(asJson))).toEqual([
      "repartition topic 'counts-repartition' value serde: string -> json",
    ]);
  });

  it('knows that a changelog lacks what was stored without it, and that without one state cannot move', () => {
    expect(told(shape(withStore({ changelog: false })), shape(withStore()))).toEqual([
      "store 'kept' changelog: off -> on",
    ]);
    expect(told(shape(withStore()), shape(withStore({ changelog: false })))).toEqual([]);
    const moved = (builder: StreamsBuilder): void => {
      builder.stream('before', text).to('out');
      withStore({ changelog: false })(builder);
    };
    const topology = build(moved);
    expect(told(shape(withStore({ changelog: false })), shapeOf(topology))).toEqual([
      "store 'kept' subtopology: 0 -> 1",
    ]);
  });
});

describe('the shape beside the state', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'millrace-shape-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is kept over starts, with stores that are gone for the time being', async () => {
    const first = await StoredShape.read(directory, silentLogger);
    first.check(shape(counting));
    await first.write(shape(counting));
    const second = await StoredShape.read(directory, silentLogger);
    second.check(shape(withStore()));
    await second.write(shape(withStore()));
    const third = await StoredShape.read(directory, silentLogger);
    third.check(shape(counting));
    expect(() => third.check(shape(counting, 5))).toThrow(TopologyChangedError);
    expect(() => third.check(shape(withStore({ value: serdes.int64 })))).toThrow(
      `The topology does not fit the state in ${directory}, which an earlier version of it wrote:\n` +
        "  - store 'kept': value serde was string, and is int64: what is stored would be misread\n" +
        'Undo the change, or give what changed a new name, under which it begins anew.',
    );
  });

  it('that a newer version wrote is refused, and one that cannot be read is begun anew', async () => {
    const file = path.join(directory, 'topology.json');
    writeFileSync(file, JSON.stringify({ version: 2, stores: {}, repartitionTopics: {} }));
    await expect(StoredShape.read(directory, silentLogger)).rejects.toMatchObject({ code: 'STATE_FORMAT_UNSUPPORTED' });
    writeFileSync(file, '{');
    const shapes = await StoredShape.read(directory, silentLogger);
    shapes.check(shape(counting));
    await shapes.write(shape(counting));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 1, stores: { counts: {} } });
  });

  it('is not begun by an application that asks for explicit names and has generated ones', () => {
    const topology = build((builder) => void builder.stream('in', text).groupByKey().count());
    const options = { applicationId: 'app', brokers: 'localhost:1', stateDir: directory, logLevel: 'silent' } as const;
    expect(() => new Millrace(topology, { ...options, ensureExplicitNames: true })).toThrow(
      "store 'count-1-store' of node 'count-1'",
    );
  });

  it('stops the start of a changed topology before anything is asked of Kafka', async () => {
    const options = { applicationId: 'app', brokers: 'localhost:1', stateDir: directory, logLevel: 'silent' } as const;
    const root = path.join(directory, 'app');
    mkdirSync(root);
    const shapes = await StoredShape.read(root, silentLogger);
    await shapes.write(shape(withStore()));
    const changed = new Millrace(build(withStore({ value: serdes.int32 })), options);
    await expect(changed.start()).rejects.toMatchObject({
      code: 'TOPOLOGY_CHANGED',
      changes: [{ what: "store 'kept'", property: 'value serde', before: 'string', now: 'int32' }],
    });
  });
});
