import {
  DuplicateNameError,
  ForeignStreamError,
  IllegalDeduplicationError,
  IllegalJoinWindowsError,
  IllegalNameError,
  IllegalRetentionError,
  NotCopartitionedError,
  SerdeMissingError,
  serdes,
  StoreUnknownError,
  stores,
  StreamsBuilder,
  windows,
  type JoinWindows,
  type JoinWindowsOptions,
} from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { build, problemsOf, text } from './build';

const window = windows.join({ timeDifferenceMs: 10, graceMs: 0 });
const both = (one: unknown, other: unknown): string => `${String(one)}+${String(other)}`;

describe('a join of two streams', () => {
  it('names its nodes, stores and repartition topics after itself, or its stores as asked', () => {
    const topology = build((builder) => {
      const left = builder.stream('left', text).selectKey((_key, value) => value);
      left.leftJoin(builder.stream('right', text), both, window, { key: serdes.string, name: 'pairs' }).to('out', text);
    });
    expect([...topology.nodes.keys()]).toEqual(expect.arrayContaining(['pairs-left', 'pairs-right', 'pairs']));
    expect([...topology.stores.keys()]).toEqual(['pairs-left-store', 'pairs-right-store', 'pairs-unjoined-store']);
    expect([...topology.repartitionTopics.keys()]).toEqual(['pairs-left-repartition']);
    const inner = build((builder) =>
      builder.stream('left', text).join(builder.stream('right', text), both, window, { store: 's' }).to('out', text),
    );
    expect([...inner.stores.keys()]).toEqual(['s-left-store', 's-right-store']);
  });

  it('has both topics co-partitioned, and a repartition topic follows the other side', async () => {
    const topology = build((builder) => {
      builder.stream('left', text).join(builder.stream('right', text), both, window).to('out', text);
    });
    expect(topology.subtopologies[0]!.copartitionGroups).toEqual([
      [
        { name: 'left', internal: false },
        { name: 'right', internal: false },
      ],
    ]);
    await expect(TopologyTestDriver.open(topology, { partitions: { left: 2, right: 3 } })).rejects.toThrow(
      "at node 'join-1' must have the same number of partitions, but 'left' has 2, 'right' has 3",
    );
    const moved = build((builder) => {
      const left = builder.stream('left', text).selectKey((_key, value) => value);
      left.join(builder.stream('right', text), both, window, { key: serdes.string, name: 'j' }).to('out', text);
    });
    const driver = await TopologyTestDriver.open(moved, { partitions: { left: 1, right: 3 } });
    const right = driver.createInputTopic('right', text);
    for (const key of ['a', 'b', 'c', 'd']) await right.pipeInput(key, key, { timestamp: 1 });
    const left = driver.createInputTopic('left', text);
    for (const key of ['a', 'b', 'c', 'd']) await left.pipeInput('', key, { timestamp: 1 });
    expect(driver.createOutputTopic('out', text).readKeyValuesToMap()).toEqual(
      new Map(['a', 'b', 'c', 'd'].map((key) => [key, `${key}+${key}`])),
    );
  });

  it.each<[string, Partial<JoinWindowsOptions>]>([
    ['has no grace period', { timeDifferenceMs: 10 }],
    ['has a negative grace period (graceMs is -1)', { timeDifferenceMs: 10, graceMs: -1 }],
    ['has a window that ends before it begins (from 5 to -5 ms)', { timeDifferenceMs: -5, graceMs: 0 }],
    ['no whole milliseconds', { timeDifferenceMs: 1.5, graceMs: 0 }],
    ['no whole milliseconds', { graceMs: 0 }],
  ])('%s: an error that names the node', (message, options) => {
    const problems = problemsOf((builder) => {
      const wrong = windows.join(options as JoinWindowsOptions);
      builder.stream('left', text).join(builder.stream('right', text), both, wrong, { name: 'pairs' });
    });
    expect(problems).toEqual([expect.any(IllegalJoinWindowsError)]);
    expect(problems[0]!.message).toContain("The join 'pairs' ");
    expect(problems[0]!.message).toContain(message);
    expect(problems[0]!.location).toEqual({ node: 'pairs' });
  });

  it('needs windows, two streams of one builder, serdes, and names that Kafka takes', () => {
    const other = new StreamsBuilder().stream('other', text);
    const problems = problemsOf((builder) => {
      const left = builder.stream('left', text);
      const right = builder.stream('right', text);
      left.join(right, both, undefined as unknown as JoinWindows, { name: 'no-windows' });
      left.join(other, both, window, { name: 'foreign' });
      left.join(right, both, window, { name: 'ok', store: 'not ok' });
      const changed = right.map((key, value) => [value, key]);
      left.join(changed as typeof right, both, window, { name: 'no-serde' });
    });
    expect(problems.slice(0, 3).map((problem) => problem.constructor)).toEqual([
      IllegalJoinWindowsError,
      ForeignStreamError,
      IllegalNameError,
    ]);
    expect(problems.at(-1)).toBeInstanceOf(SerdeMissingError);
    expect(problems.at(-1)!.message).toContain("for the join 'no-serde'");
  });

  it('cannot join what repartitions of different sizes bring', () => {
    const problems = problemsOf((builder) => {
      const left = builder.stream('left', text).repartition({ name: 'one', partitions: 2 });
      const right = builder.stream('right', text).repartition({ name: 'other', partitions: 3 });
      left.join(right, both, window, { name: 'pairs' });
    });
    expect(problems).toEqual([expect.any(NotCopartitionedError)]);
    expect(problems[0]!.message).toContain(
      "that meet at node 'pairs' go through repartition topics of different numbers of partitions: 'one-repartition' 2, 'other-repartition' 3",
    );
  });

  it('cannot share its stores with another join', () => {
    const problems = problemsOf((builder) => {
      const left = builder.stream('left', text);
      const right = builder.stream('right', text);
      left.join(right, both, window, { store: 'same' });
      left.join(right, both, window, { store: 'same' });
    });
    expect(problems.map((problem) => problem.constructor)).toEqual([DuplicateNameError, DuplicateNameError]);
  });
});

