import { InvalidTopologyError, NoSourceError } from './errors';
import type { TopologyError } from './errors';
import type { GeneratedName } from './generated-names';
import type { RepartitionTopic, StoreDefinition, Topology, TopologyNode } from './graph';
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
  problems: readonly TopologyError[],
  generatedNames: readonly GeneratedName[],
): Topology {
  const all = nodes.some((node) => node.kind === 'source') ? problems : [...problems, new NoSourceError()];
  if (all.length > 0) throw new InvalidTopologyError(all);
  const frozenNodes = nodes.map((node) => deepFreeze({ ...node }));
  const frozenStores = new Map([...stores].map(([name, store]) => [name, Object.freeze({ ...store })]));
  return Object.freeze({
    nodes: new Map(frozenNodes.map((node) => [node.name, node])),
    stores: frozenStores,
    repartitionTopics: new Map([...repartitions].map(([name, topic]) => [name, Object.freeze({ ...topic })])),
    generatedNames: deepFreeze([...generatedNames]),
    subtopologies: deepFreeze(splitIntoSubtopologies(frozenNodes, frozenStores)),
  });
}

/** Freezes the plain data of a description. What the user gave, functions and serdes, stays as it is. */
function deepFreeze<T extends object>(value: T): T {
  Object.freeze(value);
  for (const [field, inner] of Object.entries(value) as [string, unknown][]) {
    if (field === 'keySerde' || field === 'valueSerde') continue;
    if (typeof inner === 'object' && inner !== null && !Object.isFrozen(inner)) deepFreeze(inner);
  }
  return value;
}
