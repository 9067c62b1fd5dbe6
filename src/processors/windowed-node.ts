import type { Change } from '../topology/operators';
import type { WindowAggregateOperator, WindowFold } from '../topology/window-operators';
import { OperatorNode, type Processed } from './operator-node';
import { ToStreamNode } from './stateless-nodes';
import type { TaskContext } from './task-context';

/** What windowed aggregations have in common: their inputs, late records, and how a result is handed down. */
export abstract class WindowedNode extends OperatorNode {
  private readonly lateSinks = new Map<string, OperatorNode>();
  /** No table below looks at the old value: hand down the new one itself, without a Change around it. */
  private forwardsPlainValues = false;

  constructor(
    name: string,
    context: TaskContext,
    protected readonly operator: WindowAggregateOperator,
  ) {
    super(name, context);
  }

  override async init(): Promise<void> {
    for (const { lateSink } of this.operator.folds) {
      const sink = this.children.find((child) => child.name === lateSink);
      if (sink !== undefined) this.lateSinks.set(sink.name, sink);
    }
    this.children = this.children.filter((child) => !this.lateSinks.has(child.name));
    if (this.children.length > 0 && this.children.every((child) => child instanceof ToStreamNode && child.keepsKey)) {
      this.children = this.children.flatMap((child) => child.children);
      this.forwardsPlainValues = true;
    }
    await this.open();
  }

  /** Reads what an earlier run of the task left in the store. */
  protected abstract open(): Promise<void>;

  override requestsState(keySerde: string): boolean {
    return this.operator.keySerde.name === keySerde;
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    return this.processInput(0, key, value, timestamp);
  }

  /** @param input - which of a cogroup's streams the record comes from */
  processInput(input: number, key: unknown, value: unknown, timestamp: number): Processed {
    if (key === null || key === undefined) {
      this.context.failures.recordSkipped(this.name, 'null-key');
      return undefined;
    }
    const fold = this.operator.folds[input]!;
    if ((value === null || value === undefined) && fold.dropsNullValues) {
      this.context.failures.recordSkipped(this.name, 'null-value');
      return undefined;
    }
    return this.fold(fold, input, key, value, timestamp);
  }

  protected abstract fold(fold: WindowFold, input: number, key: unknown, value: unknown, timestamp: number): Processed;

  /** Counts a record that at least one of its windows was closed to, and sends it where late records go. */
  protected late({ lateSink }: WindowFold, key: unknown, value: unknown, timestamp: number): Processed {
    this.context.failures.recordSkipped(this.name, 'late-record');
    return lateSink === undefined ? undefined : this.lateSinks.get(lateSink)!.process(key, value, timestamp);
  }

  protected forwardChange(key: unknown, newValue: unknown, oldValue: unknown, timestamp: number): Processed {
    if (this.forwardsPlainValues) return this.forward(key, newValue ?? null, timestamp);
    const change: Change<unknown> = { newValue, oldValue };
    return this.forward(key, change, timestamp);
  }
}
