import type { Serde } from '../serde/serde';
import { bytes } from '../serde/bytes';
import { buildTopology } from './build-topology';
import {
  DuplicateNameError,
  IllegalDurationError,
  IllegalNameError,
  IllegalPartitionsError,
  SerdeMissingError,
  SplitNotEndedError,
  StoreSerdeMissingError,
  StoreUnknownError,
  StoreUnusedError,
  TopicSubscribedTwiceError,
} from './errors';
import type { TopologyError } from './errors';
import type {
  GlobalTableDefinition,
  RepartitionTopic,
  SinkNode,
  SourceNode,
  StoreDefinition,
  StreamPartitioner,
  Topology,
} from './graph';
import type { ProcessorNode, TopologyNode } from './graph';
import { GeneratedNamesError, generatedNames } from './generated-names';
import { isLegalName, NodeNames } from './node-names';
import type { Operator } from './operators';
import { mergeSubscription } from './subscriptions';
import { missingFunctions } from './missing-functions';
import { repartitionTopic } from './topics';
import { checkRetention } from './window-store-definitions';

/** A repartition as an operator asks for it. */
export interface RepartitionRequest {
  /** The topic is `<name>-repartition`. */
  readonly name: string;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  readonly partitions?: number | undefined;
  readonly partitioner?: StreamPartitioner<unknown, unknown> | undefined;
  /** Whether records without a key go through as well. By default they belong to no task, and are dropped. */
  readonly keepsNullKeys?: boolean | undefined;
}

/**
 * The topology while it is being written: the one thing behind the DSL's immutable objects that changes.
 *
 * A mistake is kept and not thrown, so that `build()` can name them all; a draft with mistakes only has to stay usable, not right.
 */
export class TopologyDraft {
  private readonly nodes = new Map<string, TopologyNode>();
  private readonly children = new Map<string, string[]>();
  private readonly stores = new Map<string, StoreDefinition>();
  private readonly repartitions = new Map<string, RepartitionTopic>();
  private readonly globalTables = new Map<string, GlobalTableDefinition>();
  private readonly openSplits = new Set<string>();
  private readonly problems: TopologyError[] = [];
  private readonly names = new NodeNames((problem) => this.report(problem));

  /** @param refusesGeneratedNames - of stores and internal topics */
  constructor(private readonly refusesGeneratedNames = false) {}

  report(problem: TopologyError): void {
    this.problems.push(problem);
  }

  /** The name for the next node of a kind: the given one, or `<kind>-<n>`. */
  nextName(kind: string, given: string | undefined): string {
    return this.names.next(kind, given);
  }

  /** The serde, or a placeholder and a problem where there is none. */
  require(part: 'key' | 'value', serde: Serde<unknown> | undefined, node: string, purpose: string): Serde<unknown> {
    if (serde !== undefined) return serde;
    this.report(new SerdeMissingError(part, node, purpose));
    return bytes;
  }

  /** Adds a source, and returns the name of the node that reads its topics: an earlier one if it reads the very same. */
  addSource(source: Omit<SourceNode, 'kind' | 'children'>, named: boolean): string {
    for (const part of ['key', 'value'] as const)
      this.require(part, source[`${part}Serde`], source.name, 'to read its topics');
    const sources = [...this.nodes.values()].filter((node) => node.kind === 'source');
    const merged = mergeSubscription(sources, source, named, (problem) => this.report(problem));
    if (merged !== undefined) return merged;
    this.addNode({ kind: 'source', ...source, children: [] }, []);
    return source.name;
  }

  addProcessor(name: string, operator: Operator, parents: readonly string[], storeNames: readonly string[] = []): void {
    for (const problem of missingFunctions(name, operator)) this.report(problem);
    this.addNode({ kind: 'processor', name, operator, stores: [...storeNames], children: [] }, parents);
  }

  /** Gives a node more stores. */
  attachStores(node: string, stores: readonly string[]): void {
    const processor = this.nodes.get(node);
    if (processor?.kind !== 'processor') return;
    this.nodes.set(node, { ...processor, stores: [...new Set([...processor.stores, ...stores])] });
  }

  /** A number of milliseconds from 0 up; anything else is a problem of the node. */
  duration(milliseconds: number, node: string, option: string): number {
    if (!(Number.isSafeInteger(milliseconds) && milliseconds >= 0)) {
      this.report(new IllegalDurationError(node, option, milliseconds));
    }
    return milliseconds;
  }

  addSink(sink: Omit<SinkNode, 'kind'>, parents: readonly string[]): void {
    this.addNode({ kind: 'sink', ...sink }, parents);
  }

