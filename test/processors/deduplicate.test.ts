import fc from 'fast-check';
import { serdes, type DeduplicateOptions, type KnownSerdes } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { build, text } from '../topology/build';

interface Event {
  readonly key: string;
  readonly value: string;
  readonly timestamp: number;
}

/** What deduplication means: a list of everything that was forwarded, and the newest timestamp. */
class Model {
  private readonly forwarded: { readonly id: string; readonly timestamp: number }[] = [];
  private newest = -1;

  constructor(
    private readonly withinMs: number,
    private readonly graceMs: number,
  ) {}

  process(id: string, timestamp: number): 'forwarded' | 'duplicate' | 'late' {
    this.newest = Math.max(this.newest, timestamp);
    if (timestamp < this.newest - this.graceMs) return 'late';
    const repeated = this.forwarded.some(
      (other) => other.id === id && Math.abs(other.timestamp - timestamp) <= this.withinMs,
    );
    if (repeated) return 'duplicate';
    this.forwarded.push({ id, timestamp });
    return 'forwarded';
  }
}

function open(options: DeduplicateOptions<string, string, KnownSerdes>) {
  return TopologyTestDriver.open(build((builder) => builder.stream('in', text).deduplicate(options).to('out', text)));
}

const event = fc.record({
  key: fc.constantFrom('a', 'b'),
  value: fc.constantFrom('x', 'y'),
  timestamp: fc.oneof(fc.nat(60), fc.nat(6000)),
});

describe('deduplicate', () => {
  it('forwards the first record of a key within the time, also when a later one came before it', async () => {
    const driver = await open({ withinMs: 10, graceMs: 100 });
    const input = driver.createInputTopic('in', text);
    for (const [value, timestamp] of [
      ['first', 100],
      ['again', 110],
      ['other', 111],
      ['again', 105],
      ['before', 89],
      ['again', 90],
    ] as const) {
      await input.pipeInput('a', value, { timestamp });
    }
    expect(driver.createOutputTopic('out', text).readKeyValuesToList()).toEqual([
      ['a', 'first'],
      ['a', 'other'],
      ['a', 'before'],
    ]);
  });

  it('drops and counts what is later than the grace period, and records without an id', async () => {
    const driver = await open({ withinMs: 10, id: (_key, value) => (value === '' ? undefined : value) });
    const input = driver.createInputTopic('in', text);
    await input.pipeInput('a', 'x', { timestamp: 100 });
    await input.pipeInput('b', 'x', { timestamp: 100 });
    await input.pipeInput('b', '', { timestamp: 100 });
    await input.pipeInput('b', 'y', { timestamp: 89 });
    await input.pipeInput('b', 'z', { timestamp: 90 });
    expect(driver.createOutputTopic('out', text).readKeyValuesToList()).toEqual([
      ['a', 'x'],
      ['b', 'z'],
    ]);
    expect(driver.skipped).toEqual(
      new Map([
        ['null-key', 1],
        ['late-record', 1],
      ]),
    );
  });

  it('repartitions first where the key may have changed', async () => {
    const topology = build((builder) =>
      builder
        .stream('in', text)
        .selectKey((_key, value) => value)
        .deduplicate({ withinMs: 10, key: serdes.string, name: 'once' })
        .to('out', text),
    );
    expect([...topology.repartitionTopics.keys()]).toEqual(['once-repartition']);
    const driver = await TopologyTestDriver.open(topology, { partitions: { in: 3 } });
    const input = driver.createInputTopic('in', text);
    for (const partition of [0, 1, 2]) await input.pipeInput('k', 'same', { timestamp: 5, partition });
    expect(driver.createOutputTopic('out', text).readKeyValuesToList()).toEqual([['same', 'same']]);
  });

  it('forgets what can decide no more', async () => {
    const driver = await open({ withinMs: 100, graceMs: 0, store: 'seen' });
    const input = driver.createInputTopic('in', text);
    for (let timestamp = 0; timestamp < 20_000; timestamp += 100) {
      await input.pipeInput(`key-${timestamp}`, '', { timestamp });
    }
    const kept: unknown[] = [];
    for await (const entry of driver.getKeyValueStore('seen')!.all()) kept.push(entry);
    expect(kept.length).toBeLessThan(20);
  });

  it.each([undefined, (_key: string, value: string) => value])(
    'does what a plain model does, with restarts anywhere (id: %p)',
    async (id) => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(20),
          fc.nat(30),
          fc.array(fc.tuple(event, fc.constantFrom('go on', 'go on', 'go on', 'kept', 'lost')), { maxLength: 60 }),
          async (withinMs, graceMs, events) => {
            const driver = await open({ withinMs, graceMs, id });
            const model = new Model(withinMs, graceMs);
            const input = driver.createInputTopic('in', text);
            const out = driver.createOutputTopic('out', text);
            const expected: Event[] = [];
            let late = 0;
            for (const [{ key, value, timestamp }, then] of events) {
              await input.pipeInput(key, value, { timestamp });
              const verdict = model.process(id === undefined ? key : value, timestamp);
              if (verdict === 'forwarded') expected.push({ key, value, timestamp });
              if (verdict === 'late') late++;
              if (then === 'kept' || then === 'lost') await driver.restart({ state: then });
            }
            expect(out.readRecordsToList().map(({ key, value, timestamp }) => ({ key, value, timestamp }))).toEqual(
              expected,
            );
            expect(driver.skipped.get('late-record') ?? 0).toBe(late);
            await driver.close();
          },
        ),
        { numRuns: 100 },
      );
    },
  );
});
