import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * What one application object measures. Nothing is global: two applications in a process count apart.
 *
 * A hot path takes its child once (`metrics.recordsIn.labels(topic)`) and counts per batch, never per record.
 */
export interface MillraceMetrics {
  /** Holds every metric below; what `GET /metrics` prints. */
  readonly registry: Registry;

  /** `millrace_records_in_total`: records taken from input topics, repartition topics included. */
  readonly recordsIn: Counter<'topic'>;
  /** `millrace_records_out_total`: records of committed epochs, by topic, changelogs included. */
  readonly recordsOut: Counter<'topic'>;
  /** `millrace_process_latency_seconds`: to process one batch of records in a task. */
  readonly processLatency: Histogram;
  /** `millrace_queue_bytes`: bytes of records that were fetched and wait for their task. */
  readonly queueBytes: Gauge;
  /** `millrace_lag_records`: records between the position of the task and the end of the partition. */
  readonly lag: Gauge<'topic' | 'partition'>;

  /** `millrace_commit_latency_seconds`: from sealing an epoch until its transaction is committed and its state written. */
  readonly commitLatency: Histogram;
  /** `millrace_commits_total`. */
  readonly commits: Counter;
  /** `millrace_aborted_transactions_total`. */
  readonly abortedTransactions: Counter;
  /** `millrace_epoch_records`: input records in one committed epoch. */
  readonly epochRecords: Histogram;
  /** `millrace_epoch_bytes`: bytes of outputs and changelog records in one committed epoch. */
  readonly epochBytes: Histogram;

  /** `millrace_records_skipped_total`: records that a handler with `continue` left out, and those that an operator leaves out by its definition. */
  readonly recordsSkipped: Counter<'topic' | 'reason'>;
  /** `millrace_records_dead_lettered_total`: records that went to the dead letter topic; `topic` is where they came from. */
  readonly recordsDeadLettered: Counter<'topic' | 'reason'>;

  /** `millrace_cache_hits_total`: keys that a store found in memory. */
  readonly cacheHits: Counter<'store'>;
  /** `millrace_cache_misses_total`: keys that a store had to look up in its backend. */
  readonly cacheMisses: Counter<'store'>;
  /** `millrace_state_keys_read_total`: keys read from the backend, found or not. */
  readonly stateKeysRead: Counter<'store'>;
  /** `millrace_restored_records_total`: changelog records applied to local state. */
  readonly restoredRecords: Counter<'store'>;
  /** `millrace_restore_remaining_records`: changelog records still to apply before the task can run. */
  readonly restoreRemaining: Gauge<'store' | 'partition'>;

  /** `millrace_restore_remaining_bytes`: still to read from the snapshot store, of a checkpoint that a task begins from. */
  readonly restoreRemainingBytes: Gauge<'task'>;

  /** `millrace_async_in_flight`: records that asynchronous operators hold. */
  readonly asyncInFlight: Gauge<'node' | 'task'>;
  /** `millrace_async_retries_total`: calls of asynchronous operators that were made again. */
  readonly asyncRetries: Counter<'node'>;
  /** `millrace_async_timeouts_total`: calls of asynchronous operators that were not answered in time. */
  readonly asyncTimeouts: Counter<'node'>;

  /** `millrace_tasks`: tasks that this instance runs. */
  readonly tasks: Gauge;
  /** `millrace_rebalances_total`: assignments received from the group. */
  readonly rebalances: Counter;
  /** `millrace_snapshot_pause_seconds`: how long a commit waits for the snapshots of its tasks. */
  readonly snapshotPause: Histogram;
  /** `millrace_checkpoints_total`, by their outcome: `completed` or `failed`. Counted by the coordinator. */
  readonly checkpoints: Counter<'outcome'>;
  /** `millrace_checkpoint_duration_seconds`, of those that completed. Counted by the coordinator. */
  readonly checkpointDuration: Histogram;
  /** `millrace_checkpoint_bytes`, of the newest that completed: `stored` for it alone, or `full` with what it shares. */
  readonly checkpointBytes: Gauge<'extent'>;
  /**
   * `millrace_failures_total`: of this instance, after which work had to be done again: `thread-died`; `tasks-dropped`, a commit failed or state was damaged;
   * `instance-killed`, the process before it had not left the group, counted when the instance is back.
   */
  readonly failures: Counter<'kind'>;
  /**
   * `millrace_replayed_records_total`: input records whose results this instance dropped because of a failure, so that they are processed
   * again, here or elsewhere. What a process had in memory that was killed, nobody can count: it is at most two epochs.
   */
  readonly replayedRecords: Counter;
  /**
   * `millrace_recovery_seconds`: of each thread that recovered from a failure, its own or another member's. `detect`: from the failure until it
   * knew of it; `restore`: until all its tasks were open; `catch-up`: until all was committed that its inputs had then.
   */
  readonly recovery: Histogram<'phase'>;
  /**
   * `millrace_time_between_failures_seconds`: the mean, of the whole application as far as this instance knows, as of the newest failure or
   * checkpoint. Without a failure it is infinite.
   */
  readonly timeBetweenFailures: Gauge;
  /** `millrace_instance_state`: 1 for the state that the instance is in, 0 for the others it has been in. */
  readonly instanceState: Gauge<'state'>;
}

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const DURATION_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];
const RECORDS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
const BYTES = [1_024, 16_384, 131_072, 1_048_576, 4_194_304, 16_777_216, 67_108_864];

