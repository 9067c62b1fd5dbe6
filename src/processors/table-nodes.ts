import type { EpochStore } from '../state/epoch-store';
import type { StoreEntry } from '../state/store-entry';
import type { Change } from '../topology/operators';
import type {
  TableFilterOperator,
  TableMapValuesOperator,
  TableSourceOperator,
  TableTransformValuesOperator,
} from '../topology/table-node-operators';
import { OperatorNode, type Processed } from './operator-node';
import type { TaskContext } from './task-context';
import { TransformerRun } from './transformer-run';

type Store = EpochStore<unknown, unknown>;

/** A node whose table may have a store of its own. */
abstract class StoredTableNode extends OperatorNode {
  protected readonly store: Store | undefined;

  constructor(name: string, context: TaskContext, store: string | undefined) {
    super(name, context);
    this.store = store === undefined ? undefined : context.stores.get(store)!;
  }

  override requestsState(keySerde: string): boolean {
    return this.store?.keySerde.name === keySerde;
  }

  override requestState(key: unknown): void {
    this.store!.request(key);
  }

  /** Puts a new value into the store and hands on the change; the old value is what the store had. */
  protected replace(store: Store, key: unknown, value: unknown, timestamp: number): Processed {
    let entry: StoreEntry<unknown, unknown> | undefined;
    try {
      entry = store.lookup(key);
    } catch (error) {
      // The store's serde does not take this key.
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    if (entry === undefined) return this.loadThenReplace(store, key, value, timestamp);
    return this.replaceIn(store, entry, key, value, timestamp);
  }

  private async loadThenReplace(store: Store, key: unknown, value: unknown, timestamp: number): Promise<void> {
    await this.replaceIn(store, await store.load(key), key, value, timestamp);
  }

  private replaceIn(
    store: Store,
    entry: StoreEntry<unknown, unknown>,
    key: unknown,
    newValue: unknown,
    timestamp: number,
  ): Processed {
    const oldValue = this.oldValueOf(entry.value);
    if (!this.passes(newValue, oldValue)) return undefined;
    store.write(entry, newValue, timestamp);
    // A table that is only looked up in, as most that streams are joined with.
    if (this.children.length === 0) return undefined;
    const change: Change<unknown> = { newValue, oldValue };
    return this.forward(key, change, timestamp);
  }

  protected oldValueOf(stored: unknown): unknown {
    return stored;
  }

  protected passes(_newValue: unknown, _oldValue: unknown): boolean {
    return true;
  }
}

/** From records to changes. An older record replaces a newer one, as in Kafka Streams: what counts is the order in the topic. */
export class TableSourceNode extends StoredTableNode {
  constructor(name: string, context: TaskContext, operator: TableSourceOperator) {
    super(name, context, operator.store);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    if (key === null || key === undefined) {
      this.context.failures.recordSkipped(this.name, 'null-key');
      return undefined;
    }
    const newValue = value ?? undefined;
    if (this.store !== undefined) return this.replace(this.store, key, newValue, timestamp);
    const change: Change<unknown> = { newValue, oldValue: undefined };
    return this.forward(key, change, timestamp);
  }
}

export class TableFilterNode extends StoredTableNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: TableFilterOperator,
  ) {
    super(name, context, operator.store);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const { newValue, oldValue, isLatest } = value as Change<unknown>;
    const { sendsOldValues } = this.operator;
    let newPassing: unknown;
    let oldPassing: unknown;
    try {
      newPassing = this.select(key, newValue);
      if (sendsOldValues && this.store === undefined) oldPassing = this.select(key, oldValue);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    if (this.store !== undefined) return this.replace(this.store, key, newPassing, timestamp);
    if (!this.passes(newPassing, oldPassing)) return undefined;
    const change: Change<unknown> = { newValue: newPassing, oldValue: oldPassing, isLatest };
    return this.forward(key, change, timestamp);
  }

  private select(key: unknown, value: unknown): unknown {
    if (value === undefined) return undefined;
    return !this.operator.predicate(key, value) === this.operator.negate ? value : undefined;
  }

  /** A deletion of what was never there is left out, if that is known. */
  protected override passes(newValue: unknown, oldValue: unknown): boolean {
    const { sendsOldValues, versioned } = this.operator;
    return newValue !== undefined || oldValue !== undefined || !sendsOldValues || versioned;
  }
}

