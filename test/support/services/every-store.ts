import { serdes } from '../../../src/serde/serdes';
import type { StreamRecord } from '../../../src/serde/record';
import type { Windowed } from '../../../src/serde/windowed';
import type { KStream } from '../../../src/topology/dsl';
import type { KnownSerdes } from '../../../src/topology/dsl-options';
import type {
  AggregatingState,
  ListState,
  MapState,
  OperatorState,
  ReducingState,
  ValueState,
} from '../../../src/topology/keyed-state';
import type {
  KeyValueStore,
  Processor,
  ProcessorContext,
  TimestampedKeyValueStore,
} from '../../../src/topology/processor-api';
import {
  aggregatingState,
  listState,
  mapState,
  operatorState,
  reducingState,
  valueState,
} from '../../../src/topology/state-descriptors';
import type { SessionStore, WindowStore } from '../../../src/topology/store-api';
import { stores } from '../../../src/topology/stores';
import type { StreamsBuilder } from '../../../src/topology/streams-builder';
import { suppress } from '../../../src/topology/suppression';
import type { VersionedKeyValueStore } from '../../../src/topology/versioned-store-api';
import { windows } from '../../../src/topology/windows';

/** Topics of {@link everyStore}, with text in them. */
export interface EveryStoreTopics {
  /** Values begin with `l` or `r`: the side of the stream join. */
  readonly input: string;
  /** The same records once more, for a join of tables: its topics in between would move the time of tasks that read `input`. */
  readonly changes: string;
  /** Of a global table; its keys are values of the input. */
  readonly rows: string;
  /** Values begin with the name of the operator that they come from, and a blank. */
  readonly output: string;
}

const text = { key: serdes.string, value: serdes.string };
const RETENTION_MS = 4_000;
/** Kinds of stores that are asked for in a processor. */
const OWN = {
  plain: stores.keyValue({ name: 'plain', ...text, value: serdes.int64AsNumber }),
  memory: stores.keyValue({ name: 'memory', ...text, value: serdes.int64AsNumber, backend: 'memory' }),
  timestamped: stores.timestampedKeyValue({ name: 'timestamped', ...text }),
  window: stores.window({ name: 'window', ...text, retentionMs: RETENTION_MS, windowSizeMs: 100 }),
  many: stores.window({
    ...{ name: 'many', ...text, retentionMs: RETENTION_MS, windowSizeMs: 100 },
    retainDuplicates: true,
  }),
  windowInMemory: stores.window({
    ...{ name: 'window-in-memory', ...text, retentionMs: RETENTION_MS, windowSizeMs: 100 },
    backend: 'memory',
  }),
  session: stores.session({ name: 'session', ...text, retentionMs: RETENTION_MS }),
  versioned: stores.versionedKeyValue({ name: 'versioned', ...text, historyRetentionMs: RETENTION_MS }),
};

const STATES = {
  living: valueState({ name: 'living', value: serdes.string, ttl: { ms: 500, time: 'event-time' } }),
  list: listState({ name: 'list', value: serdes.string }),
  map: mapState({ name: 'map', ...text }),
  reduced: reducingState({ name: 'reduced', value: serdes.string, reduce: (all, one) => (all < one ? one : all) }),
  sum: aggregatingState({
    name: 'sum',
    accumulator: serdes.int64AsNumber,
    aggregate: {
      createAccumulator: () => 0,
      add: (value: string, sum: number) => sum + value.length,
      getResult: (sum) => sum,
    },
  }),
  total: operatorState({ name: 'total', value: serdes.int64AsNumber }),
};

