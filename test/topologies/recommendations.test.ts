import { serdes, StreamsBuilder } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import recommendations, { BEST, type Purchase, type Ranked } from '../../topologies/recommendations';
import { SeededRandom } from '../support/seeded-random';
import { documented, inputOf, outputOf } from './example';

const page = documented('recommendations');

test('is given the records that its page shows', () => {
  expect(inputOf('recommendations')).toEqual(page.input);
});

test('recommends what sold best at the time of the visit', async () => {
  expect(await outputOf('recommendations', recommendations, ['recommendations'])).toEqual(page.output);
});

test('writes the same when it is killed before each record and loses its state', async () => {
  const output = await outputOf('recommendations', recommendations, ['recommendations'], { restarts: true });
  expect(output).toEqual(page.output);
});

test('keeps the best three of each category, whatever the order of purchases', async () => {
  const random = new SeededRandom(7);
  const sold = new Map<string, Map<string, number>>();
  const builder = new StreamsBuilder();
  recommendations(builder);
  const driver = await TopologyTestDriver.open(builder.build());
  const purchases = driver.createInputTopic('purchases', { key: serdes.string, value: serdes.json<Purchase>() });
  for (let bought = 0; bought < 300; bought++) {
    const category = `c${random.between(0, 2)}`;
    const product = `p${random.between(0, 7)}`;
    const counts = sold.get(category) ?? new Map<string, number>();
    sold.set(category, counts.set(product, (counts.get(product) ?? 0) + 1));
    await purchases.pipeInput('u', { category, product });
    const best = [...counts]
      .sort(([a, soldA], [b, soldB]) => soldB - soldA || a.localeCompare(b))
      .slice(0, BEST)
      .map(([name, count]) => ({ product: name, sold: count }));
    expect(await driver.getKeyValueStore<string, Ranked[]>('best-sellers')!.get(category)).toEqual(best);
  }
  await driver.close();
});