  addStore(definition: StoreDefinition): void {
    const { name } = definition;
    if (!isLegalName(name)) this.report(new IllegalNameError('store', name, { store: name }));
    const problem = checkRetention(definition);
    if (problem !== undefined) this.report(problem);
    for (const part of ['key', 'value'] as const)
      if ((definition[`${part}Serde`] as unknown) === undefined) this.report(new StoreSerdeMissingError(part, name));
    if (this.stores.has(name)) this.report(new DuplicateNameError('store', name, { store: name }));
    else this.stores.set(name, definition);
  }

  addGlobalTable(definition: GlobalTableDefinition): void {
    const { name, topic } = definition;
    if (!isLegalName(name)) this.report(new IllegalNameError('store', name, { store: name }));
    if (!isLegalName(topic.name)) this.report(new IllegalNameError('topic', topic.name, { topic: topic.name }));
    const reader = [...this.globalTables.values()].find((other) => other.topic.name === topic.name);
    if (reader !== undefined) this.report(new TopicSubscribedTwiceError(topic.name, reader.name, name, 'stores'));
    if (this.globalTables.has(name)) this.report(new DuplicateNameError('store', name, { store: name }));
    else this.globalTables.set(name, definition);
  }

  /** Sends the parents' records through an internal topic, and returns the name of the source that reads them from there. */
  addRepartition(request: RepartitionRequest, parents: readonly string[]): string {
    const { name, keySerde, valueSerde, partitions, partitioner, keepsNullKeys } = request;
    const topic = repartitionTopic(name);
    const sink = `${topic.name}-sink`;
    const source = `${topic.name}-source`;
    if (partitions !== undefined && !(Number.isInteger(partitions) && partitions >= 1)) {
      this.report(new IllegalPartitionsError(name, partitions));
    }
    if (this.repartitions.has(topic.name)) {
      this.report(new DuplicateNameError('repartition topic', topic.name, { topic: topic.name }));
      return source;
    }
    this.repartitions.set(topic.name, { name: topic.name, partitions });
    this.addSink({ name: sink, topic, keySerde, valueSerde, partitioner, keepsNullKeys }, parents);
    this.addNode({ kind: 'source', name: source, topics: [topic], keySerde, valueSerde, children: [] }, []);
    return source;
  }

  /** What is found at a node or at the nearest ones that lead to it. */
  findAbove<T>(node: string, find: (operator: Operator) => T | undefined): readonly T[] {
    const at = this.nodes.get(node);
    const found = at?.kind === 'processor' ? find(at.operator) : undefined;
    if (found !== undefined) return [found];
    const parents = [...this.children].filter(([, children]) => children.includes(node)).map(([parent]) => parent);
    return parents.flatMap((parent) => this.findAbove(parent, find));
  }

  beginSplit(node: string): void {
    this.openSplits.add(node);
  }

  endSplit(node: string): void {
    this.openSplits.delete(node);
  }

  /** @throws InvalidTopologyError with all problems. */
  build(): Topology {
    const nodes = [...this.nodes.values()].map((node): TopologyNode => {
      if (node.kind === 'sink') return node;
      const children = [...this.children.get(node.name)!];
      // A copy, as what is added to the builder later may still change what a table has to do.
      return node.kind === 'processor' ? { ...node, operator: { ...node.operator }, children } : { ...node, children };
    });
    const generated = generatedNames(this.names.generated, this.stores.values(), this.repartitions.keys());
    const refused = this.refusesGeneratedNames && generated.length > 0 ? [new GeneratedNamesError(generated)] : [];
    const problems = [...this.problems, ...this.unfinished(nodes), ...refused];
    return buildTopology(nodes, this.stores, this.repartitions, this.globalTables, problems, generated);
  }

  private addNode(node: TopologyNode, parents: readonly string[]): void {
    if (!this.names.take(node.name)) return;
    this.nodes.set(node.name, node);
    this.children.set(node.name, []);
    for (const parent of parents) this.children.get(parent)?.push(node.name);
  }

  private unfinished(nodes: readonly TopologyNode[]): TopologyError[] {
    const processors = nodes.filter((node): node is ProcessorNode => node.kind === 'processor');
    const used = new Set(processors.flatMap((node) => node.stores));
    return [
      ...[...this.openSplits].map((node) => new SplitNotEndedError(node)),
      ...processors.flatMap((node) =>
        node.stores.filter((store) => !this.stores.has(store)).map((store) => new StoreUnknownError(store, node.name)),
      ),
      ...[...this.stores.keys()].filter((store) => !used.has(store)).map((store) => new StoreUnusedError(store)),
    ];
  }
}
