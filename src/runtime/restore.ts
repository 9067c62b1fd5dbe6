import { partitionKey, readCommitted, type ClusterClient, type LogRange } from '../kafka';
import type { MillraceMetrics } from '../metrics/metrics';
import { isTimestamped, stampValue } from '../state/entry-codec';
import type { StateDatabase } from '../state/state-database';
import type { RecordCursor } from '../task/task-io';
import type { StoreDefinition } from '../topology/graph';
import type { RestoreProgress } from './restore-progress';
import type { FailpointHook } from './failpoints';

/** A part of a changelog partition that is missing in the local state. */
export interface ChangelogRange {
  readonly topic: string;
  readonly partition: number;
  readonly store: StoreDefinition;
  readonly from: number;
  /** The high watermark: the range ends before it. */
  readonly to: number;
}

/**
 * Applies changelog records to the local state. Each batch is one atomic write with its position, so that a crash in the middle
 * loses nothing and the next restore goes on from there.
 *
 * @returns how many records were applied
 */
export async function restoreChangelogs(
  cluster: ClusterClient,
  database: StateDatabase,
  ranges: readonly ChangelogRange[],
  abort: AbortSignal,
  metrics: MillraceMetrics,
  failpoint: FailpointHook | undefined,
  progressOf: (range: ChangelogRange) => RestoreProgress,
): Promise<number> {
  let total = 0;
  const progresses: RestoreProgress[] = [];
  const reads = ranges.map((range): LogRange => {
    const { topic, partition, store, from, to } = range;
    const progress = progressOf(range);
    progresses.push(progress);
    let position = from;
    const labels = { store: store.name, partition };
    metrics.restoreRemaining.set(labels, to - from);
    return {
      topic,
      partition,
      from,
      to,
      onBatch: async (batch) => {
        const write = database.write();
        const applied = applyBatch(database, store, batch, write);
        write.setChangelogPosition(store.name, batch.nextOffset);
        await write.commit();
        total += applied;
        progress.advance(batch.nextOffset - position);
        position = batch.nextOffset;
        metrics.restoredRecords.inc({ store: store.name }, applied);
        metrics.restoreRemaining.set(labels, Math.max(0, to - batch.nextOffset));
        failpoint?.('during-restore');
      },
    };
  });
  const positions = await readCommitted(cluster, reads, { signal: abort }).finally(() => {
    for (const progress of progresses) progress.end();
  });
  // Past the transaction markers and aborted records at the end, so that the next start does not read them again.
  const write = database.write();
  for (const { topic, partition, store } of ranges) {
    write.setChangelogPosition(store.name, positions.get(partitionKey(topic, partition))!);
    metrics.restoreRemaining.remove({ store: store.name, partition });
  }
  await write.commit();
  return total;
}

/** @returns how many records were applied */
export function applyBatch(
  database: StateDatabase,
  store: StoreDefinition,
  batch: RecordCursor,
  write: ReturnType<StateDatabase['write']>,
): number {
  const handle = database.store(store.name);
  let applied = 0;
  while (batch.next()) {
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = batch;
    if (keyStart < 0) continue;
    const key = handle.prefixed(bytes.subarray(keyStart, keyEnd));
    if (valueStart < 0) write.delete(handle, key);
    else {
      const value = bytes.subarray(valueStart, valueEnd);
      write.put(handle, key, isTimestamped(store.kind) ? stampValue(value, batch.timestamp) : value);
    }
    applied++;
  }
  return applied;
}
