import type { ProcessorNode, Subtopology, TopicReference } from '../topology/graph';
import { keepsKey, keepsValue } from '../topology/operators';
import { AggregateNode } from './aggregate-node';
import { AsyncNode } from './async-node';
import { createTableOperator } from './create-table-operators';
import { DeduplicateNode } from './deduplicate-node';
import { CogroupInputNode } from './cogroup-input-node';
import { createWindowNode } from './create-window-node';
import type { OperatorNode } from './operator-node';
import { ProcessNode } from './process-node';
import { SideOutputNode } from './side-output-node';
import type { RecordCollector } from './record-collector';
import { SinkNode } from './sink-node';
import { SuppressNode } from './suppress-node';
import {
  BranchNode,
  FilterNode,
  FlatMapNode,
  FlatMapValuesNode,
  MapNode,
  MapValuesNode,
  PassThroughNode,
  PeekNode,
  SelectKeyNode,
  ToStreamNode,
} from './stateless-nodes';
import { StreamJoinNode } from './stream-join-node';
import type { TaskContext } from './task-context';

/** The operators of one task, ready to be wired to its sources. */
export interface TaskOperators {
  /** Parents before children. */
  readonly nodes: readonly OperatorNode[];
  /** For each source node's name: what it hands its records to. */
  readonly roots: ReadonlyMap<string, OperatorNode>;
  /** For each source node's name: the operators that will look up state by the keys of its records. */
  readonly requesters: ReadonlyMap<string, readonly OperatorNode[]>;
}

/** Gives each node of a subtopology its behaviour, for one task. */
export function createOperators(
  subtopology: Subtopology,
  context: TaskContext,
  collector: RecordCollector,
  topicName: (topic: TopicReference) => string,
): TaskOperators {
  const byName = new Map<string, OperatorNode>();
  for (const node of subtopology.nodes) {
    if (node.kind === 'source') byName.set(node.name, new PassThroughNode(node.name, context));
    else if (node.kind === 'sink') byName.set(node.name, new SinkNode(node, context, collector, topicName));
    else byName.set(node.name, createProcessor(node, context));
  }
  for (const node of subtopology.nodes) {
    if (node.kind !== 'sink') byName.get(node.name)!.children = node.children.map((child) => byName.get(child)!);
  }
  const roots = new Map<string, OperatorNode>();
  const requesters = new Map<string, readonly OperatorNode[]>();
  for (const source of subtopology.sources) {
    const root = byName.get(source.name)!;
    roots.set(source.name, root.children.length === 1 ? root.children[0]! : root);
    const reached = reachedWithSourceKey(subtopology, source.children);
    requesters.set(
      source.name,
      [...reached].flatMap(([name, keepsValue]) => {
        const node = byName.get(name)!;
        return node.requestsState(source.keySerde.name, keepsValue) ? [node] : [];
      }),
    );
  }
  return { nodes: [...byName.values()], roots, requesters };
}

function createProcessor(node: ProcessorNode, context: TaskContext): OperatorNode {
  const { name, operator } = node;
  switch (operator.type) {
    case 'filter':
      return new FilterNode(name, context, operator);
    case 'map':
      return new MapNode(name, context, operator);
    case 'mapValues':
      return new MapValuesNode(name, context, operator);
    case 'flatMap':
      return new FlatMapNode(name, context, operator);
    case 'flatMapValues':
      return new FlatMapValuesNode(name, context, operator);
    case 'selectKey':
      return new SelectKeyNode(name, context, operator);
    case 'peek':
      return new PeekNode(name, context, operator);
    case 'passThrough':
      return new PassThroughNode(name, context);
    case 'branch':
      return new BranchNode(name, context, operator);
    case 'toStream':
      return new ToStreamNode(name, context, operator);
    case 'aggregate':
      return new AggregateNode(name, context, operator, context.stores.get(operator.store)!);
    case 'streamJoin':
      return new StreamJoinNode(name, context, operator);
    case 'deduplicate':
      return new DeduplicateNode(name, context, operator, context.stores.get(operator.store)!);
    case 'windowAggregate':
      return createWindowNode(name, context, operator);
    case 'cogroupInput':
      return new CogroupInputNode(name, context, operator);
    case 'suppress':
      return new SuppressNode(name, context, operator);
    case 'process':
      return new ProcessNode(name, context, operator, node.stores);
    case 'sideOutput':
      return new SideOutputNode(name, context, operator.output);
    case 'tableSource':
    case 'tableFilter':
    case 'tableMapValues':
    case 'tableTransformValues':
    case 'tableGroupBy':
    case 'tableAggregate':
    case 'tableJoin':
    case 'tableJoinMerge':
    case 'streamTableJoin':
    case 'streamGlobalTableJoin':
    case 'foreignKeySubscribe':
    case 'foreignKeyLookup':
    case 'foreignKeyUpdate':
    case 'foreignKeyResponse':
      return createTableOperator(name, operator, context);
    case 'async':
      return new AsyncNode(name, context, operator);
  }
}

/** Operators that get the source's key unchanged, and whether they always get its value unchanged as well. */
function reachedWithSourceKey(subtopology: Subtopology, from: readonly string[]): ReadonlyMap<string, boolean> {
  const nodes = new Map(subtopology.nodes.map((node) => [node.name, node]));
  const reached = new Map<string, boolean>();
  const visit = (name: string, withValue: boolean): void => {
    const node = nodes.get(name);
    if (node?.kind !== 'processor') return;
    const before = reached.get(name);
    if (before === false || before === withValue) return;
    reached.set(name, withValue);
    if (!keepsKey(node.operator)) return;
    for (const child of node.children) visit(child, withValue && keepsValue(node.operator));
  };
  for (const name of from) visit(name, true);
  return reached;
}
