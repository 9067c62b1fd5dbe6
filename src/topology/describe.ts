import type { SourceNode, Subtopology, TopicReference, Topology, TopologyNode } from './graph';
import { changelogTopic } from './topics';

/**
 * The topology as text, in the manner of Kafka Streams' TopologyDescription. Internal topics are shown as the topology names them;
 * in Kafka they have the prefix `<application id>-`.
 *
 * @example
 * console.log(describe(builder.build()));
 */
export function describe(topology: Topology): string {
  const globals = [...topology.globalTables.values()].map(
    ({ name, topic, backend }) => `  Global table: ${name} (topic: ${topic.name}, ${backend})`,
  );
  const parts = [
    ...topology.subtopologies.map(describeSubtopology),
    ...(globals.length > 0 ? [globals.join('\n')] : []),
  ];
  return `Topologies:\n${parts.join('\n\n')}`;
}

function describeSubtopology(subtopology: Subtopology): string {
  const parents = parentsOf(subtopology.nodes);
  const lines = [`  Sub-topology: ${subtopology.id}`];
  for (const node of subtopology.nodes) {
    lines.push(`    ${describeNode(node)}`);
    if (node.kind !== 'sink') lines.push(`      --> ${node.children.join(', ') || 'none'}`);
    if (node.kind !== 'source') lines.push(`      <-- ${parents.get(node.name)!.join(', ')}`);
  }
  for (const { name, kind, backend, changelog } of subtopology.stores) {
    const kept = changelog ? `changelog: ${changelogTopic(name).name}` : 'no changelog';
    lines.push(`    Store: ${name} (${kind}, ${backend}, ${kept})`);
  }
  return lines.join('\n');
}

function describeNode(node: TopologyNode): string {
  switch (node.kind) {
    case 'source':
      return `Source: ${node.name} (topics: [${topicNames(node)}])`;
    case 'processor':
      return `Processor: ${node.name} (stores: [${node.stores.join(', ')}])`;
    case 'sink':
      return `Sink: ${node.name} (topic: ${describeTarget(node.topic)})`;
  }
}

function topicNames(source: SourceNode): string {
  return source.topics.map((topic) => topic.name).join(', ');
}

function describeTarget(topic: TopicReference | ((key: unknown, value: unknown) => string)): string {
  return typeof topic === 'function' ? 'chosen for each record' : topic.name;
}

function parentsOf(nodes: readonly TopologyNode[]): ReadonlyMap<string, readonly string[]> {
  const parents = new Map<string, string[]>(nodes.map((node) => [node.name, []]));
  for (const node of nodes) {
    if (node.kind !== 'sink') for (const child of node.children) parents.get(child)!.push(node.name);
  }
  return parents;
}
