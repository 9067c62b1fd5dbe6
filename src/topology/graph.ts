import type { Serde } from '../serde/serde';
import type { GeneratedName } from './generated-names';
import type { Operator } from './operators';

/**
 * A topic as the topology names it. An internal topic (repartition, changelog) belongs to the application, and is
 * `<application id>-<name>` in Kafka.
 */
export interface TopicReference {
  readonly name: string;
  readonly internal: boolean;
}

/** Says at which event time a record happened: milliseconds since the epoch. */
export type TimestampExtractor<K, V> = (record: {
  readonly key: K;
  readonly value: V;
  readonly timestamp: number;
}) => number;

/** Reads topics into the topology. They may have different numbers of partitions, unless a co-partition group says otherwise. */
export interface SourceNode {
  readonly kind: 'source';
  readonly name: string;
  readonly topics: readonly TopicReference[];
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  readonly timestampExtractor?: TimestampExtractor<unknown, unknown> | undefined;
  readonly children: readonly string[];
}

/** Does one thing to each record, possibly with stores. */
export interface ProcessorNode {
  readonly kind: 'processor';
  readonly name: string;
  readonly operator: Operator;
  /** Names of the stores that it may use. */
  readonly stores: readonly string[];
  /** In order; for a `branch` operator, child n gets what predicate n lets through. */
  readonly children: readonly string[];
}

/** Chooses the topic of each record. */
export type TopicNameExtractor<K, V> = (key: K, value: V) => string;

/** Chooses the partition of each record: a number in [0, partitionCount). */
export type StreamPartitioner<K, V> = (key: K, value: V, partitionCount: number) => number;

/** Writes records to a topic. */
export interface SinkNode {
  readonly kind: 'sink';
  readonly name: string;
  readonly topic: TopicReference | TopicNameExtractor<unknown, unknown>;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  readonly partitioner?: StreamPartitioner<unknown, unknown> | undefined;
}

export type TopologyNode = SourceNode | ProcessorNode | SinkNode;

/** A named store that each task of its subtopology keeps its own part of. */
export interface StoreDefinition {
  readonly kind: 'key-value' | 'timestamped-key-value';
  readonly name: string;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  /** Without a changelog the state is lost with the local disk. Default true. */
  readonly changelog: boolean;
  readonly backend: 'rocksdb' | 'memory';
  /** What else the meaning of stored bytes depends on, as `windowSizeMs`. A start with other values on the same state is refused. */
  readonly format?: Readonly<Record<string, string | number>> | undefined;
}

/** An internal topic through which records move to the task of their new key. */
export interface RepartitionTopic {
  readonly name: string;
  /** When absent: as many as the largest source of the subtopologies that write to it. */
  readonly partitions?: number | undefined;
}

/** A part of the topology whose nodes are connected without a topic between them. Its tasks are `<id>_<partition>`. */
export interface Subtopology {
  readonly id: number;
  readonly sources: readonly SourceNode[];
  /** All nodes, parents before children. */
  readonly nodes: readonly TopologyNode[];
  readonly stores: readonly StoreDefinition[];
  /** Names of internal topics that its sinks write to. */
  readonly writesRepartition: readonly string[];
  /** Each group of source topics, external and internal, must have the same number of partitions: their records reach one store. */
  readonly copartitionGroups: readonly (readonly TopicReference[])[];
}

/** A finished topology: frozen plain data, made by `StreamsBuilder.build()`. */
export interface Topology {
  readonly nodes: ReadonlyMap<string, TopologyNode>;
  readonly stores: ReadonlyMap<string, StoreDefinition>;
  readonly repartitionTopics: ReadonlyMap<string, RepartitionTopic>;
  readonly subtopologies: readonly Subtopology[];
  /** Names of stores and internal topics that nobody chose. */
  readonly generatedNames: readonly GeneratedName[];
}
