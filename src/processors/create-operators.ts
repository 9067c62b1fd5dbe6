import type { ProcessorNode, Subtopology, TopicReference } from '../topology/graph';
import { keepsKey } from '../topology/operators';
import { AggregateNode } from './aggregate-node';
import { AsyncNode } from './async-node';
import type { OperatorNode } from './operator-node';
import { ProcessNode } from './process-node';
import type { RecordCollector } from './record-collector';
import { SinkNode } from './sink-node';
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
      [...reached].map((name) => byName.get(name)!).filter((node) => node.requestsState(source.keySerde.name)),
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
    case 'process':
      return new ProcessNode(name, context, operator, node.stores);
    case 'async':
      return new AsyncNode(name, context, operator);
  }
}

/** Operators that get the source's key unchanged. */
function reachedWithSourceKey(subtopology: Subtopology, from: readonly string[]): Set<string> {
  const nodes = new Map(subtopology.nodes.map((node) => [node.name, node]));
  const reached = new Set<string>();
  const visit = (name: string): void => {
    const node = nodes.get(name);
    if (node?.kind !== 'processor' || reached.has(name)) return;
    reached.add(name);
    if (keepsKey(node.operator)) node.children.forEach(visit);
  };
  from.forEach(visit);
  return reached;
}
