import type {
  AggregatingState,
  KGroupedStream,
  KnownSerdes,
  KStream,
  KTable,
  ListState,
  MapState,
  OperatorState,
  ProcessedKStream,
  Processor,
  ProcessorContext,
  ReducingState,
  ValueState,
} from '../../src/index';
import {
  aggregatingState,
  listState,
  mapState,
  operatorState,
  reducingState,
  serdes,
  sideOutput,
  stores,
  StreamsBuilder,
  valueState,
} from '../../src/index';
import { expectType } from './expect-type';

/* Compiled by `npm run types` and never run: what has to compile, and what must not. */

interface Click {
  readonly kind: 'click';
  readonly x: number;
}
interface View {
  readonly kind: 'view';
  readonly page: string;
}
type UserEvent = Click | View;
declare function isClick(event: UserEvent): event is Click;

const builder = new StreamsBuilder();
const text = builder.stream('text', { key: serdes.string, value: serdes.string });
const events = builder.stream(['events', 'more-events'], { key: serdes.int64, value: serdes.json<UserEvent>() });

export function serdesSayTheTypesOfASource(): void {
  expectType<KStream<string, string>>()(text, true);
  expectType<KStream<bigint, UserEvent>>()(events, true);
  builder.stream('text', {
    key: serdes.string,
    value: serdes.string,
    timestampExtractor: ({ key, value, timestamp }) => key.length + value.length + timestamp,
  });
  // @ts-expect-error a source without serdes
  builder.stream('text');
  // @ts-expect-error a source without a value serde
  builder.stream('text', { key: serdes.string });
}

export function operatorsInferTheirTypes(): void {
  expectType<KStream<string, number, 'key'>>()(
    text.mapValues((value) => value.length),
    true,
  );
  expectType<KStream<number, boolean, never>>()(
    text.map((key, value) => [key.length, value === key]),
    true,
  );
  expectType<KStream<string, number, 'key'>>()(
    text.flatMapValues((value) => new Set([value.length])),
    true,
  );
  expectType<KStream<number, string, never>>()(
    text.flatMap((key, value) => [[key.length, value] as const]),
    true,
  );
  expectType<KStream<number, string, 'value'>>()(
    text.selectKey((_key, value) => value.length),
    true,
  );
  expectType<KStream<string, string>>()(
    text.peek(() => undefined),
    true,
  );
  expectType<void>()(
    text.forEach(() => undefined),
    true,
  );
  // @ts-expect-error a value is text, not a number
  text.mapValues((value: number) => value);
  // @ts-expect-error a predicate answers with a boolean
  text.filter(() => 'yes');
}

export function typeGuardsNarrow(): void {
  expectType<KStream<bigint, Click>>()(
    events.filter((_key, event) => isClick(event)),
    true,
  );
  expectType<KStream<bigint, View>>()(
    events.filterNot((_key, event): event is Click => isClick(event)),
    true,
  );
  const { clicks, rest } = events
    .split()
    .branch('clicks', (_key, event) => isClick(event))
    .defaultBranch('rest');
  expectType<KStream<bigint, Click>>()(clicks, true);
  expectType<KStream<bigint, View>>()(rest, true);
}

export function branchesHaveTheirNames(): void {
  const branches = text
    .split({ name: 'length' })
    .branch('short', (_key, value) => value.length < 10)
    .branch('long', (_key, value) => value.length > 100)
    .defaultBranch();
  expectType<KStream<string, string>>()(branches.short, true);
  expectType<KStream<string, string>>()(branches.long, true);
  expectType<KStream<string, string>>()(branches.default, true);
  // @ts-expect-error there is no branch of that name
  void branches.middle;
  const ended = text
    .split()
    .branch('short', () => true)
    .noDefaultBranch();
  // @ts-expect-error there is no default branch
  void ended.default;
}

export function nullsHaveToBeAskedForAndAreThenTyped(): void {
  const nullable = builder.stream<string | null, string | null>('text', { key: serdes.string, value: serdes.string });
  // @ts-expect-error the value may be null
  nullable.mapValues((value) => value.length);
  expectType<KStream<string | null, string>>()(
    nullable.filter((_key, value) => value !== null),
    true,
  );
  expectType<KGroupedStream<string, string, KnownSerdes, string | null>>()(nullable.groupByKey(), true);
  expectType<KStream<string, string | null>>()(nullable.repartition(), true);
  nullable.to('out', { value: serdes.string });
}

