import type { EpochStore } from '../state/epoch-store';
import type { StoreEntry } from '../state/store-entry';
import type { StreamGlobalTableJoinOperator } from '../topology/table-node-operators';
import { OperatorNode, type Processed } from './operator-node';
import type { TaskContext } from './task-context';

/** Joins each record with the row of a global table that it names. */
export class StreamGlobalTableJoinNode extends OperatorNode {
  private readonly table: EpochStore<unknown, unknown>;

  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: StreamGlobalTableJoinOperator,
  ) {
    super(name, context);
    this.table = context.globalTables.get(operator.table)!;
  }

  override requestsState(_keySerde: string, keepsValue: boolean): boolean {
    return keepsValue;
  }

  override requestState(key: unknown, _timestamp: number, value: unknown): void {
    if (value === null || value === undefined) return;
    try {
      const tableKey = this.operator.selector(key, value) ?? undefined;
      if (tableKey !== undefined) this.table.request(tableKey);
    } catch {
      // Whatever it is, it comes again where it can be said which record it is about.
    }
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const { left, selector } = this.operator;
    if (value === null || value === undefined) {
      this.context.failures.recordSkipped(this.name, 'null-value');
      return undefined;
    }
    let tableKey: unknown;
    let entry: StoreEntry<unknown, unknown> | undefined;
    try {
      tableKey = selector(key, value) ?? undefined;
      if (tableKey !== undefined) entry = this.table.lookup(tableKey);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    if (tableKey === undefined) {
      if (left) return this.join(key, value, undefined, timestamp);
      this.context.failures.recordSkipped(this.name, 'null-key');
      return undefined;
    }
    return entry === undefined
      ? this.joinLate(tableKey, key, value, timestamp)
      : this.join(key, value, entry.value, timestamp);
  }

  private async joinLate(tableKey: unknown, key: unknown, value: unknown, timestamp: number): Promise<void> {
    const entry = await this.table.load(tableKey);
    await this.join(key, value, entry.value, timestamp);
  }

  private join(key: unknown, value: unknown, tableValue: unknown, timestamp: number): Processed {
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
