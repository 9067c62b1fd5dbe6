import type {
  Draft,
  TableFilterOperator,
  TableJoinMergeOperator,
  TableJoinOperator,
  TableMapValuesOperator,
  TableSourceOperator,
  TableTransformValuesOperator,
} from './table-node-operators';
import type { TableView } from './table-views';

/**
 * Where a table's values come from, while the topology is being written.
 *
 * Not every table has a store: one that is only turned into a stream needs none. What needs the current or the old values says so
 * when it is added, and the table is then given a store, as far up as need be.
 */
export interface TableBacking {
  /** The store that holds the table; undefined while it has none. */
  readonly store: string | undefined;
  /** Whether its changes may be of versions that are not the latest. */
  readonly versioned: boolean;
  /**
   * Has the changes say the old value.
   *
   * @param force - whether to add a store where there is none
   * @returns whether they do
   */
  enableSendingOldValues(force: boolean): boolean;
  /** How to look its values up. Adds a store where there is none. */
  view(): TableView;
}

/** A table that an operator keeps in a store anyway, as aggregations do. */
export class StoredTable implements TableBacking {
  readonly versioned = false;

  constructor(readonly store: string) {}

  enableSendingOldValues(): boolean {
    return true;
  }

  view(): TableView {
    return { type: 'store', store: this.store, versioned: undefined };
  }
}

/** A table of a topic or of a stream's records. */
export class SourceTable implements TableBacking {
  /** @param addStore - adds the table's store to the topology and to its node, and returns its name */
  constructor(
    private readonly operator: Draft<TableSourceOperator>,
    private readonly addStore: () => string,
  ) {}

  get store(): string | undefined {
    return this.operator.store;
  }

  get versioned(): boolean {
    return this.operator.versioned !== undefined;
  }

  materialize(): string {
    this.operator.store ??= this.addStore();
    return this.operator.store;
  }

  enableSendingOldValues(force: boolean): boolean {
    if (force) this.materialize();
    return this.store !== undefined;
  }

  view(): TableView {
    return { type: 'store', store: this.materialize(), versioned: this.operator.versioned };
  }
}

type DerivedOperator = TableFilterOperator | TableMapValuesOperator | TableTransformValuesOperator;

/** A table that is worked out from another, value by value. */
export class DerivedTable implements TableBacking {
  constructor(
    private readonly parent: TableBacking,
    private readonly operator: Draft<DerivedOperator>,
  ) {}

  get store(): string | undefined {
    return this.operator.store;
  }

  get versioned(): boolean {
    return this.store === undefined && this.parent.versioned;
  }

  enableSendingOldValues(force: boolean): boolean {
    if (this.store !== undefined || this.parent.enableSendingOldValues(force)) this.operator.sendsOldValues = true;
    return this.operator.sendsOldValues;
  }

  view(): TableView {
    const { operator } = this;
    if (operator.store !== undefined) return { type: 'store', store: operator.store, versioned: undefined };
    const of = this.parent.view();
    switch (operator.type) {
      case 'tableFilter':
        return { type: 'filter', of, predicate: operator.predicate, negate: operator.negate };
      case 'tableMapValues':
        return { type: 'mapValues', of, mapper: operator.mapper };
      case 'tableTransformValues':
        return { type: 'transformValues', of, supplier: operator.supplier, stores: operator.stores };
    }
  }
}

/** What two tables joined by their keys are. */
export class JoinedTable implements TableBacking {
  readonly versioned = false;

  constructor(
    private readonly left: TableBacking,
    private readonly right: TableBacking,
    private readonly sides: readonly Draft<TableJoinOperator>[],
    private readonly merge: Draft<TableJoinMergeOperator>,
  ) {}

  get store(): string | undefined {
    return this.merge.store;
  }

  enableSendingOldValues(): boolean {
    this.left.enableSendingOldValues(true);
    this.right.enableSendingOldValues(true);
    for (const side of this.sides) side.sendsOldValues = true;
    this.merge.sendsOldValues = true;
    return true;
  }

  view(): TableView {
    const { store } = this.merge;
    if (store !== undefined) return { type: 'store', store, versioned: undefined };
    const { kind, joiner } = this.sides[0]!;
    return { type: 'join', kind, left: this.left.view(), right: this.right.view(), joiner };
  }
}
