import type { Serde } from '../serde/serde';
import { int64AsNumber } from '../serde/int64-as-number';
import { changeSerde } from './change-serde';
import type { KGroupedTable, KTable } from './dsl';
import type { Erased, ErasedOptions } from './erased';
import { IllegalNameError } from './errors';
import { isLegalName } from './node-names';
import type { StreamPosition } from './stream-position';
import type { TableAggregateOperator } from './table-node-operators';
import { addTableStore } from './table-store';
import type { TopologyDraft } from './topology-draft';

/** A table grouped by a new key. */
export interface TableGrouping {
  /** The node that hands on changes under the new keys. */
  readonly node: string;
  /** The user's name for the repartition topic, which all aggregations then share. */
  readonly name: string | undefined;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
}

type Fold = Pick<TableAggregateOperator, 'initializer' | 'adder' | 'subtractor'>;
type TableFactory = (position: StreamPosition, store: string) => KTable<unknown, unknown>;

/** Behind {@link KGroupedTable}. */
export class GroupedTableOperators implements Erased<KGroupedTable<unknown, unknown>> {
  private sharedRepartition: string | undefined;

  constructor(
    private readonly draft: TopologyDraft,
    private readonly grouping: TableGrouping,
    private readonly tableAt: TableFactory,
  ) {
    const { name, node } = grouping;
    if (name !== undefined && !isLegalName(name)) draft.report(new IllegalNameError('group', name, { node }));
  }

  count(materialized?: string | ErasedOptions): KTable<unknown, number> {
    const options = typeof materialized === 'string' ? { store: materialized } : materialized;
    const fold: Fold = {
      initializer: () => 0,
      adder: (_key, _value, count) => (count as number) + 1,
      subtractor: (_key, _value, count) => (count as number) - 1,
    };
    return this.materialize('tableCount', fold, int64AsNumber, options) as KTable<unknown, number>;
  }

  reduce(
    adder: (aggregate: unknown, value: unknown) => unknown,
    subtractor: (aggregate: unknown, value: unknown) => unknown,
    materialized?: string | ErasedOptions,
  ): KTable<unknown, unknown> {
    const options = typeof materialized === 'string' ? { store: materialized } : materialized;
    const fold: Fold = {
      initializer: undefined,
      adder: (_key, value, aggregate) => adder(aggregate, value),
      subtractor: (_key, value, aggregate) => subtractor(aggregate, value),
    };
    return this.materialize('tableReduce', fold, options?.value ?? this.grouping.valueSerde, options);
  }

  aggregate(
    initializer: () => unknown,
    adder: TableAggregateOperator['adder'],
    subtractor: TableAggregateOperator['subtractor'],
    options: ErasedOptions,
  ): KTable<unknown, unknown> {
    return this.materialize('tableAggregate', { initializer, adder, subtractor }, options.value, options);
  }

  private materialize(
    kind: string,
    fold: Fold,
    valueSerde: Serde<unknown> | undefined,
    options: ErasedOptions | undefined,
  ): KTable<unknown, unknown> {
    const { draft } = this;
    const { keySerde } = this.grouping;
    const node = draft.nextName(kind, options?.name);
    const store = options?.store ?? `${node}-store`;
    draft.addProcessor(node, { type: 'tableAggregate', store, ...fold }, [this.repartitioned(store)]);
    addTableStore(draft, node, store, keySerde, valueSerde, options);
    return this.tableAt({ node, keySerde, valueSerde, keyChanged: false }, store);
  }

  private repartitioned(store: string): string {
    if (this.sharedRepartition !== undefined) return this.sharedRepartition;
    const { node, name, keySerde, valueSerde } = this.grouping;
    const request = { name: name ?? store, keySerde, valueSerde: changeSerde(valueSerde) as Serde<unknown> };
    const source = this.draft.addRepartition(request, [node]);
    if (name !== undefined) this.sharedRepartition = source;
    return source;
  }
}