/** Makes the metrics of one application object, in a registry of their own. */
export function createMetrics(): MillraceMetrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string = string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name: `millrace_${name}`, help, labelNames, registers });
  const gauge = <L extends string = string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
    new Gauge({ name: `millrace_${name}`, help, labelNames, registers });
  const histogram = <L extends string = string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[] = [],
  ): Histogram<L> => new Histogram({ name: `millrace_${name}`, help, buckets, labelNames, registers });

  const timeBetweenFailures = gauge(
    'time_between_failures_seconds',
    'Mean time between failures of the application, as of the newest failure or checkpoint; infinite without one.',
  );
  timeBetweenFailures.set(Infinity);

  return {
    registry,
    recordsIn: counter('records_in_total', 'Records taken from input topics, repartition topics included.', ['topic']),
    recordsOut: counter('records_out_total', 'Records of committed epochs, changelogs included.', ['topic']),
    processLatency: histogram(
      'process_latency_seconds',
      'Time to process one batch of records in a task.',
      LATENCY_SECONDS,
    ),
    queueBytes: gauge('queue_bytes', 'Bytes of fetched records that wait for their task.'),
    lag: gauge('lag_records', 'Records between the position of the task and the end of the partition.', [
      'topic',
      'partition',
    ]),
    commitLatency: histogram(
      'commit_latency_seconds',
      'Time from sealing an epoch until its transaction is committed and its state written.',
      LATENCY_SECONDS,
    ),
    commits: counter('commits_total', 'Committed epochs.'),
    abortedTransactions: counter('aborted_transactions_total', 'Transactions that were aborted or fenced.'),
    epochRecords: histogram('epoch_records', 'Input records in one committed epoch.', RECORDS),
    epochBytes: histogram('epoch_bytes', 'Bytes of outputs and changelog records in one committed epoch.', BYTES),
    recordsSkipped: counter(
      'records_skipped_total',
      'Records that could not be read, processed or written, and were left out.',
      ['topic', 'reason'],
    ),
    recordsDeadLettered: counter(
      'records_dead_lettered_total',
      'Records that went to the dead letter topic, by where they came from.',
      ['topic', 'reason'],
    ),
    cacheHits: counter('cache_hits_total', 'Keys that a store found in memory.', ['store']),
    cacheMisses: counter('cache_misses_total', 'Keys that a store had to look up in its backend.', ['store']),
    stateKeysRead: counter('state_keys_read_total', 'Keys read from the state backend, found or not.', ['store']),
    restoredRecords: counter('restored_records_total', 'Changelog records applied to local state.', ['store']),
    restoreRemaining: gauge('restore_remaining_records', 'Changelog records still to apply before the task can run.', [
      'store',
      'partition',
    ]),
    restoreRemainingBytes: gauge(
      'restore_remaining_bytes',
      'Bytes of a checkpoint still to read from the snapshot store before its task can go on.',
      ['task'],
    ),
    asyncInFlight: gauge('async_in_flight', 'Records that asynchronous operators hold.', ['node', 'task']),
    asyncRetries: counter('async_retries_total', 'Calls of asynchronous operators that were made again.', ['node']),
    asyncTimeouts: counter('async_timeouts_total', 'Calls of asynchronous operators that were not answered in time.', [
      'node',
    ]),
    tasks: gauge('tasks', 'Tasks that this instance runs.'),
    rebalances: counter('rebalances_total', 'Assignments received from the consumer group.'),
    snapshotPause: histogram(
      'snapshot_pause_seconds',
      'How long the commit that is the cut of a checkpoint waited for the snapshots of its tasks.',
      LATENCY_SECONDS,
    ),
    checkpoints: counter('checkpoints_total', 'Checkpoints that ended, counted by their coordinator.', ['outcome']),
    checkpointDuration: histogram(
      'checkpoint_duration_seconds',
      'Time from the beginning of a checkpoint until it was complete, counted by its coordinator.',
      DURATION_SECONDS,
    ),
    checkpointBytes: gauge(
      'checkpoint_bytes',
      'Size of the newest checkpoint: what was stored for it, and all of it.',
      ['extent'],
    ),
    failures: counter(
      'failures_total',
      'Failures of this instance after which work had to be done again. A rebalance alone is none.',
      ['kind'],
    ),
    replayedRecords: counter(
      'replayed_records_total',
      'Input records processed again because this instance dropped an epoch after a failure.',
    ),
    recovery: histogram(
      'recovery_seconds',
      'Time that threads took to recover from failures, by phase: to detect, to restore, and to catch up.',
      DURATION_SECONDS,
      ['phase'],
    ),
    timeBetweenFailures,
    instanceState: gauge(
      'instance_state',
      '1 for the state that the instance is in, 0 for the others it has been in.',
      ['state'],
    ),
  };
}

/**
 * Adds Node's process metrics (memory, CPU, event loop lag, garbage collection; `process_*` and `nodejs_*`).
 *
 * The command line does this once. In a program of your own, do it only if no other registry of the process has them: it starts
 * observers that last as long as the process.
 */
export function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
}
