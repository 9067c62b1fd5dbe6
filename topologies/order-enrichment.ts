import type { StreamsBuilder } from 'millrace';
import { serdes } from 'millrace';

/** The key is the order's number. */
export interface Order {
  readonly id: string;
  readonly customer: string;
  readonly cents: number;
}

/** The key is the customer's number. */
export interface Customer {
  readonly name: string;
  readonly country: string;
}

export interface EnrichedOrder extends Order {
  readonly name: string;
  readonly country: string;
}

/** Adds to each order who ordered. Orders of customers that are not known go to a topic of their own. */
export default function orderEnrichment(builder: StreamsBuilder): void {
  const customers = builder.table<string, Customer | null>('customers', {
    key: serdes.string,
    value: serdes.json<Customer>(),
    store: 'customers',
  });

  const { unknown, known } = builder
    .stream('orders', { key: serdes.string, value: serdes.json<Order>() })
    .selectKey((_id, order) => order.customer)
    .leftJoin(customers, (order, customer) => ({ order, customer }), { key: serdes.string, name: 'by-customer' })
    .split()
    .branch('unknown', (_customer, { customer }) => customer === null)
    .defaultBranch('known');

  known
    .map((_customer, { order, customer }): [string, EnrichedOrder] => [order.id, { ...order, ...customer! }])
    .to('enriched-orders', { key: serdes.string, value: serdes.json<EnrichedOrder>() });

  unknown
    .map((_customer, { order }): [string, Order] => [order.id, order])
    .to('orders-without-customer', { key: serdes.string, value: serdes.json<Order>() });
}
