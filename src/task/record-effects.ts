import type { Subtopology } from '../topology/graph';
import type { Operator } from '../topology/operators';

/** Operators that remember nothing. A processor of the user's may, also without a store. */
const HAND_ON_ONLY: ReadonlySet<Operator['type']> = new Set<Operator['type']>([
  'filter',
  'map',
  'mapValues',
  'flatMap',
  'flatMapValues',
  'selectKey',
  'peek',
  'passThrough',
  'branch',
]);

/**
 * Whether what the given nodes do to a record leaves no trace until it reaches an asynchronous operator: nothing is stored, nothing
 * is written. Then a record that waits there has not happened yet, and a commit need not wait for it.
 */
export function leavesNoTrace(subtopology: Subtopology, from: readonly string[]): boolean {
  const nodes = new Map(subtopology.nodes.map((node) => [node.name, node]));
  const visited = new Set<string>();
  const visit = (name: string): boolean => {
    if (visited.has(name)) return true;
    visited.add(name);
    const node = nodes.get(name)!;
    if (node.kind !== 'processor' || node.stores.length > 0) return false;
    if (node.operator.type === 'async') return true;
    return HAND_ON_ONLY.has(node.operator.type) && node.children.every(visit);
  };
  return from.every(visit);
}

/** The asynchronous operators that these nodes lead to, those behind other asynchronous operators included. */
export function asyncNodesBelow(subtopology: Subtopology, from: readonly string[]): ReadonlySet<string> {
  const nodes = new Map(subtopology.nodes.map((node) => [node.name, node]));
  const visited = new Set<string>();
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (visited.has(name)) return;
    visited.add(name);
    const node = nodes.get(name)!;
    if (node.kind === 'sink') return;
    if (node.kind === 'processor' && node.operator.type === 'async') found.add(name);
    node.children.forEach(visit);
  };
  from.forEach(visit);
  return found;
}
