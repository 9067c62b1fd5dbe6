import type { Serde } from '../serde/serde';
import type { TableJoinKind, TableView, VersionedStore } from './table-views';
import type { ValueTransformerSupplier } from './value-transformer';

/* What the nodes of tables do. Between them travel changes: see `Change`. */

type Key = unknown;
type Value = unknown;

/** What tables that are made of others have in common. */
interface DerivedTable {
  /** The store that holds the table, where it has one. */
  readonly store: string | undefined;
  /** Whether the changes that come tell the old value, and those that leave have to. */
  readonly sendsOldValues: boolean;
}

/** From records of a topic or stream to changes of a table. */
export interface TableSourceOperator {
  readonly type: 'tableSource';
  /** Without a store the old values are not known. */
  readonly store: string | undefined;
  /** Where the store keeps past values too. */
  readonly versioned: VersionedStore | undefined;
}
export interface TableFilterOperator extends DerivedTable {
  readonly type: 'tableFilter';
  readonly predicate: (key: Key, value: Value) => boolean;
  /** True for `filterNot`. */
  readonly negate: boolean;
  /** The table is one of versions: every change is handed on, so that no version is missed. */
  readonly versioned: boolean;
}
export interface TableMapValuesOperator extends DerivedTable {
  readonly type: 'tableMapValues';
  readonly mapper: (value: Value, key: Key) => Value;
}
export interface TableTransformValuesOperator extends DerivedTable {
  readonly type: 'tableTransformValues';
  readonly supplier: ValueTransformerSupplier<Key, Value, Value>;
  readonly stores: readonly string[];
}
/** From changes of a table to changes under new keys. */
export interface TableGroupByOperator {
  readonly type: 'tableGroupBy';
  readonly mapper: (key: Key, value: Value) => readonly [Key, Value];
  /** Of the new keys. */
  readonly keySerde: Serde<Key>;
  readonly versioned: boolean;
}
/** Folds the changes of a grouped table: takes the old value out, and puts the new one in. */
export interface TableAggregateOperator {
  readonly type: 'tableAggregate';
  readonly store: string;
  /** `undefined` for reduce: the first value of a key becomes its aggregate. */
  readonly initializer: (() => Value) | undefined;
  readonly adder: (key: Key, value: Value, aggregate: Value) => Value;
  readonly subtractor: (key: Key, value: Value, aggregate: Value) => Value;
}
/** One side of a table-table join: joins each change of this side with the current value of the other. */
export interface TableJoinOperator {
  readonly type: 'tableJoin';
  readonly kind: TableJoinKind;
  readonly side: 'left' | 'right';
  /** Of the other side. */
  readonly view: TableView;
  readonly joiner: (left: Value, right: Value) => Value;
  readonly sendsOldValues: boolean;
  /** Changes of a table of versions that are not the latest are left out. */
  readonly versioned: boolean;
}
/** Where the two sides of a table-table join come together. */
export interface TableJoinMergeOperator extends DerivedTable {
  readonly type: 'tableJoinMerge';
}
/** Where the records of a stream wait. */
export interface RecordBufferStore {
  readonly store: string;
  readonly graceMs: number;
  /** Of the records' keys. */
  readonly keySerde: Serde<Key>;
}
/** Joins each record of a stream with the current value of a table. */
export interface StreamTableJoinOperator {
  readonly type: 'streamTableJoin';
  readonly view: TableView;
  readonly left: boolean;
  readonly joiner: (value: Value, tableValue: Value, key: Key) => Value;
  /** With a grace period: the store of records that wait for it to pass. */
  readonly buffer: RecordBufferStore | undefined;
}

/** Joins each record of a stream with a value of a global table, under a key that is worked out from the record. */
export interface StreamGlobalTableJoinOperator {
  readonly type: 'streamGlobalTableJoin';
  /** Names the global table. */
  readonly table: string;
  readonly left: boolean;
  readonly selector: (key: Key, value: Value) => Key;
  readonly joiner: (value: Value, tableValue: Value, key: Key) => Value;
}

export type TableNodeOperator =
  | TableSourceOperator
  | TableFilterOperator
  | TableMapValuesOperator
  | TableTransformValuesOperator
  | TableGroupByOperator
  | TableAggregateOperator
  | TableJoinOperator
  | TableJoinMergeOperator
  | StreamTableJoinOperator
  | StreamGlobalTableJoinOperator;

/** An operator while the topology is being written. */
export type Draft<T> = { -readonly [Field in keyof T]: T[Field] };
