/* What the layers above use of Kafka. */
export { ClusterClient } from './cluster-client';
export type { ClientOptions, SaslOptions } from './client-options';
export { COMPRESSIONS, type Compression } from './compression';
export { fetchCommitted, type CommittedOffset, type FetchCommittedOptions } from './committed-offsets';
export type { Assignment } from './consumer-protocol';
export type { Epoch, EpochProducer, PartitionRecords, ProducedRange } from './epoch-producer';
export { ClusterTopicLookup } from './cluster-topic-lookup';
export { EpochRecords, type EpochRecordsOptions, type SealedRecords } from './epoch-records';
export {
  BrokerConnectionError,
  BrokerResponseError,
  BrokerSecurityError,
  BrokerTooOldError,
  ClientClosedError,
  CommitOutcomeUnknownError,
  CompressionUnavailableError,
  CorruptRecordError,
  DeliveryFailedError,
  GroupActiveError,
  GroupMembershipError,
  KafkajsMismatchError,
  KafkaUnavailableError,
  OffsetOutOfRangeError,
  ProducerFencedError,
  ProducerStateError,
  RecordTooLargeError,
  StaleGenerationError,
  TopicMissingError,
  TransactionAbortedError,
} from './errors';
export { Fetcher, type FetchedBatches, type FetcherOptions } from './fetcher';
export { GroupAdmin } from './group-admin';
export {
  GroupMember,
  type GroupAssignment,
  type GroupAssignor,
  type GroupHandlers,
  type GroupMemberDescription,
  type GroupMemberOptions,
  type GroupMemberState,
  type RevocationCause,
} from './group-member';
export { removeGroupMember } from './remove-group-member';
export { committedBatches } from './committed-batches';
export { beginEmptying, emptyCompactedTopics, endEmptying } from './empty-compacted-topics';
export { LogWriter, type LogRecord, type LogWriterOptions } from './log-writer';
export { readCommitted, type LogRange, type LogReaderOptions } from './log-reader';
export { murmur2, partitionForKey } from './partitioner';
export { PlainProducer } from './plain-producer';
export type { IsolationLevel } from './protocol/fetch';
export type { GroupGeneration } from './protocol/group-generation';
export {
  partitionKey,
  type OffsetAndMetadata,
  type TopicPartition,
  type TopicPartitionOffset,
} from './protocol/topic-partition';
export type { TopicSettings } from './protocol/alter-configs';
export type { DescribedGroup } from './protocol/describe-groups';
export type { NewTopic } from './protocol/topics';
export { RecordBatchBuilder } from './record-batch-builder';
export { RecordBatchReader } from './record-batch-reader';
export { TopicAdmin, type OffsetKind } from './topic-admin';
export { TransactionalProducer, type TransactionalProducerOptions } from './transactional-producer';
