import orderEnrichment from '../../topologies/order-enrichment';
import { documented, inputOf, outputOf } from './example';

const page = documented('order-enrichment');

test('is given the records that its page shows', () => {
  expect(inputOf('order-enrichment')).toEqual(page.input);
});

test('joins each order with the customer of its time', async () => {
  expect(await outputOf('order-enrichment', orderEnrichment, ['enriched-orders', 'orders-without-customer'])).toEqual(
    page.output,
  );
});

test('writes the same when it is killed before each record and loses its state', async () => {
  const output = await outputOf('order-enrichment', orderEnrichment, ['enriched-orders', 'orders-without-customer'], {
    restarts: true,
  });
  expect(output).toEqual(page.output);
});
