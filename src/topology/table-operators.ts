import type { Serde } from '../serde/serde';
import type { KGroupedTable, KStream, KTable } from './dsl';
import type { Erased, ErasedOptions, ErasedPredicate } from './erased';
import { ForeignStreamError, TableWithoutStoreError } from './errors';
import { joinOnForeignKey } from './foreign-key-join';
import { GroupedTableOperators } from './grouped-table-operators';
import type { StreamFactory, StreamPosition } from './stream-position';
import { DerivedTable, SourceTable, StoredTable, type TableBacking } from './table-backing';
import { joinTables } from './table-join';
import { addTableStore } from './table-store';
import type {
  Draft,
  TableFilterOperator,
  TableMapValuesOperator,
  TableSourceOperator,
  TableTransformValuesOperator,
} from './table-node-operators';
import type { TableJoinKind } from './table-views';
import { addSuppression } from './suppress-operators';
import type { Suppression } from './suppression';
import type { TopologyDraft } from './topology-draft';
import type { SuppressOptions } from './windowed-options';

type KeyMapper = (key: unknown, value: unknown) => unknown;
type Joiner = (left: unknown, right: unknown) => unknown;
type ForeignKey = (value: unknown, key: unknown) => unknown;
type JoinArguments = readonly [joiner: Joiner, options?: ErasedOptions | undefined] | ForeignKeyArguments;
type ForeignKeyArguments = readonly [foreignKey: ForeignKey, joiner: Joiner, options?: ErasedOptions | undefined];

/** Behind {@link KTable}. */
export class TableOperators implements Erased<KTable<unknown, unknown>> {
  readonly backing: TableBacking;

  /** @param backing - or the name of the store in which an operator keeps the table */
  constructor(
    readonly draft: TopologyDraft,
    readonly at: StreamPosition,
    backing: TableBacking | string,
    private readonly streamAt: StreamFactory,
  ) {
    this.backing = typeof backing === 'string' ? new StoredTable(backing) : backing;
  }

  get storeName(): string {
    const { store } = this.backing;
    if (store === undefined) throw new TableWithoutStoreError(this.at.node);
    return store;
  }

  suppress(suppression: Suppression<unknown>, options?: SuppressOptions): TableOperators {
    const at = addSuppression(this.draft, this.at, suppression, options);
    return new TableOperators(this.draft, at, this.backing, this.streamAt);
  }

  toStream(first?: KeyMapper | ErasedOptions, second?: ErasedOptions): KStream<unknown, unknown> {
    const mapper = typeof first === 'function' ? first : undefined;
    const options = typeof first === 'function' ? second : first;
    const node = this.draft.nextName('toStream', options?.name);
    this.draft.addProcessor(node, { type: 'toStream', mapper }, [this.at.node]);
    return this.streamAt(
      this.draft,
      mapper === undefined ? { ...this.at, node } : { ...this.at, node, keySerde: undefined, keyChanged: true },
    );
  }

  filter(predicate: ErasedPredicate, options?: ErasedOptions): TableOperators {
    return this.addFilter('tableFilter', predicate, false, options);
  }

  filterNot(predicate: ErasedPredicate, options?: ErasedOptions): TableOperators {
    return this.addFilter('tableFilterNot', predicate, true, options);
  }

  private addFilter(
    kind: string,
    predicate: ErasedPredicate,
    negate: boolean,
    options: ErasedOptions | undefined,
  ): TableOperators {
    const operator: Draft<TableFilterOperator> = {
      type: 'tableFilter',
      predicate,
      negate,
      versioned: this.backing.versioned,
      store: options?.store,
      // Where the old values can be had for nothing, deletions of what never passed are left out.
      sendsOldValues: this.backing.enableSendingOldValues(false),
    };
    return this.derive(kind, operator, options, options?.value ?? this.at.valueSerde);
  }

  mapValues(mapper: TableMapValuesOperator['mapper'], options?: ErasedOptions): TableOperators {
    const operator: Draft<TableMapValuesOperator> = {
      type: 'tableMapValues',
      mapper,
      store: options?.store,
      sendsOldValues: false,
    };
    return this.derive('tableMapValues', operator, options, options?.value);
  }

  transformValues(supplier: TableTransformValuesOperator['supplier'], options?: ErasedOptions): TableOperators {
    const operator: Draft<TableTransformValuesOperator> = {
      type: 'tableTransformValues',
      supplier,
      stores: options?.stores ?? [],
      store: options?.store,
      sendsOldValues: false,
    };
    return this.derive('tableTransformValues', operator, options, options?.value);
  }

