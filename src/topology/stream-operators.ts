import type { Serde } from '../serde/serde';
import {
  asyncSettings,
  callForRecords,
  callForValue,
  callForValues,
  type AsyncOperator,
  type ErasedAsyncOptions,
} from './async-operator';
import { BranchedStreamOperators } from './branched-stream-operators';
import { addDeduplication, type ErasedDeduplicateOptions } from './deduplicate-operators';
import type { KGroupedStream, KStream, ProcessedKStream } from './dsl';
import type { Erased, ErasedOptions, ErasedPredicate } from './erased';
import { ForeignStreamError, IllegalNameError } from './errors';
import type { TopicNameExtractor } from './graph';
import { GroupedStreamOperators } from './grouped-stream-operators';
import { isLegalName } from './node-names';
import { keepsKey } from './operators';
import type { FlatMapOperator, FlatMapValuesOperator, MapOperator, MapValuesOperator, Operator } from './operators';
import type { PeekOperator, ProcessOperator, SelectKeyOperator } from './operators';
import type { JoinWindows } from './join-windows';
import type { JoinType, StreamJoin } from './stream-join';
import { addStreamJoin, type ErasedJoinOptions } from './stream-join-operators';
import { placeStates } from './place-states';
import type { SideOutput } from './side-output';
import type { StreamPosition } from './stream-position';
import { GlobalTableOperators } from './global-table';
import { joinStreamWithTable } from './stream-table-join';
import type { StreamGlobalTableJoinOperator, StreamTableJoinOperator } from './table-node-operators';
import { tableOfRecords, TableOperators } from './table-operators';
import { externalTopic } from './topics';
import type { TopologyDraft } from './topology-draft';
import { windowedPartitioner } from './windowed-partitioner';

type TableJoinArguments = readonly [joiner: StreamTableJoinOperator['joiner'], options?: ErasedOptions];
type GlobalJoinArguments = readonly [
  selector: StreamGlobalTableJoinOperator['selector'],
  joiner: StreamGlobalTableJoinOperator['joiner'],
  options?: ErasedOptions,
];
type JoinArguments = TableJoinArguments | GlobalJoinArguments;
/** What a join of two streams is called with, beside the other stream. */
type StreamJoinCall = readonly [joiner: Joiner, windows: JoinWindows, options?: ErasedJoinOptions];

/** The stream that stands at a position. Its types are the caller's to know. */
export function streamAt(draft: TopologyDraft, position: StreamPosition): KStream<unknown, unknown> {
  return new StreamOperators(draft, position) as unknown as KStream<unknown, unknown>;
}

type Joiner = StreamJoin['joiner'];

/** Behind {@link KStream}. */
class StreamOperators implements Erased<ProcessedKStream<unknown, unknown>> {
  /** Names of those that have a node already. */
  private readonly sideOutputs = new Set<string>();

  constructor(
    private readonly draft: TopologyDraft,
    private readonly at: StreamPosition,
  ) {}

  filter(predicate: ErasedPredicate, options?: ErasedOptions): StreamOperators {
    return this.add('filter', { type: 'filter', predicate, negate: false }, options, this.at.valueSerde);
  }

  filterNot(predicate: ErasedPredicate, options?: ErasedOptions): StreamOperators {
    return this.add('filterNot', { type: 'filter', predicate, negate: true }, options, this.at.valueSerde);
  }

  map(mapper: MapOperator['mapper'], options?: ErasedOptions): StreamOperators {
    return this.add('map', { type: 'map', mapper }, options);
  }

  mapValues(mapper: MapValuesOperator['mapper'], options?: ErasedOptions): StreamOperators {
    return this.add('mapValues', { type: 'mapValues', mapper }, options);
  }

  flatMap(mapper: FlatMapOperator['mapper'], options?: ErasedOptions): StreamOperators {
    return this.add('flatMap', { type: 'flatMap', mapper }, options);
  }

  flatMapValues(mapper: FlatMapValuesOperator['mapper'], options?: ErasedOptions): StreamOperators {
    return this.add('flatMapValues', { type: 'flatMapValues', mapper }, options);
  }

  selectKey(mapper: SelectKeyOperator['mapper'], options?: ErasedOptions): StreamOperators {
    return this.add('selectKey', { type: 'selectKey', mapper }, options, this.at.valueSerde);
  }

  peek(action: PeekOperator['action'], options?: ErasedOptions): StreamOperators {
    return this.add('peek', { type: 'peek', action, forwards: true }, options, this.at.valueSerde);
  }

  forEach(action: PeekOperator['action'], options?: ErasedOptions): void {
    this.add('forEach', { type: 'peek', action, forwards: false }, options);
  }

