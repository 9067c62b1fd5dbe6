import type { TableView } from '../topology/table-views';
import { OperatorNode } from './operator-node';
import type { TaskContext } from './task-context';
import { createValueGetter, type ValueGetter } from './value-getters';

/** An operator that looks up a table's rows by the keys of its records. */
export abstract class TableLookupNode extends OperatorNode {
  protected readonly table: ValueGetter;

  constructor(name: string, context: TaskContext, view: TableView) {
    super(name, context);
    this.table = createValueGetter(view, context, name);
  }

  override requestsState(keySerde: string): boolean {
    return this.table.requestsState(keySerde);
  }

  override requestState(key: unknown): void {
    this.table.requestState(key);
  }

  override init(): Promise<void> | undefined {
    return this.table.init();
  }

  override close(): Promise<void> | undefined {
    return this.table.close();
  }
}
