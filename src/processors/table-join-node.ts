import type { Change } from '../topology/operators';
import type { TableJoinOperator } from '../topology/table-node-operators';
import type { Processed } from './operator-node';
import type { TaskContext } from './task-context';
import { TableLookupNode } from './table-lookup-node';

/** One side of a table-table join: joins each change of this side with the current value of the other. */
export class TableJoinNode extends TableLookupNode {
  /** Whether a key that only the other side has is in the result. */
  private readonly otherSuffices: boolean;
  /** Whether a key that only this side has is in the result. */
  private readonly thisSuffices: boolean;

  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: TableJoinOperator,
  ) {
    super(name, context, operator.view);
    const { kind, side } = operator;
    this.thisSuffices = kind === 'outer' || (kind === 'left' && side === 'left');
    this.otherSuffices = kind === 'outer' || (kind === 'left' && side === 'right');
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const change = value as Change<unknown>;
    if (this.operator.versioned && change.isLatest === false) {
      this.context.failures.recordSkipped(this.name, 'out-of-order-version');
      return undefined;
    }
    let waiting: Processed;
    try {
      waiting = this.table.get(key);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return waiting === undefined ? this.join(key, change, timestamp) : this.joinLate(waiting, key, change, timestamp);
  }

  private async joinLate(
    waiting: Promise<void>,
    key: unknown,
    change: Change<unknown>,
    timestamp: number,
  ): Promise<void> {
    try {
      await waiting;
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return;
    }
    await this.join(key, change, timestamp);
  }

  private join(key: unknown, { newValue, oldValue, isLatest }: Change<unknown>, timestamp: number): Processed {
    const { value: otherValue, timestamp: otherTimestamp } = this.table;
    if (otherValue === undefined) {
      if (!this.thisSuffices) return undefined;
      if (newValue === undefined && oldValue === undefined) return undefined;
    }
    let newJoined: unknown;
    let oldJoined: unknown;
    try {
      newJoined = this.joined(newValue, otherValue);
      if (this.operator.sendsOldValues) oldJoined = this.joined(oldValue, otherValue);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    const change: Change<unknown> = { newValue: newJoined, oldValue: oldJoined, isLatest };
    return this.forward(key, change, Math.max(timestamp, otherTimestamp));
  }

  private joined(value: unknown, otherValue: unknown): unknown {
    if (value === undefined && (!this.otherSuffices || otherValue === undefined)) return undefined;
    const { side, joiner } = this.operator;
    const result =
      side === 'left' ? joiner(value ?? null, otherValue ?? null) : joiner(otherValue ?? null, value ?? null);
    return result ?? undefined;
  }
}