  merge(other: unknown, options?: ErasedOptions): StreamOperators {
    const node = this.draft.nextName('merge', options?.name);
    if (!(other instanceof StreamOperators) || other.draft !== this.draft) {
      this.draft.report(new ForeignStreamError(node));
      return this;
    }
    const parents = [...new Set([this.at.node, other.at.node])];
    this.draft.addProcessor(node, { type: 'passThrough' }, parents);
    return new StreamOperators(this.draft, {
      node,
      // Where the two differ, taking either one would write some of the records in a format that nobody asked for.
      keySerde: this.at.keySerde === other.at.keySerde ? this.at.keySerde : undefined,
      valueSerde: this.at.valueSerde === other.at.valueSerde ? this.at.valueSerde : undefined,
      keyChanged: this.at.keyChanged || other.at.keyChanged,
    });
  }

  split(options?: ErasedOptions): BranchedStreamOperators {
    const node = this.draft.nextName('split', options?.name);
    this.draft.beginSplit(node);
    return new BranchedStreamOperators(this.draft, this.at, node, [], streamAt);
  }

  groupBy(selector: SelectKeyOperator['mapper'], options: ErasedOptions): KGroupedStream<unknown, unknown> {
    return this.add('groupBy', { type: 'selectKey', mapper: selector }, options, this.at.valueSerde).groupByKey(
      options,
    );
  }

  groupByKey(options?: ErasedOptions): KGroupedStream<unknown, unknown> {
    const { node, keyChanged } = this.at;
    const name = options?.name;
    if (name !== undefined && !isLegalName(name)) this.draft.report(new IllegalNameError('group', name, { node }));
    const grouping = {
      node,
      name,
      keySerde: this.draft.require('key', options?.key ?? this.at.keySerde, node, 'to group the records by key'),
      valueSerde: options?.value ?? this.at.valueSerde,
      keyChanged,
    };
    return new GroupedStreamOperators(this.draft, grouping, streamAt) as unknown as KGroupedStream<unknown, unknown>;
  }

  toTable(materialized?: string | ErasedOptions): TableOperators {
    const options = typeof materialized === 'string' ? { store: materialized } : materialized;
    const node = this.draft.nextName('toTable', options?.name);
    let from = this.at;
    if (from.keyChanged) {
      const serdes = this.serdes(options, 'to repartition the records');
      from = { ...serdes, node: this.draft.addRepartition({ name: node, ...serdes }, [from.node]), keyChanged: false };
    }
    return tableOfRecords(this.draft, node, from, options, streamAt);
  }

  join(other: unknown, ...rest: JoinArguments | StreamJoinCall): StreamOperators {
    return isStreamJoin(other, rest)
      ? this.joinStream('inner', other, ...rest)
      : this.addTableJoin('join', other, rest);
  }

  leftJoin(other: unknown, ...rest: JoinArguments | StreamJoinCall): StreamOperators {
    return isStreamJoin(other, rest)
      ? this.joinStream('left', other, ...rest)
      : this.addTableJoin('leftJoin', other, rest);
  }

  outerJoin(other: unknown, ...rest: StreamJoinCall): StreamOperators {
    return this.joinStream('outer', other, ...rest);
  }

  private addTableJoin(kind: 'join' | 'leftJoin', other: unknown, rest: JoinArguments): StreamOperators {
    const { draft, at } = this;
    const left = kind === 'leftJoin';
    if (other instanceof GlobalTableOperators) {
      const [selector, joiner, options] = rest as GlobalJoinArguments;
      const node = draft.nextName(kind, options?.name);
      if (other.draft !== draft) draft.report(new ForeignStreamError(node));
      const table = other.storeName;
      draft.addProcessor(node, { type: 'streamGlobalTableJoin', table, left, selector, joiner }, [at.node]);
      return new StreamOperators(draft, { ...at, node, valueSerde: undefined });
    }
    const [joiner, options] = rest as TableJoinArguments;
    const node = draft.nextName(kind, options?.name);
    if (!(other instanceof TableOperators) || other.draft !== draft) {
      draft.report(new ForeignStreamError(node));
      return this;
    }
    return new StreamOperators(draft, joinStreamWithTable(draft, node, left, at, other, joiner, options));
  }

  to(topic: string | TopicNameExtractor<unknown, unknown>, options?: ErasedOptions): void {
    const name = this.draft.nextName('sink', options?.name);
    if (typeof topic === 'string' && !isLegalName(topic)) {
      this.draft.report(new IllegalNameError('topic', topic, { topic, node: name }));
    }
    const purpose = typeof topic === 'string' ? `to write to '${topic}'` : 'to write to a topic';
    const serdes = this.serdes(options, purpose);
    const sink = {
      name,
      topic: typeof topic === 'string' ? externalTopic(topic) : topic,
      ...serdes,
      partitioner: options?.partitioner ?? windowedPartitioner(serdes.keySerde),
    };
    this.draft.addSink(sink, [this.at.node]);
  }

  repartition(options?: ErasedOptions): StreamOperators {
    const name = this.draft.nextName('repartition', options?.name);
    const serdes = this.serdes(options, 'to repartition the records');
    const request = { name, ...serdes, partitions: options?.partitions, partitioner: options?.partitioner };
    const node = this.draft.addRepartition(request, [this.at.node]);
    return new StreamOperators(this.draft, { node, ...serdes, keyChanged: false });
  }

