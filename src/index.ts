export { MillraceError } from './errors/millrace-error';
export type { ErrorLocation } from './errors/millrace-error';

export { DeserializationError, SerializationError } from './serde/errors';
export type { Header, Headers, RecordMetadata, StreamRecord } from './serde/record';
export type { Serde, SerdeType } from './serde/serde';
export { serdes } from './serde/serdes';

export { describe } from './topology/describe';
export { describeMermaid } from './topology/describe-mermaid';
export { AsyncCancelledError, AsyncTimeoutError, AsyncTotalTimeoutError } from './processors/async-timeout-error';
export { IllegalAsyncOptionError } from './topology/async-operator';
export type { AsyncCallContext, AsyncOrder, AsyncOutput, AsyncRecord, AsyncRetryOptions } from './topology/async-call';
export type { AsyncOptions } from './topology/async-options';
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
  FunctionMissingError,
  IllegalNameError,
  IllegalPartitionsError,
  IllegalSubscriptionError,
  InvalidTopologyError,
  NoSourceError,
  SerdeMissingError,
  SplitNotEndedError,
  StoreSerdeMissingError,
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
  ValueAndTimestamp,
} from './topology/processor-api';
export { GeneratedNamesError } from './topology/generated-names';
export type { GeneratedName } from './topology/generated-names';
export { stores } from './topology/stores';
export type { KeyValueStoreOptions, StoreOptions } from './topology/stores';
export { StreamsBuilder } from './topology/streams-builder';
export type { StreamsBuilderOptions } from './topology/streams-builder';
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
export { TopologyChangedError } from './runtime/stored-shape';
export type { ShapeChange } from './runtime/topology-shape';
export { CopartitionError, InternalTopicMismatchError, TopicsMissingError } from './runtime/topic-plan';