export class TableMapValuesNode extends StoredTableNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: TableMapValuesOperator,
  ) {
    super(name, context, operator.store);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const { newValue, oldValue, isLatest } = value as Change<unknown>;
    let newMapped: unknown;
    let oldMapped: unknown;
    try {
      newMapped = this.map(key, newValue);
      if (this.operator.sendsOldValues && this.store === undefined) oldMapped = this.map(key, oldValue);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    if (this.store !== undefined) return this.replace(this.store, key, newMapped, timestamp);
    const change: Change<unknown> = { newValue: newMapped, oldValue: oldMapped, isLatest };
    return this.forward(key, change, timestamp);
  }

  private map(key: unknown, value: unknown): unknown {
    return value === undefined ? undefined : (this.operator.mapper(value, key) ?? undefined);
  }
}

export class TableTransformValuesNode extends StoredTableNode {
  private readonly transformer: TransformerRun;

  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: TableTransformValuesOperator,
  ) {
    super(name, context, operator.store);
    this.transformer = new TransformerRun(operator.supplier, operator.stores, context, name);
  }

  override init(): Promise<void> {
    return this.transformer.init();
  }

  override close(): Promise<void> {
    return this.transformer.close();
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const change = value as Change<unknown>;
    const needsOld = this.operator.sendsOldValues && this.store === undefined;
    const { context } = this;
    const timestampBefore = context.timestamp;
    context.timestamp = timestamp;
    let newValue: unknown;
    let oldValue: unknown;
    try {
      newValue = this.transformer.transform(key, change.newValue);
      if (newValue instanceof Promise) return this.processLate(key, newValue, change, timestamp, timestampBefore);
      if (needsOld) oldValue = this.transformer.transform(key, change.oldValue);
      if (oldValue instanceof Promise) {
        const late = Promise.resolve(newValue);
        return this.processLate(key, late, change, timestamp, timestampBefore, oldValue);
      }
    } catch (error) {
      context.timestamp = timestampBefore;
      context.failures.processingFailed(this.name, error);
      return undefined;
    }
    context.timestamp = timestampBefore;
    return this.handOn(key, newValue, oldValue, change, timestamp);
  }

  private async processLate(
    key: unknown,
    transformed: Promise<unknown>,
    change: Change<unknown>,
    timestamp: number,
    timestampBefore: number,
    oldTransformed?: Promise<unknown>,
  ): Promise<void> {
    const needsOld = this.operator.sendsOldValues && this.store === undefined;
    let newValue: unknown;
    let oldValue: unknown;
    try {
      newValue = await transformed;
      if (needsOld) oldValue = await (oldTransformed ?? this.transformer.transform(key, change.oldValue));
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return;
    } finally {
      this.context.timestamp = timestampBefore;
    }
    await this.handOn(key, newValue, oldValue, change, timestamp);
  }

  private handOn(
    key: unknown,
    newValue: unknown,
    oldValue: unknown,
    { isLatest }: Change<unknown>,
    timestamp: number,
  ): Processed {
    if (this.store !== undefined) return this.replace(this.store, key, newValue, timestamp);
    const change: Change<unknown> = { newValue, oldValue, isLatest };
    return this.forward(key, change, timestamp);
  }
}

/** Where the two sides of a table-table join come together. */
export class TableJoinMergeNode extends StoredTableNode {
  private joinedOldValue: unknown;

  process(key: unknown, value: unknown, timestamp: number): Processed {
    if (this.store === undefined) return this.forward(key, value, timestamp);
    const { newValue, oldValue } = value as Change<unknown>;
    this.joinedOldValue = oldValue;
    return this.replace(this.store, key, newValue, timestamp);
  }

  /** What the side says, as in Kafka Streams. It differs from what is stored where a table is joined with itself. */
  protected override oldValueOf(): unknown {
    return this.joinedOldValue;
  }
}
