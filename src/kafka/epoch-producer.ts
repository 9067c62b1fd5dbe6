import type { GroupGeneration } from './protocol/group-generation';
import type { OffsetAndMetadata, TopicPartition } from './protocol/topic-partition';
import type { RecordBatchBuilder } from './record-batch-builder';

/** The records of one output partition. */
export interface PartitionRecords extends TopicPartition {
  readonly builder: RecordBatchBuilder;
}

/** What one commit writes: output records, changelog records, and how far the input is done with. */
export interface Epoch {
  readonly records: readonly PartitionRecords[];
  /** For each input partition the offset of the next record to process. */
  readonly offsets: readonly OffsetAndMetadata[];
  /** Needed for offsets. */
  readonly group: GroupGeneration | undefined;
}

/** Where the records of an epoch ended up in a partition. */
export interface ProducedRange {
  readonly baseOffset: number;
  /** After the last record. */
  readonly nextOffset: number;
}

/** Writes epochs to Kafka, one at a time. After a failed commit it is of no more use: make another one. */
export interface EpochProducer {
  /** To be called once, before the committed offsets are read. */
  init(): Promise<void>;
  /** As brokers number producers; known after `init`. */
  readonly producerId: number;
  /** By `topic-partition`. An epoch with nothing in it touches no broker. */
  commit(epoch: Epoch): Promise<Map<string, ProducedRange>>;
  close(): void;
}
