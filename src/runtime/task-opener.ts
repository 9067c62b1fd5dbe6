import { asError } from '../errors/as-error';
import { fetchCommitted, partitionKey, type ClusterClient, type CommittedOffset, type TopicAdmin } from '../kafka';
import type { Logger } from '../logging/logger';
import type { MillraceMetrics } from '../metrics/metrics';
import type { StateDatabase } from '../state/state-database';
import type { StateCorruptedError } from '../state/state-database-errors';
import { decodePartitionTime } from '../task/partition-time';
import type { Task } from '../task/task';
import type { TaskId } from '../task/task-id';
import type { ChangelogEnds, CheckpointRecovery } from './checkpoint-recovery';
import type { FailpointHook } from './failpoints';
import { resolveStartOffsets, type OffsetResetPolicy } from './start-offsets';
import type { TaskFactory } from './task-factory';
import type { TaskLayout } from './task-layout';
import type { LocalStates, LocalState } from './local-states';
import { RestoreProgress, type RestoreListener } from './restore-progress';
import { restoreChangelogs, type ChangelogRange } from './restore';

/** A task that can process, with what it holds. */
export interface OpenedTask {
  readonly task: Task;
  close(): Promise<void>;
}

export interface TaskOpenerParts {
  readonly groupId: string;
  readonly cluster: ClusterClient;
  readonly admin: TopicAdmin;
  readonly layout: TaskLayout;
  readonly states: LocalStates;
  readonly factory: TaskFactory;
  /** Absent where no checkpoints are taken. */
  readonly recovery?: CheckpointRecovery | undefined;
  readonly offsetReset: OffsetResetPolicy;
  /** Longer than the previous owner's transaction time-out: until then its open transaction may hold the offsets. */
  readonly stableOffsetsTimeoutMs: number;
  readonly logger: Logger;
  readonly metrics: MillraceMetrics;
  readonly now: () => number;
  readonly onRestore?: RestoreListener | undefined;
  readonly failpoint?: FailpointHook | undefined;
}

/**
 * Brings tasks to where the group's committed offsets are.
 *
 * Local state is a committed prefix, and its position says how far into the changelog: only the changelog's tail after it is
 * replayed. The producer of this thread must have fenced its predecessor before, and the committed offsets are read when no
 * transaction can change them any more; then every changelog record that belongs to them lies below the high watermark.
 */
export class TaskOpener {
  constructor(private readonly parts: TaskOpenerParts) {}

  /**
   * Opens tasks beside each other. `onOpened` gets each as soon as it can process. Once `abort` is signalled nothing more is handed
   * over, and what is half open is closed.
   */
  async open(ids: readonly TaskId[], abort: AbortSignal, onOpened: (opened: OpenedTask) => void): Promise<void> {
    if (ids.length === 0) return;
    const startedAt = this.parts.now();
    const positions = unlessAborted(this.positions(ids), abort);
    // Every task looks at it, but only once its state is open.
    positions.catch(() => undefined);
    // Each has a signal of its own: Node takes many listeners on one for a leak.
    await Promise.all(ids.map((id) => this.openOne(id, positions, AbortSignal.any([abort]), onOpened)));
    if (abort.aborted) return;
    this.parts.logger.info(
      { event: 'tasks_opened', tasks: ids.map(String), milliseconds: Math.round(this.parts.now() - startedAt) },
      `Opened ${ids.length} tasks`,
    );
  }

  private async openOne(
    id: TaskId,
    positions: Promise<Positions>,
    abort: AbortSignal,
    onOpened: (opened: OpenedTask) => void,
  ): Promise<void> {
    let state: LocalState | undefined;
    try {
      state = await this.parts.states.open(id);
      const { starts, times, ends } = await positions;
      state = await this.usable(id, state, ends);
      let isEmpty = state.database.isNew;
      const { recovery } = this.parts;
      if (recovery !== undefined && this.isBlank(id, state.database)) {
        await state.close();
        if (await recovery.install(id, ends, abort)) isEmpty = false;
        state = await this.parts.states.open(id);
      }
      if ((await this.restore(id, state, ends, abort)) > 0) isEmpty = false;
      abort.throwIfAborted();
      const { database, close } = state;
      const task = await this.parts.factory.create(id, database, starts, isEmpty, times);
      onOpened({ task, close: () => task.close().finally(close) });
    } catch (error) {
      await state?.close();
      if (!abort.aborted) throw error;
    }
  }

  async wipeDamaged(error: StateCorruptedError, ids: readonly TaskId[]): Promise<void> {
    await this.parts.states.wipeDamaged(error, ids);
  }

