import { serdes, windows, type KCogroupedStream, type StreamsBuilder } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { build, text } from '../topology/build';
import { show } from './window-runs';

/** Clicks in lower case, orders as numbers: two types of values, one aggregate. */
function cogrouped(builder: StreamsBuilder): KCogroupedStream<string, string> {
  const clicks = builder.stream('clicks', text).groupByKey();
  const orders = builder.stream('orders', { key: serdes.string, value: serdes.int32 }).groupByKey();
  return clicks
    .cogroup((_key, click, all: string) => `${all}${click}`)
    .cogroup(orders, (_key, order, all) => `${all}${order + 1}`);
}

async function runBoth(define: (builder: StreamsBuilder) => void, restart: boolean): Promise<string[]> {
  const driver = await TopologyTestDriver.open(build(define), {
    partitions: { clicks: 2, orders: 2, 'late-clicks-and-orders': 1 },
  });
  const clicks = driver.createInputTopic('clicks', text);
  const orders = driver.createInputTopic('orders', { key: serdes.string, value: serdes.int32 });
  const out = driver.createOutputTopic('out', text);
  const results: string[] = [];
  const read = async (): Promise<void> => {
    results.push(...out.readKeyValuesToList().map(([key, value]) => `${key}=${value}`));
    if (restart) await driver.restart({ state: 'lost' });
  };
  await clicks.pipeInput('a', 'x', { timestamp: 1 });
  await read();
  await orders.pipeInput('a', 1, { timestamp: 2 });
  await read();
  await orders.pipeInput('b', 5, { timestamp: 13 });
  await clicks.pipeInput('a', 'y', { timestamp: 14 });
  await read();
  await driver.close();
  return results;
}

describe.each([false, true])('A cogroup (restarted: %s)', (restart) => {
  it('folds streams of several types into one table', async () => {
    const results = await runBoth(
      (builder) =>
        cogrouped(builder)
          .aggregate(() => '', { value: serdes.string, store: 'all' })
          .toStream()
          .mapValues(String)
          .to('out', text),
      restart,
    );
    expect(results.sort()).toEqual(['a=x', 'a=x2', 'a=x2y', 'b=6']);
  });

  it('folds them by windows', async () => {
    const results = await runBoth(
      (builder) =>
        show(
          cogrouped(builder)
            .windowedBy(windows.tumbling({ sizeMs: 10, graceMs: 0 }))
            .aggregate(() => '', { value: serdes.string }),
        ),
      restart,
    );
    expect(results.sort()).toEqual(['a@0/10=x', 'a@0/10=x2', 'a@10/20=y', 'b@10/20=6']);
  });

  it('folds them by sessions', async () => {
    const results = await runBoth(
      (builder) =>
        show(
          cogrouped(builder)
            .windowedBy(windows.session({ inactivityGapMs: 5, graceMs: 0 }))
            .aggregate(
              () => '',
              (_key, first, second) => first + second,
              { value: serdes.string },
            ),
        ),
      restart,
    );
    expect(results.sort()).toEqual(['a@1/1=null', 'a@1/1=x', 'a@1/2=x2', 'a@14/14=y', 'b@13/13=6']);
  });
});

describe('A windowed cogroup', () => {
  it('has lateness of its own for each input, and writes late records with their own serdes', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) =>
        show(
          cogrouped(builder)
            .windowedBy(windows.tumbling({ sizeMs: 10, graceMs: 0 }), { lateRecords: 'late' })
            .aggregate(() => '', { value: serdes.string }),
        ),
      ),
    );
    const clicks = driver.createInputTopic('clicks', text);
    const orders = driver.createInputTopic('orders', { key: serdes.string, value: serdes.int32 });
    await clicks.pipeInput('a', 'x', { timestamp: 50 });
    await orders.pipeInput('a', 7, { timestamp: 5 });
    await orders.pipeInput('a', 8, { timestamp: 25 });
    await orders.pipeInput('a', 9, { timestamp: 5 });
    const out = driver.createOutputTopic('out', text);
    expect(out.readKeyValuesToList().map(([key, value]) => `${key}=${value}`)).toEqual([
      'a@50/60=x',
      'a@0/10=8',
      'a@20/30=9',
    ]);
    const late = driver.createOutputTopic('late', { key: serdes.string, value: serdes.int32 });
    expect(late.readKeyValuesToList()).toEqual([['a', 9]]);
    await driver.close();
  });
});
