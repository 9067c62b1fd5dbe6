export { MillraceError } from './errors/millrace-error';
export type { ErrorLocation } from './errors/millrace-error';

export { DeserializationError, SerializationError } from './serde/errors';
export type { Header, Headers, RecordMetadata, StreamRecord } from './serde/record';
export type { Serde, SerdeType } from './serde/serde';
export { serdes } from './serde/serdes';
export type { Windowed, WindowedSerde } from './serde/windowed';

export { describe } from './topology/describe';
export { describeMermaid } from './topology/describe-mermaid';
export { AsyncCancelledError, AsyncTimeoutError, AsyncTotalTimeoutError } from './processors/async-timeout-error';
export { IllegalAsyncOptionError } from './topology/async-operator';
export type { AsyncCallContext, AsyncOrder, AsyncOutput, AsyncRecord, AsyncRetryOptions } from './topology/async-call';
export type { AsyncOptions } from './topology/async-options';
export type {
  BranchedKStream,
  GlobalKTable,
  HasSideOutputs,
  KGroupedStream,
  KGroupedTable,
  KStream,
  KTable,
  ProcessedKStream,
  KCogroupedStream,
  SessionWindowedCogroupedKStream,
  SessionWindowedKStream,
  TimeWindowedCogroupedKStream,
  TimeWindowedKStream,
} from './topology/dsl';
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
  GraceTooLongError,
  IllegalDurationError,
  IllegalNameError,
  IllegalPartitionsError,
  IllegalSubscriptionError,
  InvalidTopologyError,
  NoSourceError,
  NotCopartitionedError,
  SerdeMissingError,
  SplitNotEndedError,
  StoreSerdeMissingError,
  StoreUnknownError,
  StoreUnusedError,
  TableNotVersionedError,
  TableWithoutStoreError,
  TopicSubscribedTwiceError,
  TopologyError,
} from './topology/errors';
export type {
  InvalidTimestampHandling,
  StoreDefinition,
  StreamPartitioner,
  TimestampExtractor,
  TopicNameExtractor,
  Topology,
} from './topology/graph';
export type {
  AggregatingState,
  ListState,
  MapState,
  OperatorState,
  ReducingState,
  ValueState,
} from './topology/keyed-state';
export type {
  Awaitable,
  Cancellable,
  ForwardOptions,
  KeyValueStore,
  OnTimerContext,
  Processor,
  ProcessorContext,
  ProcessorSupplier,
  PunctuationType,
  TimeDomain,
  TimerService,
  TimestampedKeyValueStore,
  ValueAndTimestamp,
} from './topology/processor-api';
export { IllegalDeduplicationError } from './topology/deduplicate-operators';
export { IllegalJoinWindowsError } from './topology/join-window-errors';
export type { JoinWindows, JoinWindowsOptions } from './topology/join-windows';
export type { DeduplicateOptions, StreamJoinArguments, StreamJoinOptions } from './topology/stream-join-options';
export { sideOutput } from './topology/side-output';
export type { SideOutput } from './topology/side-output';
export {
  aggregatingState,
  listState,
  mapState,
  operatorState,
  reducingState,
  valueState,
} from './topology/state-descriptors';
export type { AggregateFunction, StateDescriptor, StateOptions, StateTtl } from './topology/state-descriptors';
export { IllegalTtlError } from './topology/state-stores';
export { SuppressionBufferFullError } from './processors/suppression-errors';
export type {
  ReadOnlySessionStore,
  ReadOnlyWindowStore,
  SessionStore,
  StoreOf,
  WindowStore,
} from './topology/store-api';
export { IllegalRetentionError } from './topology/window-store-definitions';
export type { SessionStoreOptions, WindowStoreOptions } from './topology/window-store-definitions';
export { GeneratedNamesError } from './topology/generated-names';
export type { GeneratedName } from './topology/generated-names';
export { stores } from './topology/stores';
export { suppress } from './topology/suppression';
export type { Suppression, SuppressionLimits, TimeLimitOptions } from './topology/suppression';
export { IllegalWindowError, NoWindowToCloseError } from './topology/window-errors';
export type { SessionWindow, SlidingWindow, TimeWindow } from './topology/window-operators';
export type { SuppressOptions, WindowedCogroupOptions, WindowedOptions } from './topology/windowed-options';
export { windows } from './topology/windows';
export type { Grace, HoppingOptions, SessionOptions, SlidingOptions, TumblingOptions } from './topology/windows';
export type { KeyValueStoreOptions, StoreOptions, VersionedKeyValueStoreOptions } from './topology/stores';
export type { VersionedKeyValueStore, VersionedRecord } from './topology/versioned-store-api';
export type {
  DerivedTableOptions,
  GlobalTableOptions,
  MaterializedTableOptions,
  StreamTableJoinOptions,
  TableAggregateOptions,
  TableGroupByOptions,
  TableOptions,
  TableReduceOptions,
  ToTableOptions,
  TransformTableOptions,
  VersionedOptions,
} from './topology/table-options';
export type { ValueTransformer, ValueTransformerContext, ValueTransformerSupplier } from './topology/value-transformer';
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
export type { RestoreListener, RunningRestore } from './runtime/restore-progress';
export { IllegalStateError } from './runtime/application-state';
export type { ApplicationState, StateListener } from './runtime/application-state';
export { SnapshotDamagedError, SnapshotStoreError, TooManyCheckpointFailuresError } from './checkpoint/errors';
export { RestoreUnfinishedError } from './runtime/rewind-errors';
export { RestartsExhaustedError } from './runtime/restart-errors';
export { NoStartOffsetError } from './runtime/start-offsets';
export { TopologyChangedError } from './runtime/stored-shape';
export type { ShapeChange } from './topology/topology-shape';
export { CopartitionError, InternalTopicMismatchError, TopicsMissingError } from './runtime/topic-plan';