  private joinStream(
    type: JoinType,
    other: unknown,
    joiner: Joiner,
    windows: JoinWindows,
    options?: ErasedJoinOptions,
  ): StreamOperators {
    const right = other instanceof StreamOperators && other.draft === this.draft ? other.at : undefined;
    return new StreamOperators(this.draft, addStreamJoin(this.draft, this.at, right, type, joiner, windows, options));
  }

  deduplicate(options: ErasedDeduplicateOptions): StreamOperators {
    return new StreamOperators(this.draft, addDeduplication(this.draft, this.at, options));
  }

  process(supplier: ProcessOperator['supplier'], options?: ErasedOptions): StreamOperators {
    return this.addProcess('process', { type: 'process', supplier, keepsKey: false }, options);
  }

  processValues(supplier: ProcessOperator['supplier'], options?: ErasedOptions): StreamOperators {
    return this.addProcess('processValues', { type: 'process', supplier, keepsKey: true }, options);
  }

  sideOutput({ name, keySerde, valueSerde }: SideOutput<unknown, unknown>): StreamOperators {
    const node = `${this.at.node}-${name}`;
    if (!this.sideOutputs.has(name)) {
      if (!isLegalName(node)) this.draft.report(new IllegalNameError('side output', node, { node }));
      this.draft.addProcessor(node, { type: 'sideOutput', output: name }, [this.at.node]);
      this.sideOutputs.add(name);
    }
    return new StreamOperators(this.draft, { node, keySerde, valueSerde, keyChanged: true });
  }

  private addProcess(kind: string, operator: ProcessOperator, options: ErasedOptions | undefined): StreamOperators {
    const node = this.draft.nextName(kind, options?.name);
    const given = options?.key ?? this.at.keySerde;
    const placed = placeStates(this.draft, node, given, options);
    const named = { ...options, name: node, stores: [...(options?.stores ?? []), ...placed.stores] };
    return this.addNamed(node, { ...operator, ...placed.operator }, named);
  }

  mapValuesAsync(mapper: Parameters<typeof callForValue>[0], options?: ErasedAsyncOptions): StreamOperators {
    return this.addAsync('mapValuesAsync', callForValue(mapper), true, options);
  }

  flatMapValuesAsync(mapper: Parameters<typeof callForValues>[0], options?: ErasedAsyncOptions): StreamOperators {
    return this.addAsync('flatMapValuesAsync', callForValues(mapper), true, options);
  }

  processAsync(process: Parameters<typeof callForRecords>[0], options?: ErasedAsyncOptions): StreamOperators {
    return this.addAsync('processAsync', callForRecords(process), false, options);
  }

  private addAsync(
    kind: string,
    call: AsyncOperator['call'],
    keepsKey: boolean,
    options: ErasedAsyncOptions = {},
  ): StreamOperators {
    const name = this.draft.nextName(kind, options.name);
    const settings = asyncSettings(name, options, (problem) => this.draft.report(problem));
    const { node, keySerde, keyChanged } = this.at;
    const serde =
      settings.order === 'key'
        ? this.draft.require('key', options.key ?? keySerde, node, `to keep the order of each key in node '${name}'`)
        : undefined;
    this.draft.addProcessor(name, { type: 'async', call, keepsKey, keySerde: serde, ...settings }, [node]);
    return new StreamOperators(this.draft, {
      node: name,
      keySerde: keepsKey ? keySerde : undefined,
      valueSerde: undefined,
      keyChanged: keyChanged || !keepsKey,
    });
  }

  /** Adds a node. What follows knows the key serde if the operator keeps the key, and the value serde that is given here. */
  private add(
    kind: string,
    operator: Operator,
    options: ErasedOptions | undefined,
    valueSerde?: Serde<unknown>,
  ): StreamOperators {
    return this.addNamed(this.draft.nextName(kind, options?.name), operator, options, valueSerde);
  }

  private addNamed(
    node: string,
    operator: Operator,
    options: ErasedOptions | undefined,
    valueSerde?: Serde<unknown>,
  ): StreamOperators {
    this.draft.addProcessor(node, operator, [this.at.node], options?.stores);
    const keeps = keepsKey(operator);
    return new StreamOperators(this.draft, {
      node,
      keySerde: keeps ? this.at.keySerde : undefined,
      valueSerde,
      keyChanged: this.at.keyChanged || !keeps,
    });
  }

  private serdes(options: ErasedOptions | undefined, purpose: string) {
    const { node } = this.at;
    return {
      keySerde: this.draft.require('key', options?.key ?? this.at.keySerde, node, purpose),
      valueSerde: this.draft.require('value', options?.value ?? this.at.valueSerde, node, purpose),
    };
  }
}

function isStreamJoin(other: unknown, rest: JoinArguments | StreamJoinCall): rest is StreamJoinCall {
  // Without types the windows can be missing, which is told.
  if (other instanceof StreamOperators) return true;
  const second = rest[1] as Partial<JoinWindows> | undefined;
  return second?.type === 'join';
}
