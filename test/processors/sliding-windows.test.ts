import { serdes, windows, type KGroupedStream, type StreamsBuilder } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { build, text } from '../topology/build';
import { disturbances, run, show, type Input } from './window-runs';

const grouped = (builder: StreamsBuilder): KGroupedStream<string, string> => builder.stream('in', text).groupByKey();
const sliding = windows.sliding({ timeDifferenceMs: 10, graceMs: 5 });

interface Basket {
  readonly items: string[];
}

describe('A sliding window', () => {
  it.each(disturbances)('ends at each record, and another begins behind it (%s)', async (_, options) => {
    const inputs: Input[] = [
      ['a', '1', 3],
      ['a', '2', 12],
      ['a', '3', 20],
      ['a', '4', 16],
      ['a', '5', 9],
      ['a', null, 21],
    ];
    const define = (builder: StreamsBuilder): void =>
      show(
        grouped(builder)
          .windowedBy(sliding)
          .reduce((all, value) => all + value),
      );
    expect(await run(define, inputs, options)).toEqual([
      ['a@0/10=1 at 3'],
      ['a@4/14=2 at 12', 'a@2/12=12 at 12'],
      ['a@13/23=3 at 20', 'a@10/20=23 at 20'],
      ['a@13/23=34 at 20', 'a@10/20=234 at 20', 'a@6/16=24 at 16', 'a@17/27=3 at 20'],
      ['a@6/16=245 at 16'],
      [],
    ]);
  });

  it.each(disturbances)('forwards each result once when it closes (%s)', async (_, options) => {
    const inputs: Input[] = [
      ['a', '1', 3],
      ['b', '2', 6],
      ['a', '3', 9],
      ['b', '4', 12],
      ['a', '5', 15],
      ['b', '6', 18],
      ['b', '7', 900],
    ];
    const define = (builder: StreamsBuilder): void =>
      show(grouped(builder).windowedBy(sliding, { emit: 'on-close' }).count());
    expect(await run(define, inputs, options)).toEqual([
      [],
      [],
      [],
      [],
      [],
      ['a@0/10=2 at 9', 'b@0/10=1 at 6', 'b@2/12=2 at 12'],
      ['a@4/14=1 at 9', 'a@5/15=2 at 15', 'b@7/17=1 at 12', 'b@8/18=2 at 18', 'a@10/20=1 at 15', 'b@13/23=1 at 18'],
    ]);
  });

  it('has an aggregate of its own, even if the aggregator changes what it is given', async () => {
    const results = await run(
      (builder) =>
        show(
          grouped(builder)
            .windowedBy(sliding)
            .aggregate(
              (): Basket => ({ items: [] }),
              (_key, value, basket) => {
                basket.items.push(value);
                return basket;
              },
              { value: serdes.json<Basket>() },
            )
            .toStream()
            .mapValues((basket) => basket.items.join(''))
            .groupByKey({
              key: serdes.timeWindowed(serdes.string, { sizeMs: 10 }),
              value: serdes.string,
            })
            .reduce((_before, latest) => latest, { value: serdes.string }),
        ),
      [
        ['a', '1', 20],
        ['a', '2', 25],
        ['a', '3', 22],
      ],
    );
    expect(results).toEqual([
      ['a@10/20=1 at 20'],
      ['a@21/31=2 at 25', 'a@15/25=12 at 25'],
      ['a@21/31=23 at 25', 'a@15/25=123 at 25', 'a@12/22=13 at 22', 'a@23/33=2 at 25'],
    ]);
  });

  it('is removed from its store when no record can reach it any more', async () => {
    const driver = await TopologyTestDriver.open(
      build((builder) => show(grouped(builder).windowedBy(sliding).count('counts'))),
    );
    const input = driver.createInputTopic('in', text);
    for (let timestamp = 100; timestamp < 1000; timestamp += 7) await input.pipeInput('a', '', { timestamp });
    const starts: number[] = [];
    for await (const { key } of driver.getWindowStore('counts')!.all()) starts.push(key.start);
    expect(Math.min(...starts)).toBeGreaterThan(880);
    expect(await driver.getWindowStore<string, number>('counts')!.fetch('a', 996 - 10)).toBe(2);
    await driver.close();
  });
});
