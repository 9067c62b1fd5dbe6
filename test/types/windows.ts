import type { KCogroupedStream, KTable, Windowed } from '../../src/index';
import { serdes, StreamsBuilder, suppress, windows } from '../../src/index';
import { expectType } from './expect-type';

/* Compiled by `npm run types` and never run: what has to compile, and what must not. */

const builder = new StreamsBuilder();
const grouped = builder.stream('in', { key: serdes.string, value: serdes.string }).groupByKey();
const tumbling = windows.tumbling({ sizeMs: 1, graceMs: 0 });
const session = windows.session({ inactivityGapMs: 1, graceMs: 0 });

export function graceIsAlwaysExplicit(): void {
  // @ts-expect-error no grace
  windows.tumbling({ sizeMs: 1 });
  // @ts-expect-error no grace
  windows.hopping({ sizeMs: 2, advanceMs: 1 });
  // @ts-expect-error no grace
  windows.sliding({ timeDifferenceMs: 1 });
  // @ts-expect-error no grace
  windows.session({ inactivityGapMs: 1 });
}

export function windowedTablesHaveWindowedKeys(): void {
  expectType<KTable<Windowed<string>, number>>()(grouped.windowedBy(tumbling).count(), true);
  expectType<KTable<Windowed<string>, number | null>>()(grouped.windowedBy(session).count(), true);
  expectType<KTable<Windowed<string>, string>>()(
    grouped.windowedBy(tumbling).reduce((one, other) => one + other),
    true,
  );
  expectType<KTable<Windowed<string>, number>>()(
    grouped.windowedBy(tumbling, { emit: 'on-close', lateRecords: 'late' }).aggregate(
      () => 0,
      (_key, value, sum) => sum + value.length,
      { value: serdes.int32 },
    ),
    true,
  );
  expectType<KTable<Windowed<string>, number | null>>()(
    grouped.windowedBy(session).aggregate(
      () => 0,
      (_key, value, sum) => sum + value.length,
      (_key, first, second) => first + second,
      { value: serdes.int32 },
    ),
    true,
  );
  grouped
    .windowedBy(tumbling)
    .count()
    .toStream(({ key, start, end }) => `${key.length} ${start + end}`);
  // @ts-expect-error sessions need a merger
  grouped.windowedBy(session).aggregate(
    () => 0,
    (_key, _value, sum) => sum,
    { value: serdes.int32 },
  );
  // @ts-expect-error an aggregate needs a serde
  grouped.windowedBy(tumbling).aggregate(
    () => 0,
    (_key, _value, sum) => sum,
  );
  // @ts-expect-error results come on update or on close
  grouped.windowedBy(tumbling, { emit: 'sometimes' });
}

export function windowsSayWhichValuesMayBeMissing(): void {
  const nullable = builder
    .stream<string, string | null>('nullable', { key: serdes.string, value: serdes.string })
    .groupByKey();
  // @ts-expect-error Kafka Streams hands records without a value to windowed reducers too
  nullable.windowedBy(tumbling).reduce((one, other) => one + other.toUpperCase());
  nullable.windowedBy(tumbling).reduce((one, other) => one + (other ?? ''));
  nullable
    .windowedBy(windows.sliding({ timeDifferenceMs: 1, graceMs: 0 }))
    .reduce((one, other) => one + other.toUpperCase());
}

export function aSerdeIsAskedForWhereItIsNotKnown(): void {
  const lengths = builder
    .stream('in', { key: serdes.string, value: serdes.string })
    .mapValues((value) => value.length)
    .groupByKey();
  // @ts-expect-error the value's serde is not known
  lengths.windowedBy(tumbling).reduce((one, other) => one + other);
  lengths.windowedBy(tumbling).reduce((one, other) => one + other, { value: serdes.int32 });
}

export function windowsCloseForWindowedKeysOnly(): void {
  const counts = grouped.windowedBy(tumbling).count();
  expectType<KTable<Windowed<string>, number>>()(counts.suppress(suppress.untilWindowCloses({ maxRecords: 1 })), true);
  counts.suppress(suppress.untilTimeLimit({ ms: 5 }));
  grouped.count().suppress(suppress.untilTimeLimit({ ms: 5, whenFull: 'fail' }));
  // @ts-expect-error these keys have no windows
  grouped.count().suppress(suppress.untilWindowCloses());
  // @ts-expect-error a last result cannot come early
  suppress.untilWindowCloses({ whenFull: 'emit-early' });
}

export function cogroupsHaveOneAggregateForValuesOfSeveralTypes(): void {
  const numbers = builder.stream('numbers', { key: serdes.string, value: serdes.int32 }).groupByKey();
  const cogrouped = grouped
    .cogroup((_key, value, total: number) => total + value.length)
    .cogroup(numbers, (_key, value, total) => total + value);
  expectType<KCogroupedStream<string, number>>()(cogrouped, true);
  expectType<KTable<string, number | null>>()(
    cogrouped.aggregate(() => 0, { value: serdes.int32 }),
    true,
  );
  expectType<KTable<Windowed<string>, number | null>>()(
    cogrouped.windowedBy(tumbling).aggregate(() => 0, { value: serdes.int32 }),
    true,
  );
  // @ts-expect-error another type of aggregate
  cogrouped.cogroup(numbers, (_key, value, total: string) => total + String(value));
  // @ts-expect-error another type of key
  cogrouped.cogroup(builder.stream('x', { key: serdes.int32, value: serdes.int32 }).groupByKey(), (_k, _v, t) => t);
  // @ts-expect-error sessions need a merger
  cogrouped.windowedBy(session).aggregate(() => 0, { value: serdes.int32 });
}
