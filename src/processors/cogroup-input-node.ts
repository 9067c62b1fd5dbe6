import type { CogroupInputOperator } from '../topology/window-operators';
import { OperatorNode, type Processed } from './operator-node';
import type { TaskContext } from './task-context';
import type { WindowedNode } from './windowed-node';

/** Tells the aggregation below which of its inputs a record comes from. */
export class CogroupInputNode extends OperatorNode {
  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: CogroupInputOperator,
  ) {
    super(name, context);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    return (this.children[0] as WindowedNode).processInput(this.operator.input, key, value, timestamp);
  }
}