export function aSerdeIsAskedForWhereItIsNotKnown(): void {
  text.to('out');
  text.mapValues((value) => value.length).to('out', { value: serdes.int32 });
  // @ts-expect-error the value's serde is not known
  text.mapValues((value) => value.length).to('out');
  // @ts-expect-error the serde is for another type
  text.mapValues((value) => value.length).to('out', { value: serdes.string });
  // @ts-expect-error the key's serde is not known
  text.selectKey((key) => key.length).to('out');
  text.selectKey((key) => key.length).to('out', { key: serdes.int32 });
  // @ts-expect-error the value's serde is not known
  text.map((key, value) => [value, key]).to('out', { key: serdes.string });

  // @ts-expect-error a new key needs a serde
  text.groupBy((_key, value) => value.length);
  text.groupBy((_key, value) => value.length, { key: serdes.int32 });
  // @ts-expect-error the value's serde is not known
  text.flatMapValues((value) => [value.length]).groupBy((key) => key, { key: serdes.string });
  // @ts-expect-error the key has changed, so its serde is not known
  text.selectKey((key) => key.length).groupByKey();
  text.selectKey((key) => key.length).groupByKey({ key: serdes.int32 });
  // @ts-expect-error the records will be repartitioned, which takes a value serde too
  text.map((key, value) => [value.length, key.length]).groupByKey({ key: serdes.int32 });

  // @ts-expect-error both serdes are unknown
  text.map((key, value) => [value, key]).repartition();
  expectType<KStream<string, string>>()(
    text.map((key, value) => [value, key]).repartition({ key: serdes.string, value: serdes.string }),
    true,
  );
}

export function aggregationsInferTheirTypes(): void {
  const grouped = text.groupByKey();
  expectType<KTable<string, number>>()(grouped.count(), true);
  expectType<KTable<string, number>>()(grouped.count('counts'), true);
  expectType<KStream<string, number>>()(grouped.count({ store: 'counts', backend: 'memory' }).toStream(), true);
  expectType<KStream<number, number, 'value'>>()(
    grouped.count().toStream((key) => key.length),
    true,
  );
  expectType<KTable<string, string>>()(
    grouped.reduce((one, other) => one + other),
    true,
  );
  expectType<KTable<string, string | null>>()(
    grouped.reduce((one, other) => (other === '' ? null : one)),
    true,
  );
  expectType<KTable<string, Set<string>>>()(
    grouped.aggregate(
      () => new Set<string>(),
      (_key, value, seen) => seen.add(value),
      { value: serdes.json<Set<string>>() },
    ),
    true,
  );
  expectType<KTable<string, number | null>>()(
    grouped.aggregate(
      () => 0,
      (_key, value, total) => (value === '' ? undefined : total + value.length),
      { value: serdes.float64, store: 'totals' },
    ),
    true,
  );
  const lengths = text.mapValues((value) => value.length).groupByKey();
  lengths.count();
  // @ts-expect-error the value's serde is not known
  lengths.reduce((one, other) => one + other);
  lengths.reduce((one, other) => one + other, { value: serdes.float64 });
  grouped.aggregate(
    () => 0,
    () => 1,
    // @ts-expect-error an aggregate needs a value serde
    { store: 'totals' },
  );
  grouped.aggregate(
    // @ts-expect-error the aggregate is a number
    () => 'nothing',
    () => 1,
    { value: serdes.float64 },
  );
}

class Lengths implements Processor<string, string, string, number> {
  private context!: ProcessorContext<string, number>;

  init(context: ProcessorContext<string, number>): void {
    this.context = context;
  }

  async process({ key, value }: { key: string; value: string }): Promise<void> {
    const balances = this.context.store<string, number>('balances');
    balances.put(key, (await balances.get(key)) ?? 0);
    await this.context.forward(key, value.length);
  }
}

export function processorsAreChecked(): void {
  builder.addStore(stores.keyValue({ name: 'balances', key: serdes.string, value: serdes.float64 }));
  expectType<ProcessedKStream<string, number, never>>()(
    text.process(() => new Lengths(), { stores: ['balances'] }),
    true,
  );
  expectType<ProcessedKStream<string, number, 'key'>>()(
    text.processValues(() => new Lengths(), { stores: ['balances'] }),
    true,
  );
  // @ts-expect-error the processor takes text keys
  events.process(() => new Lengths());
}

