import type { Serde } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { PendingCalls, turn } from '../support/pending-calls';
import { build, text } from '../topology/build';

describe('time while calls are under way', () => {
  it('is committed as it was before the oldest record in flight', async () => {
    const calls = new PendingCalls();
    const seen: number[] = [];
    const driver = await TopologyTestDriver.open(
      build((builder) =>
        builder
          .stream('in', {
            ...text,
            timestampExtractor: ({ timestamp }, partitionTime) => {
              seen.push(partitionTime);
              return timestamp;
            },
          })
          .mapValuesAsync(calls.call)
          .to('out', text),
      ),
      { commit: 'manual' },
    );
    void driver.createInputTopic('in', text).pipeRecordList([
      { key: 'a', value: 'a', timestamp: 10 },
      { key: 'b', value: 'b', timestamp: 20 },
      { key: 'c', value: 'c', timestamp: 90 },
    ]);
    await turn();
    calls.find('a').answer('a');
    calls.find('c').answer('c');
    await turn();
    void driver.commit();
    await turn();
    seen.length = 0;
    void driver.restart();
    await turn();
    expect(seen).toEqual([10, 20]);
    await driver.close();
  });

  it('does not fire a timer of stream time before the results of earlier records are handed on', async () => {
    const calls = new PendingCalls();
    const done: string[] = [];
    const driver = await TopologyTestDriver.open(
      build((builder) =>
        builder
          .stream('in', text)
          .mapValuesAsync(calls.call)
          .process(() => ({
            init: (context) => void context.schedule(10, 'stream-time', (time) => void done.push(`at ${time}`)),
            process: ({ value }) => void done.push(value),
          })),
      ),
    );
    const piped = driver.createInputTopic('in', text).pipeRecordList([
      { key: 'a', value: 'early', timestamp: 5 },
      { key: 'b', value: 'late', timestamp: 50 },
    ]);
    await turn();
    calls.find('late').answer('late');
    await turn();
    expect(done).toEqual([]);
    calls.find('early').answer('early');
    await piped;
    expect(done).toEqual(['early', 'late', 'at 50']);
    await driver.close();
  });
});

describe('what a punctuation hands to an asynchronous operator', () => {
  const refusing: Serde<string> = {
    name: 'refusing',
    serialize: (key) => {
      if (key === 'refused') throw new Error('no such key');
      return Buffer.from(key);
    },
    deserialize: (bytes) => bytes.toString(),
  };

  async function driverOf(key: string, calls: PendingCalls) {
    return TopologyTestDriver.open(
      build((builder) =>
        builder
          .stream('in', text)
          .process<string, string>(() => ({
            init: (context) => void context.schedule(10, 'wall-clock-time', () => context.forward(key, 'tick')),
            process: () => undefined,
          }))
          .mapValuesAsync(calls.call, { order: 'key', key: refusing })
          .to('out', text),
      ),
      { handlers: { processing: 'continue' } },
    );
  }

  it('is committed when the answer was handed on', async () => {
    const calls = new PendingCalls();
    const driver = await driverOf('a', calls);
    const advanced = driver.advanceWallClockTime(10);
    await turn();
    calls.find('tick').answer('tock');
    await advanced;
    expect(driver.createOutputTopic('out', text).readKeyValuesToList()).toEqual([['a', 'tock']]);
    await driver.close();
  });

  it('does not keep commits waiting where the operator refuses its key', async () => {
    const driver = await driverOf('refused', new PendingCalls());
    await driver.advanceWallClockTime(10);
    await driver.createInputTopic('in', text).pipeInput('a', '1');
    await driver.commit();
    expect(driver.skipped).toEqual(new Map([['processing', 1]]));
    await driver.close();
  });
});
