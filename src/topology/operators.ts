import type { AsyncOperator } from './async-operator';
import type { ProcessorSupplier } from './processor-api';

/* What a processor node does, as plain data around the user's functions. src/processors gives each its behaviour. */

/** A change of one key of a table. `undefined` says that there is no value. */
export interface Change<V> {
  readonly newValue: V | undefined;
  readonly oldValue: V | undefined;
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
  | AsyncOperator;

/** Whether what follows still has the key that its stores and partitions were chosen by. */
export function keepsKey(operator: Operator): boolean {
  switch (operator.type) {
    case 'map':
    case 'flatMap':
    case 'selectKey':
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
      return true;
  }
}
