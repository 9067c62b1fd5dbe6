import { copartitionGroups } from './copartition';
import type { StoreDefinition, Subtopology, TopologyNode } from './graph';

/**
 * Splits nodes, given in the order of their declaration, into the parts that are connected by edges or by shared stores. The
 * parts are numbered in the order in which their first node was declared.
 */
export function splitIntoSubtopologies(
  nodes: readonly TopologyNode[],
  stores: ReadonlyMap<string, StoreDefinition>,
): readonly Subtopology[] {
  const groups = new Groups();
  for (const node of nodes) {
    groups.add(nodeKey(node.name));
    if (node.kind === 'sink') continue;
    for (const child of node.children) groups.join(nodeKey(node.name), nodeKey(child));
    if (node.kind === 'processor') {
      for (const store of node.stores) groups.join(nodeKey(node.name), storeKey(store));
    }
  }
  const parts = new Map<string, TopologyNode[]>();
  for (const node of nodes) {
    const group = groups.of(nodeKey(node.name));
    const part = parts.get(group);
    if (part === undefined) parts.set(group, [node]);
    else part.push(node);
  }
  return [...parts.values()].map((part, id) => describePart(id, part, stores));
}

function describePart(
  id: number,
  nodes: readonly TopologyNode[],
  stores: ReadonlyMap<string, StoreDefinition>,
): Subtopology {
  const used = new Set(nodes.flatMap((node) => (node.kind === 'processor' ? node.stores : [])));
  return {
    id,
    nodes,
    sources: nodes.filter((node) => node.kind === 'source'),
    stores: [...stores.values()].filter((store) => used.has(store.name)),
    writesRepartition: nodes.flatMap((node) =>
      node.kind === 'sink' && typeof node.topic !== 'function' && node.topic.internal ? [node.topic.name] : [],
    ),
    copartitionGroups: copartitionGroups(nodes),
  };
}

// Nodes and stores may have the same name.
const nodeKey = (name: string) => `node ${name}`;
const storeKey = (name: string) => `store ${name}`;

/** Disjoint sets of names. */
class Groups {
  private readonly parent = new Map<string, string>();

  add(name: string): void {
    if (!this.parent.has(name)) this.parent.set(name, name);
  }

  /** The name that stands for the whole group. */
  of(name: string): string {
    this.add(name);
    let root = name;
    while (this.parent.get(root) !== root) root = this.parent.get(root)!;
    this.parent.set(name, root);
    return root;
  }

  join(one: string, other: string): void {
    this.parent.set(this.of(other), this.of(one));
  }
}
