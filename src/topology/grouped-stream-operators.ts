import type { Serde } from '../serde/serde';
import { int64AsNumber } from '../serde/int64-as-number';
import type { KGroupedStream, KTable } from './dsl';
import type { Erased, ErasedOptions } from './erased';
import { CogroupedStreamOperators } from './cogrouped-stream-operators';
import type { AggregateOperator } from './operators';
import type { StreamFactory } from './stream-position';
import { TableOperators } from './table-operators';
import type { TopologyDraft } from './topology-draft';
import type { WindowDefinition } from './window-operators';
import type { WindowedOptions } from './windowed-options';
import type { WindowInput } from './windowed-operators';
import { WindowedStreamOperators } from './windowed-stream-operators';
import { storageOf } from './store-options';

/** A stream's records grouped by key, and whether they have to move first. */
export interface Grouping {
  readonly node: string;
  /** The user's name for the repartition topic, which all aggregations then share. */
  readonly name: string | undefined;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown> | undefined;
  readonly keyChanged: boolean;
}

type Fold = Pick<AggregateOperator, 'initializer' | 'aggregator'>;

/** Behind {@link KGroupedStream}. */
export class GroupedStreamOperators implements Erased<KGroupedStream<unknown, unknown>> {
  private sharedRepartition: string | undefined;

  constructor(
    private readonly draft: TopologyDraft,
    private readonly grouping: Grouping,
    private readonly streamAt: StreamFactory,
  ) {}

  count(materialized?: string | ErasedOptions): KTable<unknown, number> {
    const options = typeof materialized === 'string' ? { store: materialized } : materialized;
    const fold: Fold = { initializer: () => 0, aggregator: (_key, _value, count) => (count as number) + 1 };
    return this.materialize('count', fold, int64AsNumber, options) as KTable<unknown, number>;
  }

  reduce(reducer: (aggregate: unknown, value: unknown) => unknown, options?: ErasedOptions): KTable<unknown, unknown> {
    const fold: Fold = { initializer: undefined, aggregator: (_key, value, aggregate) => reducer(aggregate, value) };
    return this.materialize('reduce', fold, options?.value ?? this.grouping.valueSerde, options);
  }

  aggregate(
    initializer: () => unknown,
    aggregator: AggregateOperator['aggregator'],
    options?: ErasedOptions,
  ): KTable<unknown, unknown> {
    return this.materialize('aggregate', { initializer, aggregator }, options?.value, options);
  }

  windowedBy(window: WindowDefinition, options?: WindowedOptions): WindowedStreamOperators {
    const { keySerde, valueSerde } = this.grouping;
    const parent = (store: string): string => this.partitionedByKey(store);
    return new WindowedStreamOperators(this.draft, { keySerde, valueSerde, parent }, window, options, this.streamAt);
  }

  cogroup(aggregator: AggregateOperator['aggregator']): CogroupedStreamOperators {
    const inputOf = (grouped: unknown, fold: AggregateOperator['aggregator']): WindowInput | undefined =>
      grouped instanceof GroupedStreamOperators && grouped.draft === this.draft
        ? grouped.cogroupInput(fold)
        : undefined;
    const cogrouping = { keySerde: this.grouping.keySerde, inputs: [this.cogroupInput(aggregator)] };
    return new CogroupedStreamOperators(this.draft, cogrouping, inputOf, this.streamAt);
  }

  private cogroupInput(aggregator: AggregateOperator['aggregator']): WindowInput {
    const parent = (store: string): string => this.partitionedByKey(store);
    return { parent, valueSerde: this.grouping.valueSerde, aggregator };
  }

  private materialize(
    kind: string,
    fold: Fold,
    value: Serde<unknown> | undefined,
    options: ErasedOptions | undefined,
  ): KTable<unknown, unknown> {
    const { keySerde } = this.grouping;
    const node = this.draft.nextName(kind, options?.name);
    const store = options?.store ?? `${node}-store`;
    const valueSerde = this.draft.require('value', value, node, `for the store '${store}'`);
    this.draft.addStore({
      kind: 'timestamped-key-value',
      name: store,
      keySerde,
      valueSerde,
      ...storageOf(options),
    });
    this.draft.addProcessor(node, { type: 'aggregate', store, ...fold }, [this.partitionedByKey(store)], [store]);
    return new TableOperators(
      this.draft,
      { node, keySerde, valueSerde, keyChanged: false },
      store,
      this.streamAt,
    ) as unknown as KTable<unknown, unknown>;
  }

  /** The node whose records are where their keys belong: behind a repartition if the key has changed. */
  private partitionedByKey(store: string): string {
    const { node, name, keySerde, valueSerde, keyChanged } = this.grouping;
    if (!keyChanged) return node;
    if (this.sharedRepartition !== undefined) return this.sharedRepartition;
    const request = {
      name: name ?? store,
      keySerde,
      valueSerde: this.draft.require('value', valueSerde, node, 'to repartition the records'),
    };
    const source = this.draft.addRepartition(request, [node]);
    if (name !== undefined) this.sharedRepartition = source;
    return source;
  }
}
