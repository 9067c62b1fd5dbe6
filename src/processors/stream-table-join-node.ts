import type { StreamTableJoinOperator } from '../topology/table-node-operators';
import { historyRetentionOf } from '../topology/table-views';
import type { Processed } from './operator-node';
import type { TaskContext } from './task-context';
import { TableLookupNode } from './table-lookup-node';

/** Joins each record with the table's current value for its key. */
export class StreamTableJoinNode extends TableLookupNode {
  private readonly versioned: boolean;

  constructor(
    name: string,
    context: TaskContext,
    protected readonly operator: StreamTableJoinOperator,
  ) {
    super(name, context, operator.view);
    this.versioned = historyRetentionOf(operator.view) !== undefined;
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    if (value === null || value === undefined) {
      this.context.failures.recordSkipped(this.name, 'null-value');
      return undefined;
    }
    if (key === null || key === undefined) {
      if (this.operator.left) return this.join(key, value, undefined, timestamp);
      this.context.failures.recordSkipped(this.name, 'null-key');
      return undefined;
    }
    return this.lookUp(key, value, timestamp);
  }

  protected lookUp(key: unknown, value: unknown, timestamp: number): Processed {
    let waiting: Processed;
    try {
      waiting = this.versioned ? this.table.getAsOf(key, timestamp) : this.table.get(key);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    if (waiting !== undefined) return this.joinLate(waiting, key, value, timestamp);
    return this.join(key, value, this.table.value, timestamp);
  }

  private async joinLate(waiting: Promise<void>, key: unknown, value: unknown, timestamp: number): Promise<void> {
    try {
      await waiting;
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return;
    }
    await this.join(key, value, this.table.value, timestamp);
  }

  protected join(key: unknown, value: unknown, tableValue: unknown, timestamp: number): Processed {
    const { left, joiner } = this.operator;
    if (tableValue === undefined && !left) return undefined;
    let joined: unknown;
    try {
      joined = joiner(value, tableValue ?? null, key);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return this.forward(key, joined, timestamp);
  }
}
