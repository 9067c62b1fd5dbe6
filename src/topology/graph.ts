import type { Serde } from '../serde/serde';
import type { GeneratedName } from './generated-names';
import type { Operator } from './operators';
import type { Retention } from './retention';
import type { VersionedStore } from './table-views';

/**
 * A topic as the topology names it. An internal topic (repartition, changelog) belongs to the application, and is
 * `<application id>-<name>` in Kafka.
 */
export interface TopicReference {
  readonly name: string;
  readonly internal: boolean;
}

/**
 * Says at which event time a record happened: milliseconds since the epoch.
 *
 * `partitionTime` is the highest time of the records before it in the same partition, -1 for the first one.
 */
export type TimestampExtractor<K, V> = (
  record: { readonly key: K; readonly value: V; readonly timestamp: number },
  partitionTime: number,
) => number;

/** What becomes of a record whose event time is negative or not a number. */
export type InvalidTimestampHandling = 'fail' | 'skip' | 'use-record-time' | 'use-partition-time';

/** Reads topics into the topology. They may have different numbers of partitions, unless a co-partition group says otherwise. */
export interface SourceNode {
  readonly kind: 'source';
  readonly name: string;
  readonly topics: readonly TopicReference[];
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  /** Absent for the timestamp that Kafka keeps with the record. */
  readonly timestampExtractor?: TimestampExtractor<unknown, unknown> | 'wall-clock' | undefined;
  /** Absent for `fail`. */
  readonly onInvalidTimestamp?: InvalidTimestampHandling | undefined;
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
  /** Of a repartition topic: whether records without a key are written too. */
  readonly keepsNullKeys?: boolean | undefined;
}

export type TopologyNode = SourceNode | ProcessorNode | SinkNode;

/** `timed-list` and `timed-queue` are the stores of stream joins and of deduplication, which users do not see. */
export type StoreKind =
  | 'key-value'
  | 'timestamped-key-value'
  | 'versioned-key-value'
  | 'record-buffer'
  | 'time-windows'
  | 'sliding-windows'
  | 'session-windows'
  | 'suppression'
  | 'window'
  | 'session'
  | 'timed-list'
  | 'timed-queue';

/** A named store that each task of its subtopology keeps its own part of. */
export interface StoreDefinition {
  readonly kind: StoreKind;
  readonly name: string;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  /** Without a changelog the state is lost with the local disk. Default true. */
  readonly changelog: boolean;
  readonly backend: 'rocksdb' | 'memory';
  /** Whether processors see the timestamps that a timestamped store keeps with its values. */
  readonly showsTimestamps?: boolean | undefined;
  /** Of window and session stores. */
  readonly retention?: Retention | undefined;
  /** Of a versioned store: the serde of its keys, and for how long it keeps former values. */
  readonly versioned?: VersionedStore | undefined;
  /** What else the meaning of stored bytes depends on, as `windowSizeMs`. A start with other values on the same state is refused. */
  readonly format?: Readonly<Record<string, string | number>> | undefined;
}

/** A topic that every instance keeps all of, for joins by any key. */
export interface GlobalTableDefinition {
  readonly name: string;
  readonly topic: TopicReference;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  readonly backend: 'rocksdb' | 'memory';
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
  readonly globalTables: ReadonlyMap<string, GlobalTableDefinition>;
  readonly subtopologies: readonly Subtopology[];
  /** Names of stores and internal topics that nobody chose. */
  readonly generatedNames: readonly GeneratedName[];
}
