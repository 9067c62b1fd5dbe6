import type { EpochStore } from '../state/epoch-store';
import type { StoreEntry } from '../state/store-entry';
import type { AggregateOperator, Change } from '../topology/operators';
import { OperatorNode, type Processed } from './operator-node';
import type { TaskContext } from './task-context';
import { ToStreamNode } from './stateless-nodes';

/**
 * Folds the records of each key into a timestamped store (count, reduce, aggregate).
 *
 * The aggregate's timestamp is the highest of its records; each update is handed down with it, as Kafka Streams does.
 */
export class AggregateNode extends OperatorNode {
  /** No table below looks at the old value: hand down the new one itself, without a Change around it. */
  private forwardsPlainValues = false;

  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: AggregateOperator,
    private readonly store: EpochStore<unknown, unknown>,
  ) {
    super(name, context);
  }

  override init(): undefined {
    if (this.children.length > 0 && this.children.every((child) => child instanceof ToStreamNode && child.keepsKey)) {
      this.children = this.children.flatMap((child) => child.children);
      this.forwardsPlainValues = true;
    }
    return undefined;
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
    if (value === null || value === undefined) {
      this.context.failures.recordSkipped(this.name, 'null-value');
      return undefined;
    }
    let entry: StoreEntry<unknown, unknown> | undefined;
    try {
      entry = this.store.lookup(key);
    } catch (error) {
      // The store's serde does not take this key.
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return entry === undefined ? this.loadThenUpdate(key, value, timestamp) : this.update(entry, key, value, timestamp);
  }

  private async loadThenUpdate(key: unknown, value: unknown, timestamp: number): Promise<void> {
    const entry = await this.store.load(key);
    await this.update(entry, key, value, timestamp);
  }

  private update(entry: StoreEntry<unknown, unknown>, key: unknown, value: unknown, timestamp: number): Processed {
    const { initializer, aggregator } = this.operator;
    const oldValue = entry.value;
    let newValue: unknown;
    try {
      if (oldValue !== undefined) newValue = aggregator(key, value, oldValue);
      else newValue = initializer === undefined ? value : aggregator(key, value, initializer());
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    newValue ??= undefined;
    const newTimestamp = oldValue === undefined || timestamp > entry.timestamp ? timestamp : entry.timestamp;
    this.store.write(entry, newValue, newTimestamp);
    if (this.forwardsPlainValues) return this.forward(key, newValue ?? null, newTimestamp);
    const change: Change<unknown> = { newValue, oldValue };
    return this.forward(key, change, newTimestamp);
  }
}