  private derive(
    kind: string,
    operator: Draft<TableFilterOperator | TableMapValuesOperator | TableTransformValuesOperator>,
    options: ErasedOptions | undefined,
    valueSerde: Serde<unknown> | undefined,
  ): TableOperators {
    const { draft, at } = this;
    const node = draft.nextName(kind, options?.name);
    const stores = operator.type === 'tableTransformValues' ? [...operator.stores] : [];
    draft.addProcessor(node, operator, [at.node], stores);
    if (operator.store !== undefined) {
      addTableStore(draft, node, operator.store, at.keySerde, valueSerde, options);
    }
    const position = { ...at, node, valueSerde };
    return new TableOperators(draft, position, new DerivedTable(this.backing, operator), this.streamAt);
  }

  groupBy(
    mapper: (key: unknown, value: unknown) => readonly [unknown, unknown],
    options: ErasedOptions,
  ): KGroupedTable<unknown, unknown> {
    const { draft, at } = this;
    const node = draft.nextName('tableGroupBy', options.name);
    const keySerde = draft.require('key', options.key, node, 'to group the table by key');
    const valueSerde = draft.require('value', options.value, node, 'to repartition the changes');
    this.backing.enableSendingOldValues(true);
    draft.addProcessor(node, { type: 'tableGroupBy', mapper, keySerde, versioned: this.backing.versioned }, [at.node]);
    const table = (position: StreamPosition, store: string) =>
      new TableOperators(draft, position, store, this.streamAt) as unknown as KTable<unknown, unknown>;
    return new GroupedTableOperators(draft, { node, name: options.name, keySerde, valueSerde }, table);
  }

  join(other: unknown, ...rest: JoinArguments): TableOperators {
    return this.addJoin('inner', other, rest);
  }

  leftJoin(other: unknown, ...rest: JoinArguments): TableOperators {
    return this.addJoin('left', other, rest);
  }

  outerJoin(other: unknown, joiner: Joiner, options?: ErasedOptions): TableOperators {
    return this.addJoin('outer', other, [joiner, options]);
  }

  private addJoin(kind: TableJoinKind, other: unknown, rest: JoinArguments): TableOperators {
    const { draft } = this;
    const foreign = isForeignKeyJoin(rest);
    const options = foreign ? rest[2] : rest[1];
    const names = { inner: 'tableJoin', left: 'tableLeftJoin', outer: 'tableOuterJoin' } as const;
    const node = draft.nextName(foreign ? `foreignKey${capitalized(names[kind])}` : names[kind], options?.name);
    if (!(other instanceof TableOperators) || other.draft !== draft) {
      draft.report(new ForeignStreamError(node));
      return this;
    }
    if (!foreign) {
      const { position, backing } = joinTables(draft, node, kind, this, other, rest[0], options);
      return new TableOperators(draft, position, backing, this.streamAt);
    }
    const result = joinOnForeignKey(draft, node, kind === 'left', this, other, rest[0], rest[1], options);
    return tableOfRecords(draft, node, result, options, this.streamAt);
  }
}

function isForeignKeyJoin(rest: JoinArguments): rest is ForeignKeyArguments {
  return typeof rest[1] === 'function';
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/**
 * Makes a table of the records that a node hands on: the node `name` keeps the latest of each key. It has a store if the options
 * name one, and is otherwise given one, `<name>-store`, once something needs to look values up.
 */
export function tableOfRecords(
  draft: TopologyDraft,
  node: string,
  from: StreamPosition,
  options: ErasedOptions | undefined,
  streamAt: StreamFactory,
): TableOperators {
  const keySerde = options?.key ?? from.keySerde;
  const valueSerde = options?.value ?? from.valueSerde;
  const versioned = options?.versioned && {
    keySerde: draft.require('key', keySerde, node, 'for the versioned store'),
    historyRetentionMs: draft.duration(options.versioned.historyRetentionMs, node, 'versioned.historyRetentionMs'),
  };
  const operator: Draft<TableSourceOperator> = { type: 'tableSource', store: undefined, versioned };
  draft.addProcessor(node, operator, [from.node]);
  const backing = new SourceTable(operator, () => {
    const store = options?.store ?? `${node}-store`;
    addTableStore(draft, node, store, keySerde, valueSerde, options, versioned);
    return store;
  });
  if (options?.store !== undefined || versioned !== undefined) backing.materialize();
  return new TableOperators(draft, { node, keySerde, valueSerde, keyChanged: false }, backing, streamAt);
}