export function functionsCanTakeAndReturnStreams(): void {
  const copy = (stream: KStream<string, string>): void => stream.to('copy');
  copy(text);
  const double = <K, V, S extends KnownSerdes>(stream: KStream<K, V, S>) =>
    stream.flatMapValues((value) => [value, value]);
  expectType<KStream<string, string, 'key'>>()(double(text), true);
  // @ts-expect-error the function writes the stream, and the value's serde is not known
  copy(text.mapValues((value) => value));
}

export function mergedStreamsAgreeInTheirTypes(): void {
  expectType<KStream<string, string>>()(text.merge(text), true);
  expectType<KStream<string, string, 'key'>>()(text.merge(text.mapValues((value) => value)), true);
  // @ts-expect-error the other stream has numbers
  text.merge(text.mapValues((value) => value.length));
}

export function partitionersSeeKeyAndValue(): void {
  text.to((key, value) => `${key}-${value}`, {
    partitioner: (key, value, count) => (key.length + value.length) % count,
  });
  text.to('out', { name: 'writer', key: serdes.string });
  // @ts-expect-error there is no such option
  text.to('out', { partitions: 3 });
}

export function statesInferTheirTypes(): void {
  const last = valueState({ name: 'last', value: serdes.string, ttl: { ms: 1 } });
  const fields = mapState({ name: 'fields', key: serdes.int32, value: serdes.json<UserEvent>() });
  const mean = aggregatingState({
    name: 'mean',
    accumulator: serdes.json<{ sum: number; count: number }>(),
    aggregate: {
      createAccumulator: () => ({ sum: 0, count: 0 }),
      add: (value: number, accumulator) => ({ sum: accumulator.sum + value, count: accumulator.count + 1 }),
      getResult: ({ sum, count }) => `${sum / count}`,
    },
  });
  const largest = reducingState({ name: 'largest', value: serdes.float64, reduce: (a, b) => Math.max(a, b) });
  const offsets = operatorState({ name: 'offsets', value: serdes.json<number[]>() });
  text.process<string, number>(
    () => ({
      init: (context) => {
        expectType<ValueState<string>>()(context.state(last), true);
        expectType<MapState<number, UserEvent>>()(context.state(fields), true);
        expectType<AggregatingState<number, string>>()(context.state(mean), true);
        expectType<ReducingState<number>>()(context.state(largest), true);
        expectType<ListState<bigint>>()(context.state(listState({ name: 'list', value: serdes.int64 })), true);
        expectType<OperatorState<number[]>>()(context.state(offsets), true);
        // @ts-expect-error the state holds text
        context.state(last).update(5);
        // @ts-expect-error no such clock
        context.schedule(1, 'event-time', () => undefined);
      },
      process: () => undefined,
      onTimer: (_timestamp, { currentKey }) => {
        expectType<string>()(currentKey, true);
      },
    }),
    { states: [last, fields, mean, largest, offsets], timers: true },
  );
  // @ts-expect-error the keys are text
  text.process(() => new Lengths(), { timers: true, key: serdes.int32 });
  // @ts-expect-error a time to live without a time
  valueState({ name: 'last', value: serdes.string, ttl: {} });
  // @ts-expect-error the result is not of the value's type
  reducingState({ name: 'largest', value: serdes.float64, reduce: (a, b) => `${a}${b}` });
}

export function sideOutputsAreStreams(): void {
  const views = sideOutput({ name: 'views', key: serdes.int64, value: serdes.json<View>() });
  const processed = text.process<string, number>(() => ({
    init: (context) => {
      void context.output(views, 5n, { kind: 'view', page: '/' });
      // @ts-expect-error the side output has other values
      void context.output(views, 5n, 'page');
    },
    process: () => undefined,
  }));
  expectType<KStream<bigint, View>>()(processed.sideOutput(views), true);
  // @ts-expect-error only a processor has side outputs
  void text.sideOutput;
}

export function timestampsAreChosen(): void {
  builder.stream('text', { key: serdes.string, value: serdes.string, timestampExtractor: 'wall-clock' });
  builder.stream('text', {
    key: serdes.string,
    value: serdes.string,
    timestampExtractor: (record, partitionTime) => Math.max(record.value.length, partitionTime),
    onInvalidTimestamp: 'use-partition-time',
  });
  // @ts-expect-error no such clock
  builder.stream('text', { key: serdes.string, value: serdes.string, timestampExtractor: 'stream-time' });
}
