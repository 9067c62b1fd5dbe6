import type { KStream, SessionStore, TimestampedKeyValueStore, WindowStore } from '../../src/index';
import { serdes, stores, StreamsBuilder, windows, type ProcessorContext } from '../../src/index';
import { expectType } from './expect-type';

/* Compiled by `npm run types` and never run: what has to compile, and what must not. */

interface Order {
  readonly id: number;
}
interface Payment {
  readonly amount: number;
}

const builder = new StreamsBuilder();
const orders = builder.stream('orders', { key: serdes.string, value: serdes.json<Order>() });
const payments = builder.stream('payments', { key: serdes.string, value: serdes.json<Payment>() });
const window = windows.join({ timeDifferenceMs: 1, graceMs: 0 });

export function joinsInferTheirTypes(): void {
  expectType<KStream<string, number, 'key'>>()(
    orders.join(payments, (order, payment, key) => order.id + payment.amount + key.length, window),
    true,
  );
  expectType<KStream<string, number | undefined, 'key'>>()(
    orders.leftJoin(payments, (order, payment) => (order.id > 0 ? payment?.amount : 0), window),
    true,
  );
  expectType<KStream<string, number | undefined, 'key'>>()(
    orders.outerJoin(payments, (order, payment) => order?.id ?? payment?.amount, window),
    true,
  );
  // @ts-expect-error the payment may be missing
  orders.leftJoin(payments, (order, payment) => order.id + payment.amount, window);
  // @ts-expect-error the order may be missing
  orders.outerJoin(payments, (order) => order.id, window);
  const nullable = builder.stream<string | null, Order | null>('o', {
    key: serdes.string,
    value: serdes.json<Order>(),
  });
  expectType<KStream<string, number, 'key'>>()(
    nullable.join(nullable, (order, other, key) => order.id + other.id + key.length, window),
    true,
  );
  expectType<KStream<string | null, number, 'key'>>()(
    nullable.leftJoin(nullable, (order) => order.id, window),
    true,
  );
  // @ts-expect-error keys of two types cannot be equal
  orders.join(builder.stream('n', { key: serdes.int32, value: serdes.string }), (order) => order, window);
  // @ts-expect-error a join of streams needs its windows
  orders.join(payments, (order) => order);
  // @ts-expect-error the grace period has no default
  windows.join({ timeDifferenceMs: 1 });
}

export function joinsAskForSerdesWhereTheyAreNotKnown(): void {
  const ids = orders.mapValues((order) => order.id);
  const moved = orders.selectKey((_key, order) => String(order.id));
  const joiner = (): string => '';
  // @ts-expect-error the value's serde is not known
  ids.join(payments, joiner, window);
  ids.join(payments, joiner, window, { value: serdes.int32 });
  // @ts-expect-error the other value's serde is not known
  payments.join(ids, joiner, window);
  payments.join(ids, joiner, window, { otherValue: serdes.int32, name: 'j', store: 's', backend: 'memory' });
  // @ts-expect-error the key's serde is not known
  moved.join(payments, joiner, window);
  moved.join(payments, joiner, window, { key: serdes.string });
  // @ts-expect-error the serde is for another type
  ids.join(payments, joiner, window, { value: serdes.string });
}

export function deduplicationKeepsTypes(): void {
  expectType<KStream<string, Order>>()(orders.deduplicate({ withinMs: 1 }), true);
  expectType<KStream<string, Order>>()(
    orders.deduplicate({ withinMs: 1, graceMs: 2, id: (key, order) => `${key}${order.id}` }),
    true,
  );
  // @ts-expect-error the key's serde is not known
  orders.selectKey((key) => key).deduplicate({ withinMs: 1 });
  orders.selectKey((key) => key).deduplicate({ withinMs: 1, key: serdes.string });
  // @ts-expect-error the time has no default
  orders.deduplicate({});
  // @ts-expect-error an id is text
  orders.deduplicate({ withinMs: 1, id: (_key, order) => order.id });
}

export function definitionsSayTheTypesOfTheirStores(context: ProcessorContext<string, string>): void {
  const named = { name: 'store', key: serdes.string, value: serdes.json<Order>() };
  const times = { retentionMs: 2, windowSizeMs: 1 };
  expectType<WindowStore<string, Order>>()(context.store(stores.window({ ...named, ...times })), true);
  expectType<SessionStore<string, Order>>()(context.store(stores.session({ ...named, retentionMs: 2 })), true);
  expectType<TimestampedKeyValueStore<string, Order>>()(context.store(stores.timestampedKeyValue(named)), true);
  context.store(stores.keyValue(named)).put('key', { id: 1 });
  // @ts-expect-error the store has orders
  context.store(stores.keyValue(named)).put('key', 1);
  expectType<WindowStore<string, number>>()(context.store<WindowStore<string, number>>('w'), true);
  builder.addStore(stores.window({ ...named, ...times }));
  // @ts-expect-error a window store has to know how long to keep what
  stores.window(named);
}
