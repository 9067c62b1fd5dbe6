import { RecordBuffer } from '../state/record-buffer';
import type { RecordBufferStore, StreamTableJoinOperator } from '../topology/table-node-operators';
import type { Processed } from './operator-node';
import { StreamTableJoinNode } from './stream-table-join-node';
import type { TaskContext } from './task-context';

/** Joins each record with the value that the table had at the record's time, once the grace period has passed. */
export class BufferedStreamTableJoinNode extends StreamTableJoinNode {
  private readonly buffer: RecordBuffer;

  constructor(
    name: string,
    context: TaskContext,
    operator: StreamTableJoinOperator,
    { store, keySerde, graceMs }: RecordBufferStore,
  ) {
    super(name, context, operator);
    this.buffer = new RecordBuffer(context.stores.get(store)!, keySerde, graceMs);
  }

  protected override lookUp(key: unknown, value: unknown, timestamp: number): Processed {
    return this.waitForTable(key, value, timestamp);
  }

  private async waitForTable(key: unknown, value: unknown, timestamp: number): Promise<void> {
    const { context, buffer } = this;
    const waits = await buffer.put(key, value, timestamp, context.headers);
    if (!waits) {
      await super.lookUp(key, value, timestamp);
      return;
    }
    const { headers: headersBefore, timestamp: timestampBefore } = context;
    try {
      for (let due = await buffer.takeDue(); due !== undefined; due = await buffer.takeDue()) {
        context.headers = due.headers;
        context.timestamp = due.timestamp;
        await super.lookUp(due.key, due.value, due.timestamp);
      }
    } finally {
      context.headers = headersBefore;
      context.timestamp = timestampBefore;
    }
  }
}
