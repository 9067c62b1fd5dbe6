import type { SinkNode, Subtopology, Topology, TopologyNode } from './graph';
import { changelogTopic } from './topics';

/**
 * The topology as a Mermaid flowchart: subtopologies as boxes, stores as cylinders, topics as rounded shapes. Internal topics are
 * shown as the topology names them; in Kafka they have the prefix `<application id>-`.
 */
export function describeMermaid(topology: Topology): string {
  return new Chart().draw(topology);
}

/** Mermaid takes few characters in its identifiers, so names get short ones, and stand in the labels. */
class Chart {
  private readonly identifiers = new Map<string, string>();
  private readonly counts = new Map<string, number>();
  private readonly outside: string[] = [];
  private readonly edges: string[] = [];

  draw(topology: Topology): string {
    const boxes = topology.subtopologies.flatMap((subtopology) => this.drawSubtopology(subtopology));
    for (const { name, topic } of topology.globalTables.values()) {
      boxes.push(`  ${this.identify('store', name)}[("${name}")]`);
      this.edges.push(`  ${this.topic(topic.name)} --> ${this.identify('store', name)}`);
    }
    return ['flowchart TD', ...boxes, ...this.outside, ...this.edges].join('\n');
  }

  private drawSubtopology(subtopology: Subtopology): string[] {
    const lines = [
      `  subgraph subtopology${subtopology.id}["Sub-topology ${subtopology.id}"]`,
      ...subtopology.nodes.map((node) => `    ${this.node(node.name)}["${node.name}"]`),
    ];
    for (const node of subtopology.nodes) this.connect(node);
    for (const { name, changelog } of subtopology.stores) {
      const id = this.identify('store', name);
      lines.push(`    ${id}[("${name}")]`);
      if (changelog) this.edges.push(`  ${id} -.-> ${this.topic(changelogTopic(name).name)}`);
    }
    return [...lines, '  end'];
  }

  private connect(node: TopologyNode): void {
    const id = this.node(node.name);
    if (node.kind === 'source') {
      for (const topic of node.topics) this.edges.push(`  ${this.topic(topic.name)} --> ${id}`);
    }
    if (node.kind === 'processor') {
      for (const store of node.stores) this.edges.push(`  ${id} --- ${this.identify('store', store)}`);
      if (node.operator.type === 'streamGlobalTableJoin') {
        this.edges.push(`  ${id} --- ${this.identify('store', node.operator.table)}`);
      }
    }
    if (node.kind === 'sink') this.edges.push(`  ${id} --> ${this.target(node.name, node.topic)}`);
    else for (const child of node.children) this.edges.push(`  ${id} --> ${this.node(child)}`);
  }

  private node(name: string): string {
    return this.identify('node', name);
  }

  private target(sink: string, topic: SinkNode['topic']): string {
    return typeof topic === 'function'
      ? this.rounded('target', sink, 'chosen for each record')
      : this.topic(topic.name);
  }

  private topic(name: string): string {
    return this.rounded('topic', name, name);
  }

  private rounded(kind: string, name: string, label: string): string {
    const drawn = this.identifiers.has(`${kind} ${name}`);
    const id = this.identify(kind, name);
    if (!drawn) this.outside.push(`  ${id}(["${label}"])`);
    return id;
  }

  private identify(kind: string, name: string): string {
    const key = `${kind} ${name}`;
    let id = this.identifiers.get(key);
    if (id === undefined) {
      const count = (this.counts.get(kind) ?? 0) + 1;
      id = `${kind}${count}`;
      this.counts.set(kind, count);
      this.identifiers.set(key, id);
    }
    return id;
  }
}
