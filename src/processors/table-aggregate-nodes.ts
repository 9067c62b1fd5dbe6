import type { EpochStore } from '../state/epoch-store';
import type { StoreEntry } from '../state/store-entry';
import type { Change } from '../topology/operators';
import type { TableAggregateOperator, TableGroupByOperator } from '../topology/table-node-operators';
import { OperatorNode, type Processed } from './operator-node';
import type { TaskContext } from './task-context';

/** From changes of a table to changes under new keys: where the key changes, a deletion at the old one, then an addition at the new. */
export class TableGroupByNode extends OperatorNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: TableGroupByOperator,
  ) {
    super(name, context);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const { newValue, oldValue, isLatest } = value as Change<unknown>;
    if (this.operator.versioned && isLatest === false) return undefined;
    let oldPair: readonly [unknown, unknown] | undefined;
    let newPair: readonly [unknown, unknown] | undefined;
    let sameKey: boolean;
    try {
      newPair = this.map(key, newValue);
      oldPair = this.map(key, oldValue);
      sameKey = oldPair !== undefined && newPair !== undefined && this.isSameKey(oldPair[0], newPair[0]);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    if (sameKey) {
      const change: Change<unknown> = { newValue: newPair![1], oldValue: oldPair![1] };
      return this.forward(oldPair![0], change, timestamp);
    }
    if (oldPair !== undefined) {
      const removal: Change<unknown> = { newValue: undefined, oldValue: oldPair[1] };
      const waiting = this.forward(oldPair[0], removal, timestamp);
      if (waiting !== undefined) return waiting.then(() => this.add(newPair, timestamp));
    }
    return this.add(newPair, timestamp);
  }

  private add(pair: readonly [unknown, unknown] | undefined, timestamp: number): Processed {
    if (pair === undefined) return undefined;
    const addition: Change<unknown> = { newValue: pair[1], oldValue: undefined };
    return this.forward(pair[0], addition, timestamp);
  }

  /** Undefined also where the new key or the new value is null: such a row belongs to no group. */
  private map(key: unknown, value: unknown): readonly [unknown, unknown] | undefined {
    if (value === undefined) return undefined;
    const pair = this.operator.mapper(key, value);
    if (!Array.isArray(pair))
      throw new TypeError('groupBy takes a pair [key, value], and the function gave something else');
    return (pair[0] ?? undefined) === undefined || (pair[1] ?? undefined) === undefined ? undefined : pair;
  }

  private isSameKey(one: unknown, other: unknown): boolean {
    const { keySerde } = this.operator;
    if (keySerde.comparesByValue === true) return one === other;
    return keySerde.serialize(one).equals(keySerde.serialize(other));
  }
}

/** Folds the changes of a grouped table: the old value is taken out of the aggregate, then the new one put in. */
export class TableAggregateNode extends OperatorNode {
  private readonly store: EpochStore<unknown, unknown>;

  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: TableAggregateOperator,
  ) {
    super(name, context);
    this.store = context.stores.get(operator.store)!;
  }

  override requestsState(keySerde: string): boolean {
    return this.store.keySerde.name === keySerde;
  }

  override requestState(key: unknown): void {
    this.store.request(key);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    if (key === null || key === undefined) {
      this.context.failures.recordSkipped(this.name, 'null-key');
      return undefined;
    }
    const change = value as Change<unknown>;
    const entry = this.store.lookup(key);
    return entry === undefined
      ? this.loadThenUpdate(key, change, timestamp)
      : this.update(entry, key, change, timestamp);
  }

  private async loadThenUpdate(key: unknown, change: Change<unknown>, timestamp: number): Promise<void> {
    await this.update(await this.store.load(key), key, change, timestamp);
  }

  private update(
    entry: StoreEntry<unknown, unknown>,
    key: unknown,
    { newValue: added, oldValue: removed }: Change<unknown>,
    timestamp: number,
  ): Processed {
    const oldValue = entry.value;
    let newValue: unknown;
    let newTimestamp: number;
    try {
      newValue = this.fold(key, removed, added, oldValue);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    // What only deletes, and finds nothing, leaves no trace of the time that was.
    newTimestamp = timestamp;
    if (oldValue !== undefined && (removed !== undefined || added !== undefined) && entry.timestamp > timestamp) {
      newTimestamp = entry.timestamp;
    }
    this.store.write(entry, newValue, newTimestamp);
    const change: Change<unknown> = { newValue, oldValue };
    return this.forward(key, change, newTimestamp);
  }

  private fold(key: unknown, removed: unknown, added: unknown, aggregate: unknown): unknown {
    const { initializer, adder, subtractor } = this.operator;
    let folded = aggregate;
    if (removed !== undefined && folded !== undefined) folded = subtractor(key, removed, folded) ?? undefined;
    if (added === undefined) return folded;
    if (folded !== undefined) return adder(key, added, folded) ?? undefined;
    return initializer === undefined ? added : (adder(key, added, initializer()) ?? undefined);
  }
}
