import { PassThroughNode } from './stateless-nodes';
import type { TaskContext } from './task-context';

/** Where one side output of a processor begins. Only that processor hands it records. */
export class SideOutputNode extends PassThroughNode {
  constructor(
    name: string,
    context: TaskContext,
    readonly output: string,
  ) {
    super(name, context);
  }
}
