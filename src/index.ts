export { MillraceError } from './errors/millrace-error';
export type { ErrorLocation } from './errors/millrace-error';

export { DeserializationError, SerializationError } from './serde/errors';
export type { Header, Headers, RecordMetadata, StreamRecord } from './serde/record';
export type { Serde, SerdeType } from './serde/serde';
export { serdes } from './serde/serdes';

export { describe } from './topology/describe';
export { describeMermaid } from './topology/describe-mermaid';
export type { BranchedKStream, KGroupedStream, KStream, KTable } from './topology/dsl';
export type {
  AggregateOptions,
  GroupByKeyOptions,
  GroupByOptions,
  KnownSerdes,
  Materialized,
  Named,
  ProcessOptions,
  ReduceOptions,
  RepartitionOptions,
  StreamOptions,
  ToOptions,
} from './topology/dsl-options';
export {
  DuplicateNameError,
  ForeignStreamError,
  IllegalNameError,
  IllegalPartitionsError,
  IllegalSubscriptionError,
  InvalidTopologyError,
  NoSourceError,
  NotCopartitionedError,
  SerdeMissingError,
  SplitNotEndedError,
  StoreUnknownError,
  StoreUnusedError,
  TopicSubscribedTwiceError,
  TopologyError,
} from './topology/errors';
export type {
  StoreDefinition,
  StreamPartitioner,
  TimestampExtractor,
  TopicNameExtractor,
  Topology,
} from './topology/graph';
export type {
  Awaitable,
  KeyValueStore,
  Processor,
  ProcessorContext,
  ProcessorSupplier,
  TimestampedKeyValueStore,
  ValueAndTimestamp,
} from './topology/processor-api';
export { IllegalDeduplicationError } from './topology/deduplicate-operators';
export { IllegalJoinWindowsError } from './topology/join-window-errors';
export { windows } from './topology/join-windows';
export type { JoinWindows, JoinWindowsOptions } from './topology/join-windows';
export type { DeduplicateOptions, StreamJoinArguments, StreamJoinOptions } from './topology/stream-join-options';
export type {
  ReadOnlySessionStore,
  ReadOnlyWindowStore,
  SessionStore,
  StoreOf,
  WindowStore,
} from './topology/store-api';
export { IllegalRetentionError } from './topology/window-store-definitions';
export type { SessionStoreOptions, WindowStoreOptions } from './topology/window-store-definitions';
export type { Windowed } from './topology/windowed';
export { stores } from './topology/stores';
export type { KeyValueStoreOptions, StoreOptions } from './topology/stores';
export { StreamsBuilder } from './topology/streams-builder';
export type { TopologyModule } from './topology/topology-module';

export { ConfigError } from './config/config-error';
export { resolveConfig } from './config/millrace-config';
export type { MillraceConfig, MillraceOptions } from './config/millrace-config';
export { createLogger } from './logging/create-logger';
export type { Logger } from './logging/logger';
export { addProcessMetrics, createMetrics } from './metrics/metrics';
export type { MillraceMetrics } from './metrics/metrics';

export { CloseTimeoutError, Millrace } from './runtime/millrace';
export type { MillraceDependencies } from './runtime/millrace';
export { IllegalStateError } from './runtime/application-state';
export type { ApplicationState, StateListener } from './runtime/application-state';
export { NoStartOffsetError } from './runtime/start-offsets';
export { CopartitionError, InternalTopicMismatchError, TopicsMissingError } from './runtime/topic-plan';
