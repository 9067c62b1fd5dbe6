import { serdes, suppress, windows, type KGroupedStream, type StreamsBuilder } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { build, problemsOf, text } from './build';

const grouped = (builder: StreamsBuilder): KGroupedStream<string, string> => builder.stream('in', text).groupByKey();

describe('Windows that make no sense are refused, and the node named', () => {
  it.each([
    ['tumbling windows of no length', windows.tumbling({ sizeMs: 0, graceMs: 0 })],
    ['a negative grace', windows.tumbling({ sizeMs: 1, graceMs: -1 })],
    ['no grace', windows.tumbling({ sizeMs: 1 } as never)],
    ['half a millisecond', windows.tumbling({ sizeMs: 0.5, graceMs: 0 })],
    ['an advance past the window', windows.hopping({ sizeMs: 5, advanceMs: 6, graceMs: 0 })],
    ['no advance', windows.hopping({ sizeMs: 5, advanceMs: 0, graceMs: 0 })],
  ])('%s', (_, window) => {
    const problems = problemsOf((builder) => grouped(builder).windowedBy(window).count({ name: 'counting' }));
    expect(problems.map(({ code, location }) => [code, location.node])).toEqual([
      ['TOPOLOGY_ILLEGAL_WINDOW', 'counting'],
    ]);
  });

  it('a negative time difference, and a gap of nothing', () => {
    const problems = problemsOf((builder) => {
      const stream = grouped(builder);
      stream.windowedBy(windows.sliding({ timeDifferenceMs: -1, graceMs: 0 })).count({ name: 'one' });
      stream.windowedBy(windows.session({ inactivityGapMs: 0, graceMs: 0 })).count({ name: 'two' });
    });
    expect(problems.map(({ message }) => message)).toEqual([
      "Node 'one' has the time difference -1. Give it a whole number of milliseconds from 0 up.",
      "Node 'two' has the inactivity gap 0. Give it a whole number of milliseconds from 1 up.",
    ]);
  });

  it('limits of a suppress', () => {
    const problems = problemsOf((builder) => {
      const counts = grouped(builder).count();
      counts.suppress(suppress.untilTimeLimit({ ms: -1 }), { name: 'one' });
      counts.suppress(suppress.untilTimeLimit({ ms: 1, maxRecords: -1, maxBytes: NaN }), { name: 'two' });
    });
    expect(problems.map(({ location }) => location.node)).toEqual(['one', 'two', 'two']);
  });
});

describe('A suppress until windows close', () => {
  it('needs a window above it', () => {
    const problems = problemsOf((builder) => {
      const counts = grouped(builder).count();
      counts.suppress(suppress.untilWindowCloses() as never, { name: 'held' });
    });
    expect(problems.map(({ code, location }) => [code, location.node])).toEqual([
      ['TOPOLOGY_NO_WINDOW_TO_CLOSE', 'held'],
    ]);
  });
});

describe('Late records', () => {
  it('need a value serde and a legal topic', () => {
    const problems = problemsOf((builder) => {
      builder
        .stream('in', text)
        .mapValues((value) => value.length)
        .groupByKey()
        .windowedBy(windows.tumbling({ sizeMs: 1, graceMs: 0 }), { lateRecords: 'no topic' })
        .count({ name: 'counting' });
    });
    expect(problems.map(({ code }) => code)).toEqual(['TOPOLOGY_ILLEGAL_NAME', 'TOPOLOGY_SERDE_MISSING']);
  });
});

describe('Windowed keys', () => {
  it('are written in the format of Kafka Streams, to the partition of the key within them', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) => {
        const records = builder.stream('in', text);
        const stream = records.groupByKey();
        stream
          .windowedBy(windows.tumbling({ sizeMs: 10, graceMs: 0 }))
          .count()
          .toStream()
          .to('out');
        stream
          .windowedBy(windows.session({ inactivityGapMs: 9, graceMs: 0 }))
          .count()
          .toStream()
          .to('sessions');
        records.to('copy');
      }),
      { partitions: { out: 5, sessions: 5, copy: 5 } },
    );
    const input = driver.createInputTopic('in', text);
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const key of keys) for (const timestamp of [1, 11, 41]) await input.pipeInput(key, '', { timestamp });
    const partitions = new Map(
      driver
        .createOutputTopic('copy', text)
        .readRecordsToList()
        .map((r) => [r.key, r.partition]),
    );
    expect(new Set(partitions.values()).size).toBeGreaterThan(1);
    const out = driver.createOutputTopic('out', {
      key: serdes.timeWindowed(serdes.string, { sizeMs: 10 }),
      value: serdes.int64AsNumber,
    });
    const sessions = driver.createOutputTopic('sessions', {
      key: serdes.sessionWindowed(serdes.string),
      value: serdes.int64AsNumber,
    });
    for (const { key, partition } of [...out.readRecordsToList(), ...sessions.readRecordsToList()]) {
      expect(partition).toBe(partitions.get(key!.key));
    }
    await driver.close();
  });
});
