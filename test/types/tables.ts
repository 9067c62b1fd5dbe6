import type { GlobalKTable, KGroupedTable, KStream, KTable, ValueTransformer } from '../../src/index';
import { serdes, StreamsBuilder } from '../../src/index';
import { expectType } from './expect-type';

/* Compiled by `npm run types` and never run: what has to compile, and what must not. */

interface Order {
  readonly customer: bigint;
  readonly amount: number;
}
interface Customer {
  readonly name: string;
}

const builder = new StreamsBuilder();
const orders = builder.table('orders', { key: serdes.string, value: serdes.json<Order>() });
const deletable = builder.table<string, Order | null>('deletable', { key: serdes.string, value: serdes.json<Order>() });
const customers = builder.table('customers', { key: serdes.int64, value: serdes.json<Customer>() });
const countries = builder.globalTable('countries', { key: serdes.string, value: serdes.json<Customer>() });
const text = builder.stream('text', { key: serdes.string, value: serdes.string });

export function tablesInferTheirTypes(): void {
  expectType<KTable<string, Order>>()(orders, true);
  expectType<KTable<string, Order | null>>()(deletable, true);
  expectType<GlobalKTable<string, Customer>>()(countries, true);
  expectType<KStream<string, Order>>()(orders.toStream(), true);
  expectType<KStream<string, Order | null>>()(deletable.toStream(), true);
  expectType<KTable<string, string>>()(text.toTable(), true);
  // @ts-expect-error a table without serdes
  builder.table('orders');
  // @ts-expect-error a versioned table says for how long
  builder.table('orders', { key: serdes.string, value: serdes.json<Order>(), versioned: {} });
  // @ts-expect-error the key's serde is not known
  text.selectKey((key) => key.length).toTable();
  expectType<KTable<number, string>>()(text.selectKey((key) => key.length).toTable({ key: serdes.int32 }), true);
}

export function deletionsAreNullOutsideAndNeverInFunctions(): void {
  expectType<KTable<string, Order | null>>()(
    deletable.filter((_key, order) => order.amount > 0),
    true,
  );
  // What does not pass any more is deleted.
  expectType<KTable<string, Order | null>>()(
    orders.filterNot((_key, order) => order.amount > 0),
    true,
  );
  expectType<KTable<string, number, 'key'>>()(
    orders.mapValues((order) => order.amount),
    true,
  );
  expectType<KTable<string, number | null, 'key'>>()(
    deletable.mapValues((order) => order.amount),
    true,
  );
  expectType<KTable<string, number>>()(
    orders.mapValues((order) => order.amount, { value: serdes.float64, store: 'amounts' }),
    true,
  );
  // @ts-expect-error a store needs the values' serde
  orders.mapValues((order) => order.amount, { store: 'amounts' });
  // @ts-expect-error the serde is for another type
  orders.mapValues((order) => order.amount, { value: serdes.string });
  const amounts = orders.mapValues((order) => order.amount).toStream();
  // @ts-expect-error the value's serde is not known
  amounts.to('amounts');
}

export function transformersAreChecked(): void {
  const transformer: ValueTransformer<string, Order, number> = { transform: (_key, order) => order?.amount };
  expectType<KTable<string, number | null>>()(
    orders.transformValues(() => transformer, { value: serdes.float64, stores: ['seen'] }),
    true,
  );
  // @ts-expect-error the transformer takes orders
  customers.transformValues(() => transformer);
}

export function groupedTablesAreChecked(): void {
  const grouped = orders.groupBy((_key, order) => [order.customer, order.amount] as const, {
    key: serdes.int64,
    value: serdes.float64,
  });
  expectType<KGroupedTable<bigint, number>>()(grouped, true);
  expectType<KTable<bigint, number>>()(grouped.count('counts'), true);
  expectType<KTable<bigint, number>>()(
    grouped.reduce(
      (sum, amount) => sum + amount,
      (sum, amount) => sum - amount,
    ),
    true,
  );
  expectType<KTable<bigint, string | null>>()(
    grouped.aggregate(
      () => '',
      (_key, amount, all) => all + amount,
      () => null,
      { value: serdes.string },
    ),
    true,
  );
  // @ts-expect-error the new keys and values need serdes
  orders.groupBy((_key, order) => [order.customer, order.amount]);
  const add = (sum: number, amount: number): number => sum + amount;
  // @ts-expect-error a subtractor is needed
  grouped.reduce(add);
}

export function joinsInferTheirTypes(): void {
  expectType<KStream<string, number, 'key'>>()(
    text.join(orders, (value, order, key) => value.length + order.amount + key.length),
    true,
  );
  expectType<KStream<string, number | undefined, 'key'>>()(
    text.leftJoin(deletable, (_value, order) => order?.amount),
    true,
  );
  expectType<KStream<string, string, 'key'>>()(
    text.join(
      countries,
      (_key, value) => value,
      (_value, country) => country.name,
    ),
    true,
  );
  expectType<KTable<string, number, 'key'>>()(
    orders.join(text.toTable(), (order, value) => order.amount + value.length),
    true,
  );
  expectType<KTable<string, string | null>>()(
    deletable.leftJoin(orders, (_left, right) => (right === null ? 'none' : 'some'), { value: serdes.string }),
    true,
  );
  expectType<KTable<string, boolean, 'key'>>()(
    orders.outerJoin(text.toTable(), (order, value) => order === null || value === null),
    true,
  );
  expectType<KTable<string, string | null, 'key'>>()(
    orders.join(
      customers,
      (order) => order.customer,
      (_order, customer) => customer.name,
    ),
    true,
  );
  expectType<KTable<string, string | undefined, 'key'>>()(
    orders.leftJoin(
      customers,
      (order, key) => (key === '' ? null : order.customer),
      (_order, customer) => customer?.name,
    ),
    true,
  );
  // @ts-expect-error the tables have keys of different types
  orders.join(customers, () => 1);
  // @ts-expect-error a customer's key is not a number of that kind
  orders.join(
    customers,
    (order) => order.amount,
    () => 1,
  );
  // @ts-expect-error the table has keys of another type than the stream
  text.join(customers, () => 1);
  // @ts-expect-error there may be no row
  text.leftJoin(orders, (_value, order) => order.amount);
  // @ts-expect-error the stream's key has changed, so its serde is not known
  text.selectKey((_key, value) => value).join(orders, () => 1);
  text.selectKey((_key, value) => value).join(orders, () => 1, { key: serdes.string });
}