  private async positions(ids: readonly TaskId[]): Promise<Positions> {
    const { cluster, groupId, layout, admin, stableOffsetsTimeoutMs, offsetReset, logger } = this.parts;
    const inputs = ids.flatMap((id) => layout.inputsOf(id));
    const committed = await fetchCommitted(cluster, groupId, inputs, {
      requireStable: true,
      timeoutMs: stableOffsetsTimeoutMs,
    });
    const [starts, ends] = await Promise.all([
      resolveStartOffsets(admin, inputs, committed, offsetReset, logger),
      this.changelogEnds(ids),
    ]);
    return { starts, times: partitionTimes(committed), ends };
  }

  private async changelogEnds(ids: readonly TaskId[]): Promise<ReadonlyMap<string, ChangelogEnds>> {
    const { admin, layout } = this.parts;
    const changelogs = ids.flatMap((id) =>
      layout.changelogsOf(id).map(({ topic, partition }) => ({ topic, partition })),
    );
    if (changelogs.length === 0) return new Map();
    const [starts, ends] = await Promise.all([
      admin.listOffsets(changelogs, 'earliest'),
      admin.listOffsets(changelogs, 'latest'),
    ]);
    return new Map([...ends].map(([key, end]) => [key, { start: starts.get(key)!, end }]));
  }

  /** Local state that cannot be continued is thrown away, and said so. */
  private async usable(id: TaskId, state: LocalState, ends: ReadonlyMap<string, ChangelogEnds>): Promise<LocalState> {
    const { layout, states, logger } = this.parts;
    const reason = unusable(state.database, layout.changelogsOf(id), ends);
    if (reason === undefined) return state;
    logger.warn(
      { event: 'state_wiped', task: id.toString(), reason },
      `Local state of task ${id.toString()} cannot be used (${reason}): rebuilding it from the changelogs`,
    );
    await state.close();
    await states.wipe(id);
    return states.open(id);
  }

  /** Nothing was ever kept in it: it is new, or its first start was cut off before a checkpoint was installed. */
  private isBlank(id: TaskId, database: StateDatabase): boolean {
    const changelogs = this.parts.layout.changelogsOf(id);
    const hasNoPosition = changelogs.every(({ store }) => database.changelogPosition(store.name) === undefined);
    return database.isNew || (changelogs.length > 0 && hasNoPosition);
  }

  private async restore(
    id: TaskId,
    { database }: LocalState,
    ends: ReadonlyMap<string, ChangelogEnds>,
    abort: AbortSignal,
  ): Promise<number> {
    const { cluster, layout, logger, metrics, now, failpoint, onRestore } = this.parts;
    const ranges = layout.changelogsOf(id).flatMap(({ topic, partition, store }): ChangelogRange[] => {
      const { start, end } = ends.get(partitionKey(topic, partition))!;
      const from = database.changelogPosition(store.name) ?? start;
      return from < end ? [{ topic, partition, store, from, to: end }] : [];
    });
    if (ranges.length === 0) return 0;
    const progressOf = ({ topic, partition, from, to }: ChangelogRange): RestoreProgress =>
      new RestoreProgress({
        ...{ task: id.toString(), from: `${topic}-${partition}`, unit: 'records', total: to - from },
        ...{ logger, now, listener: onRestore },
      });
    const restored = await restoreChangelogs(cluster, database, ranges, abort, metrics, failpoint, progressOf);
    if (restored > 0)
      logger.info(
        { event: 'restored', task: id.toString(), records: restored },
        `Restored ${restored} changelog records of task ${id.toString()}`,
      );
    return restored;
  }
}

/** Where the inputs begin and at what time, and where each changelog begins and ends, by `topic-partition`. */
interface Positions {
  readonly starts: ReadonlyMap<string, number>;
  readonly times: ReadonlyMap<string, number>;
  readonly ends: ReadonlyMap<string, ChangelogEnds>;
}

function partitionTimes(committed: ReadonlyMap<string, CommittedOffset | undefined>): ReadonlyMap<string, number> {
  return new Map([...committed].map(([key, found]) => [key, decodePartitionTime(found?.metadata ?? '')]));
}

/** Why local state cannot be continued: its position is outside of the changelog as it is now. */
function unusable(
  database: StateDatabase,
  changelogs: readonly { topic: string; partition: number; store: { name: string } }[],
  ends: ReadonlyMap<string, ChangelogEnds>,
): string | undefined {
  for (const { topic, partition, store } of changelogs) {
    const position = database.changelogPosition(store.name);
    if (position === undefined) continue;
    const { start, end } = ends.get(partitionKey(topic, partition))!;
    if (position > end)
      return `its position ${position} is past the end ${end} of ${topic}-${partition}, so that topic was recreated`;
    if (position < start) return `its position ${position} is before the start ${start} of ${topic}-${partition}`;
  }
  return undefined;
}

/** An open transaction of a predecessor can hold the committed offsets for long; a rebalance does not wait for that. */
async function unlessAborted<T>(answer: Promise<T>, abort: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(asError(abort.reason));
    abort.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    if (onAbort !== undefined) abort.removeEventListener('abort', onAbort);
  }
}
