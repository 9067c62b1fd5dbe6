import { copartitionedFor } from './copartition';
import { InvalidTopologyError, NoSourceError, NotCopartitionedError } from './errors';
import type { TopologyError } from './errors';
import type { GeneratedName } from './generated-names';
import type {
  GlobalTableDefinition,
  RepartitionTopic,
  StoreDefinition,
  Subtopology,
  Topology,
  TopologyNode,
} from './graph';
import { splitIntoSubtopologies } from './subtopologies';

/**
 * Turns nodes in the order of their declaration, parents before children, into a topology: complete, frozen, and split.
 *
 * @throws InvalidTopologyError when there are problems.
 */
export function buildTopology(
  nodes: readonly TopologyNode[],
  stores: ReadonlyMap<string, StoreDefinition>,
  repartitions: ReadonlyMap<string, RepartitionTopic>,
  globalTables: ReadonlyMap<string, GlobalTableDefinition>,
  problems: readonly TopologyError[],
  generatedNames: readonly GeneratedName[],
): Topology {
  const all = nodes.some((node) => node.kind === 'source') ? problems : [...problems, new NoSourceError()];
  if (all.length > 0) throw new InvalidTopologyError(all);
  const frozenNodes = nodes.map((node) => deepFreeze({ ...node }));
  const frozenStores = new Map([...stores].map(([name, store]) => [name, Object.freeze({ ...store })]));
  const subtopologies = splitIntoSubtopologies(frozenNodes, frozenStores);
  const notCopartitioned = subtopologies.flatMap((subtopology) => findNotCopartitioned(subtopology, repartitions));
  if (notCopartitioned.length > 0) throw new InvalidTopologyError(notCopartitioned);
  return Object.freeze({
    nodes: new Map(frozenNodes.map((node) => [node.name, node])),
    stores: frozenStores,
    repartitionTopics: new Map([...repartitions].map(([name, topic]) => [name, Object.freeze({ ...topic })])),
    globalTables: new Map([...globalTables].map(([name, table]) => [name, Object.freeze({ ...table })])),
    generatedNames: deepFreeze([...generatedNames]),
    subtopologies: deepFreeze(subtopologies),
  });
}

/** Groups that cannot be co-partitioned, since repartitions ask for different numbers. Other numbers are known at the start only. */
function findNotCopartitioned(
  { nodes, copartitionGroups }: Subtopology,
  repartitions: ReadonlyMap<string, RepartitionTopic>,
): TopologyError[] {
  return copartitionGroups.flatMap((group) => {
    const asked = group.flatMap(({ name, internal }): [string, number][] => {
      const partitions = internal ? repartitions.get(name)?.partitions : undefined;
      return partitions === undefined ? [] : [[name, partitions]];
    });
    if (new Set(asked.map(([, partitions]) => partitions)).size < 2) return [];
    return new NotCopartitionedError(copartitionedFor(nodes, group) ?? '', new Map(asked));
  });
}

/** Freezes the plain data of a description. What the user gave, functions and serdes, stays as it is. */
function deepFreeze<T extends object>(value: T): T {
  Object.freeze(value);
  for (const [field, inner] of Object.entries(value) as [string, unknown][]) {
    if (field.endsWith('Serde')) continue;
    if (typeof inner === 'object' && inner !== null && !Object.isFrozen(inner)) deepFreeze(inner);
  }
  return value;
}
