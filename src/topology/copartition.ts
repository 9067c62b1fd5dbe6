import type { TopicReference, TopologyNode } from './graph';

/**
 * The topics that must have the same number of partitions: all those whose records reach one store. With different numbers the
 * records of one key would be in partitions of different numbers, hence in different tasks, and each task would have a state of
 * its own for that key.
 *
 * Topics that are read together without a store may have different numbers; the larger one decides how many tasks there are.
 */
export function copartitionGroups(nodes: readonly TopologyNode[]): readonly (readonly TopicReference[])[] {
  const reaching = topicsReaching(nodes);
  const groups = new Map<string, Set<TopicReference>>();
  for (const node of nodes) {
    if (node.kind !== 'processor') continue;
    for (const store of node.stores) {
      groups.set(store, new Set([...(groups.get(store) ?? []), ...reaching.get(node.name)!]));
    }
  }
  return mergeOverlapping([...groups.values()])
    .filter((group) => group.size > 1)
    .map((group) => [...group]);
}

/** What the user calls the node for whose store topics of a group must be co-partitioned. */
export function copartitionedFor(nodes: readonly TopologyNode[], group: readonly TopicReference[]): string | undefined {
  const reaching = topicsReaching(nodes);
  const byStore = new Map<string, Set<TopicReference>>();
  for (const node of nodes) {
    if (node.kind !== 'processor') continue;
    for (const store of node.stores) {
      const topics = new Set([...(byStore.get(store) ?? []), ...reaching.get(node.name)!]);
      byStore.set(store, topics);
      if (group.filter((topic) => topics.has(topic)).length < 2) continue;
      return node.operator.type === 'streamJoin' ? node.operator.join.name : node.name;
    }
  }
  return undefined;
}

/** For each node the topics that its records may come from. Parents come before children. */
function topicsReaching(nodes: readonly TopologyNode[]): ReadonlyMap<string, Set<TopicReference>> {
  const reaching = new Map<string, Set<TopicReference>>(nodes.map((node) => [node.name, new Set()]));
  for (const node of nodes) {
    const topics = reaching.get(node.name)!;
    if (node.kind === 'source') for (const topic of node.topics) topics.add(topic);
    if (node.kind === 'sink') continue;
    for (const child of node.children) for (const topic of topics) reaching.get(child)!.add(topic);
  }
  return reaching;
}

function mergeOverlapping(groups: readonly ReadonlySet<TopicReference>[]): readonly ReadonlySet<TopicReference>[] {
  const merged: Set<TopicReference>[] = [];
  for (const group of groups) {
    const overlapping = merged.filter((other) => [...group].some((topic) => other.has(topic)));
    const union = new Set([...overlapping.flatMap((other) => [...other]), ...group]);
    merged.splice(0, merged.length, ...merged.filter((other) => !overlapping.includes(other)), union);
  }
  return merged;
}
