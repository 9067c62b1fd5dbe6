import type { AsyncOperator } from './async-operator';
import type { ForeignKeyOperator } from './foreign-key-operators';
import type { ProcessorSupplier } from './processor-api';
import type { TableNodeOperator } from './table-node-operators';
import type { DeduplicateOperator } from './deduplicate';
import type { StreamJoinOperator } from './stream-join';
import type { Serde } from '../serde/serde';
import type { PlacedState } from './state-descriptors';
import type { CogroupInputOperator, SuppressOperator, WindowAggregateOperator } from './window-operators';

/* What a processor node does, as plain data around the user's functions. src/processors gives each its behaviour. */

/** A change of one key of a table. `undefined` says that there is no value. */
export interface Change<V> {
  readonly newValue: V | undefined;
  readonly oldValue: V | undefined;
  /** False for a change of a table of versions, where a later version is known already. */
  readonly isLatest?: boolean | undefined;
}

type Key = unknown;
type Value = unknown;

export interface FilterOperator {
  readonly type: 'filter';
  readonly predicate: (key: Key, value: Value) => boolean;
  /** True for `filterNot`. */
  readonly negate: boolean;
}
export interface MapOperator {
  readonly type: 'map';
  readonly mapper: (key: Key, value: Value) => readonly [Key, Value];
}
export interface MapValuesOperator {
  readonly type: 'mapValues';
  readonly mapper: (value: Value, key: Key) => Value;
}
export interface FlatMapOperator {
  readonly type: 'flatMap';
  readonly mapper: (key: Key, value: Value) => Iterable<readonly [Key, Value]>;
}
export interface FlatMapValuesOperator {
  readonly type: 'flatMapValues';
  readonly mapper: (value: Value, key: Key) => Iterable<Value>;
}
export interface SelectKeyOperator {
  readonly type: 'selectKey';
  readonly mapper: (key: Key, value: Value) => Key;
}
export interface PeekOperator {
  readonly type: 'peek';
  readonly action: (key: Key, value: Value) => void;
  /** False for `forEach`, which ends its stream. */
  readonly forwards: boolean;
}
/** Hands every record on as it is: where streams merge, and where a branch begins. */
export interface PassThroughOperator {
  readonly type: 'passThrough';
}
export interface BranchOperator {
  readonly type: 'branch';
  /** A record goes to the first child whose predicate holds, and nowhere when none does. */
  readonly predicates: readonly ((key: Key, value: Value) => boolean)[];
}
/** Folds the records of a key into a timestamped store and forwards a {@link Change} per record. */
export interface AggregateOperator {
  readonly type: 'aggregate';
  readonly store: string;
  /** `undefined` for reduce: the first value of a key becomes its aggregate. */
  readonly initializer: (() => Value) | undefined;
  /** Returning `undefined` or `null` deletes the key. */
  readonly aggregator: (key: Key, value: Value, aggregate: Value) => Value;
}
/** From changes of a table to a stream of its new values; a deletion becomes a null value. */
export interface ToStreamOperator {
  readonly type: 'toStream';
  readonly mapper?: ((key: Key, value: Value) => Key) | undefined;
}
/** A processor that the user wrote. */
export interface ProcessOperator {
  readonly type: 'process';
  readonly supplier: ProcessorSupplier<Key, Value, Key, Value>;
  /** True for `processValues`: the key must stay as it is, so that what follows needs no repartition. */
  readonly keepsKey: boolean;
  readonly states?: readonly PlacedState[] | undefined;
  /** The store of its timers. */
  readonly timers?: string | undefined;
  /** Of what its states and timers are kept by; undefined where nothing is. */
  readonly keySerde?: Serde<unknown> | undefined;
}
/** What a processor emits to one of its side outputs. A child of that processor. */
export interface SideOutputOperator {
  readonly type: 'sideOutput';
  readonly output: string;
}

export type Operator =
  | FilterOperator
  | MapOperator
  | MapValuesOperator
  | FlatMapOperator
  | FlatMapValuesOperator
  | SelectKeyOperator
  | PeekOperator
  | PassThroughOperator
  | BranchOperator
  | AggregateOperator
  | ToStreamOperator
  | ProcessOperator
  | AsyncOperator
  | TableNodeOperator
  | ForeignKeyOperator
  | StreamJoinOperator
  | DeduplicateOperator
  | SideOutputOperator
  | WindowAggregateOperator
  | CogroupInputOperator
  | SuppressOperator;

/** Whether what follows still has the key that its stores and partitions were chosen by. */
export function keepsKey(operator: Operator): boolean {
  switch (operator.type) {
    case 'map':
    case 'flatMap':
    case 'selectKey':
    case 'tableGroupBy':
    case 'foreignKeySubscribe':
    case 'foreignKeyLookup':
    case 'foreignKeyUpdate':
    case 'sideOutput':
      return false;
    case 'windowAggregate':
      // Its keys are windowed: their partitions are right, their bytes are not those of the input's keys.
      return false;
    case 'toStream':
      return operator.mapper === undefined;
    case 'process':
    case 'async':
      return operator.keepsKey;
    case 'filter':
    case 'mapValues':
    case 'flatMapValues':
    case 'peek':
    case 'passThrough':
    case 'branch':
    case 'aggregate':
    case 'tableSource':
    case 'tableFilter':
    case 'tableMapValues':
    case 'tableTransformValues':
    case 'tableAggregate':
    case 'tableJoin':
    case 'tableJoinMerge':
    case 'streamTableJoin':
    case 'streamGlobalTableJoin':
    case 'foreignKeyResponse':
    case 'streamJoin':
    case 'deduplicate':
    case 'cogroupInput':
    case 'suppress':
      return true;
  }
}

/** Whether what follows has the very records that came. */
export function keepsValue({ type }: Operator): boolean {
  return type === 'filter' || type === 'peek' || type === 'passThrough' || type === 'branch';
}