/** One of everything that keeps state. What comes out tells what was found in it. */
export default function everyStore(builder: StreamsBuilder, { input, changes, rows, output }: EveryStoreTopics): void {
  for (const definition of Object.values(OWN)) builder.addStore(definition);
  const records = builder.stream(input, text);
  const show = <V, S extends KnownSerdes>(name: string, results: KStream<string, V, S>): void => {
    const lines: unknown = results.mapValues((value) => `${name} ${String(value)}`);
    (lines as KStream<string, string>).to(output, text);
  };
  const ofWindow = ({ key, start, end }: Windowed<string>): string => `${key}@${start}/${end}`;

  show(
    'own',
    records.process<string, string>(() => new OwnStores(), { stores: Object.values(OWN).map(({ name }) => name) }),
  );
  show(
    'states',
    records.process<string, string>(() => new States(), {
      ...{ name: 'states', states: Object.values(STATES), timers: true },
    }),
  );

  const byKey = records.groupByKey();
  const tumbling = windows.tumbling({ sizeMs: 200, graceMs: 100 });
  show('count', byKey.count('count').toStream());
  show('tumbling', byKey.windowedBy(tumbling).count('tumbling').toStream(ofWindow));
  show(
    'hopping',
    byKey
      .windowedBy(windows.hopping({ sizeMs: 200, advanceMs: 100, graceMs: 100 }))
      .count({ store: 'hopping', backend: 'memory' })
      .toStream(ofWindow),
  );
  show(
    'sliding',
    byKey
      .windowedBy(windows.sliding({ timeDifferenceMs: 200, graceMs: 100 }))
      .count('sliding')
      .toStream(ofWindow),
  );
  show(
    'sessions',
    byKey
      .windowedBy(windows.session({ inactivityGapMs: 300, graceMs: 100 }))
      .count('sessions')
      .toStream(ofWindow),
  );
  show(
    'closed',
    byKey
      .windowedBy(tumbling)
      .count('to-close')
      .suppress(suppress.untilWindowCloses(), { store: 'closed' })
      .toStream(ofWindow),
  );
  show(
    'held',
    byKey
      .count('to-hold')
      .suppress(suppress.untilTimeLimit({ ms: 300 }), { store: 'held' })
      .toStream(),
  );

  const [left, right] = [
    records.filter((_key, value) => value.startsWith('l')),
    records.filter((_key, value) => value.startsWith('r')),
  ];
  const both = (one: string | null, other: string | null): string => `${one ?? '-'}+${other ?? '-'}`;
  const near = windows.join({ timeDifferenceMs: 100, graceMs: 100 });
  show('outer', left.outerJoin(right, both, near, { store: 'outer' }));
  show('outer-in-memory', left.outerJoin(right, both, near, { store: 'outer-in-memory', backend: 'memory' }));
  show('deduplicated', records.deduplicate({ withinMs: 300, id: (_key, value) => value, store: 'deduplicated' }));

  const history = right.toTable({ store: 'history', versioned: { historyRetentionMs: RETENTION_MS } });
  show('as-of', left.join(history, both, { name: 'as-of', graceMs: 200 }));
  show(
    'global',
    records.leftJoin(builder.globalTable(rows, text), (_key, value) => value, both),
  );

  // Through repartition topics.
  const change = builder.stream(changes, text);
  const lefts = change.filter((_key, value) => value.startsWith('l')).toTable('lefts');
  const rights = change.filter((_key, value) => value.startsWith('r')).toTable('rights');
  show(
    'foreign',
    lefts.leftJoin(rights, (value) => `k${value.slice(1)}`, both, { ...text, store: 'foreign' }).toStream(),
  );
  show(
    'regrouped',
    records
      .groupBy((_key, value) => value, text)
      .count('regrouped')
      .toStream(),
  );
}

class OwnStores implements Processor<string, string, string, string> {
  private context!: ProcessorContext<string, string>;
  private plain!: KeyValueStore<string, number>;
  private memory!: KeyValueStore<string, number>;
  private timestamped!: TimestampedKeyValueStore<string, string>;
  private windows!: WindowStore<string, string>[];
  private session!: SessionStore<string, string>;
  private versioned!: VersionedKeyValueStore<string, string>;

  init(context: ProcessorContext<string, string>): void {
    this.context = context;
    this.plain = context.store(OWN.plain);
    this.memory = context.store(OWN.memory);
    this.timestamped = context.store(OWN.timestamped);
    this.windows = [OWN.window, OWN.many, OWN.windowInMemory].map((definition) => context.store(definition));
    this.session = context.store(OWN.session);
    this.versioned = context.store<VersionedKeyValueStore<string, string>>('versioned');
  }

  async process({ key, value, timestamp }: StreamRecord<string, string>): Promise<void> {
    const start = timestamp - (timestamp % 100);
    const found: unknown[] = [
      await this.plain.get(key),
      await this.memory.get(key),
      await this.timestamped.get(key),
      await listOf(this.session.fetch(key)),
      await this.versioned.get(key),
      await this.versioned.get(key, timestamp - 700),
    ];
    for (const window of this.windows) found.push(await listOf(window.fetch(key, start - 500, start + 500)));
    this.plain.put(key, ((await this.plain.get(key)) ?? 0) + 1);
    this.memory.put(key, ((await this.memory.get(key)) ?? 0) + 1);
    this.timestamped.put(key, { value, timestamp });
    for (const window of this.windows) window.put(key, value, start);
    this.session.put({ key, start, end: start + 50 }, value);
    await this.versioned.put(key, value, timestamp);
    await this.context.forward(key, JSON.stringify(found));
  }
}

class States implements Processor<string, string, string, string> {
  private context!: ProcessorContext<string, string>;
  private living!: ValueState<string>;
  private list!: ListState<string>;
  private map!: MapState<string, string>;
  private reduced!: ReducingState<string>;
  private sum!: AggregatingState<string, number>;
  private total!: OperatorState<number>;
  private seen = 0;

  init(context: ProcessorContext<string, string>): void {
    this.context = context;
    this.living = context.state(STATES.living);
    this.list = context.state(STATES.list);
    this.map = context.state(STATES.map);
    this.reduced = context.state(STATES.reduced);
    this.sum = context.state(STATES.sum);
    this.total = context.state(STATES.total);
    this.seen = this.total.value() ?? 0;
  }

  async process({ key, value, timestamp }: StreamRecord<string, string>): Promise<void> {
    const found = [
      this.living.value(),
      this.list.get(),
      await listOf(this.map.entries()),
      this.reduced.get(),
      this.sum.get(),
      ++this.seen,
    ];
    this.living.update(value);
    this.list.update([...this.list.get(), value].slice(-3));
    this.map.put(value.slice(0, 2), value);
    this.reduced.add(value);
    this.sum.add(value);
    this.context.timers.registerEventTimeTimer(timestamp + 400);
    await this.context.forward(key, JSON.stringify(found));
  }

  async onTimer(timestamp: number, { currentKey }: { readonly currentKey: string }): Promise<void> {
    await this.context.forward(currentKey, JSON.stringify([timestamp, this.living.value()]));
  }

  snapshotState(): void {
    this.total.update(this.seen);
  }
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