describe('wrong stores and times', () => {
  it('are errors when the topology is built', () => {
    const problems = problemsOf((builder) => {
      const stream = builder.stream('in', text);
      stream.deduplicate({ withinMs: -1, name: 'once' });
      stream.deduplicate({ withinMs: 5, graceMs: NaN });
      const names = ['a', 'b', 'c'];
      builder.addStore(stores.window({ ...text, name: 'a', retentionMs: 5, windowSizeMs: 10 }));
      builder.addStore(stores.window({ ...text, name: 'b', retentionMs: -5, windowSizeMs: 10 }));
      builder.addStore(stores.session({ ...text, name: 'c', retentionMs: 0.5 }));
      stream.process(() => ({ process: () => undefined }), { name: 'worker', stores: [...names, 'missing'] });
    });
    expect(problems.map((problem) => problem.constructor)).toEqual([
      IllegalDeduplicationError,
      IllegalDeduplicationError,
      IllegalRetentionError,
      IllegalRetentionError,
      IllegalRetentionError,
      StoreUnknownError,
    ]);
    expect(problems[0]!.message).toContain("The deduplication 'once' has withinMs -1");
    expect(problems[2]!.message).toContain(
      "The store 'a' keeps windows for 5 ms, which is shorter than a window of 10 ms",
    );
    expect(problems.at(-1)!.message).toContain("Node 'worker' uses the store 'missing', which does not exist");
  });

  it('a store that is not attached is an error of the processor that asks for it', async () => {
    const visits = stores.session({ ...text, name: 'visits', retentionMs: 5 });
    const topology = build((builder) => {
      builder.addStore(visits);
      builder.stream('in', text).process(() => ({ process: () => undefined }), { stores: ['visits'] });
      builder.stream('in', text).process(
        () => ({
          init: (context) => void context.store(visits),
          process: () => undefined,
        }),
        { name: 'asking' },
      );
    });
    await expect(TopologyTestDriver.open(topology)).rejects.toThrow(
      "Processor 'asking' asked for the store 'visits', but it was given no store at all",
    );
  });
});
