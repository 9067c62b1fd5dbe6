import type { CheckpointCatalog } from '../checkpoint/checkpoint-catalog';
import type { CheckpointMetadata, SnapshotFile, TaskSnapshot } from '../checkpoint/checkpoint-metadata';
import { SnapshotDamagedError, SnapshotMissingError, type SnapshotStoreError } from '../checkpoint/errors';
import { numberOfFile } from '../checkpoint/object-names';
import type { SnapshotStore } from '../checkpoint/snapshot-store';
import { downloadTaskSnapshot } from '../checkpoint/task-download';
import { asError } from '../errors/as-error';
import { partitionKey } from '../kafka';
import type { Logger } from '../logging/logger';
import type { MillraceMetrics } from '../metrics/metrics';
import { MEMORY_FILE } from '../state/memory-file';
import { StateCorruptedError } from '../state/state-database-errors';
import type { StateDirectory } from '../state/state-directory';
import { StatePositions } from '../state/state-positions';
import type { TaskId } from '../task/task-id';
import type { FailpointHook } from './failpoints';
import { RestoreProgress, type RestoreListener } from './restore-progress';
import type { TaskLayout } from './task-layout';
import { topicName } from './topic-plan';

/** Where a changelog partition begins and ends. */
export interface ChangelogEnds {
  readonly start: number;
  /** The high watermark. */
  readonly end: number;
}

export interface CheckpointRecoveryParts {
  readonly store: SnapshotStore;
  readonly catalog: CheckpointCatalog;
  readonly directory: StateDirectory;
  readonly layout: TaskLayout;
  readonly logger: Logger;
  readonly metrics: MillraceMetrics;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  readonly onRestore?: RestoreListener | undefined;
  readonly failpoint?: FailpointHook | undefined;
}

/** A changelog with no more records than this is read at once, faster than anything could be downloaded. */
const SHORT_CHANGELOG = 10_000;

/**
 * Gives a task without local state that of the newest checkpoint that is sound, so that only the changelog's tail after it has to be
 * read. A damaged checkpoint falls back to the one before; where there is none, the whole changelog is read.
 */
export class CheckpointRecovery {
  /** By task: the newest checkpoint that was found to be damaged. */
  private readonly damaged = new Map<string, number>();

  constructor(private readonly parts: CheckpointRecoveryParts) {}

  /**
   * Whether the next checkpoint of a task may share a file. Not when it may be in one that was found to be damaged: an install ends with the
   * first file that is, and nobody knows of the others.
   */
  mayShare(task: string, { object }: SnapshotFile): boolean {
    const damaged = this.damaged.get(task);
    return damaged === undefined || (numberOfFile(this.parts.layout.applicationId, object) ?? 0) > damaged;
  }

  /**
   * @param ends - of the task's changelogs, by `topic-partition`
   * @returns whether the task has state now. It must not be open.
   */
  async install(id: TaskId, ends: ReadonlyMap<string, ChangelogEnds>, abort: AbortSignal): Promise<boolean> {
    const { catalog, logger, layout } = this.parts;
    const task = id.toString();
    const changelogs = layout.changelogsOf(id).map(({ topic, partition, store }) => ({
      store: store.name,
      inMemory: store.backend === 'memory',
      ...ends.get(partitionKey(topic, partition))!,
    }));
    const records = changelogs.reduce((sum, { start, end }) => sum + end - start, 0);
    if (records <= SHORT_CHANGELOG || changelogs.every(({ inMemory }) => inMemory)) return false;
    try {
      for await (const metadata of catalog.latestCheckpoints()) {
        if (abort.aborted) return false;
        const snapshot = metadata.tasks.find((each) => each.task === task);
        if (snapshot === undefined) continue;
        const misfit = changelogs.find(({ store, start, end }) => {
          const position = snapshot.changelogPositions[store];
          return position !== undefined && (position < start || position > end);
        });
        if (misfit !== undefined) {
          // The changelog was rewritten or cut since: so it was for all that is older.
          logger.info(
            { event: 'checkpoint_too_old', task, checkpoint: metadata.id, store: misfit.store },
            `Task ${task} cannot begin from ${metadata.id}: its changelog does not reach back to it`,
          );
          return false;
        }
        if (await this.tryInstall(metadata, snapshot, abort)) return true;
      }
    } catch (error) {
      if (abort.aborted) return false;
      logger.warn(
        { event: 'checkpoints_unreadable', task, err: error },
        `The checkpoints cannot be read: restoring task ${task} from its whole changelog`,
      );
    }
    return false;
  }

  private async tryInstall(metadata: CheckpointMetadata, snapshot: TaskSnapshot, abort: AbortSignal): Promise<boolean> {
    const { store, directory, logger, metrics, now, onRestore, failpoint } = this.parts;
    const { task, files } = snapshot;
    // Stores in memory are rebuilt from their changelogs, as at every start.
    const durable = files.filter(({ name }) => name !== MEMORY_FILE);
    const startedAt = now();
    const bytes = durable.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
    const what = { task, from: metadata.id, unit: 'bytes', total: bytes } as const;
    const progress = new RestoreProgress({ ...what, logger, now, listener: onRestore });
    metrics.restoreRemainingBytes.set({ task }, bytes);
    const onProgress = (more: number): void => {
      progress.advance(more);
      metrics.restoreRemainingBytes.set({ task }, progress.remaining);
      failpoint?.('during-download');
    };
    const onRepeat = (_: SnapshotFile, error: SnapshotStoreError): void =>
      logger.warn(
        { event: 'download_repeated', task, checkpoint: metadata.id, err: error },
        `Restoring task ${task} from ${metadata.id} goes on after a failure: ${error.message}`,
      );
    try {
      await directory.installTask(
        task,
        async (target) => {
          await downloadTaskSnapshot(store, durable, target, { signal: abort, onProgress, onRepeat });
          failpoint?.('during-install');
        },
        this.positionsOf(snapshot),
      );
      failpoint?.('after-install');
    } catch (error) {
      if (abort.aborted) return false;
      if (isDamage(error)) this.damaged.set(task, Math.max(metadata.number, this.damaged.get(task) ?? 0));
      logger.warn(
        { event: 'checkpoint_unusable', task, checkpoint: metadata.id, err: error },
        `Task ${task} cannot be restored from ${metadata.id}, trying the one before: ${asError(error).message}`,
      );
      return false;
    } finally {
      progress.end();
      metrics.restoreRemainingBytes.remove({ task });
    }
    const milliseconds = Math.round(now() - startedAt);
    logger.info(
      { event: 'checkpoint_installed', task, checkpoint: metadata.id, bytes, milliseconds },
      `Restored ${bytes} bytes of task ${task} from ${metadata.id} in ${milliseconds} ms`,
    );
    return true;
  }

  private positionsOf({ inputs, changelogPositions }: TaskSnapshot): StatePositions {
    const positions = new StatePositions();
    for (const { topic, partition, offset } of inputs)
      positions.setInputOffset(topicName(this.parts.layout.applicationId, topic), partition, offset);
    for (const [store, position] of Object.entries(changelogPositions)) positions.setChangelogPosition(store, position);
    return positions;
  }
}

/** And not a store or a disk that cannot be used now. */
function isDamage(error: unknown): boolean {
  return (
    error instanceof SnapshotDamagedError ||
    error instanceof SnapshotMissingError ||
    error instanceof StateCorruptedError
  );
}
