import { VersionedTable } from '../state/versioned-table';
import type { Change } from '../topology/operators';
import type { VersionedStore } from '../topology/table-views';
import { OperatorNode } from './operator-node';
import type { TaskContext } from './task-context';

/** From records to changes of a table that keeps its past values: an older record changes the past only. */
export class VersionedTableSourceNode extends OperatorNode {
  private readonly table: VersionedTable;

  constructor(
    name: string,
    context: TaskContext,
    store: string,
    private readonly versioned: VersionedStore,
  ) {
    super(name, context);
    this.table = new VersionedTable(context.stores.get(store)!, versioned.keySerde, versioned.historyRetentionMs);
  }

  override requestsState(keySerde: string): boolean {
    return this.versioned.keySerde.name === keySerde;
  }

  override requestState(key: unknown, timestamp: number): void {
    this.table.requestPut(key, timestamp);
  }

  async process(key: unknown, value: unknown, timestamp: number): Promise<void> {
    if (key === null || key === undefined) {
      this.context.failures.recordSkipped(this.name, 'null-key');
      return;
    }
    const newValue = value ?? undefined;
    const { result, oldValue } = await this.table.put(key, newValue, timestamp);
    if (result === 'expired') {
      this.context.failures.recordSkipped(this.name, 'expired-version');
      return;
    }
    const change: Change<unknown> = { newValue, oldValue, isLatest: result === 'latest' };
    await this.forward(key, change, timestamp);
  }
}
