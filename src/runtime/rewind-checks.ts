import type { CheckpointCatalog } from '../checkpoint/checkpoint-catalog';
import type { CheckpointMetadata } from '../checkpoint/checkpoint-metadata';
import { SnapshotDamagedError } from '../checkpoint/errors';
import type { FileProblem } from '../checkpoint/verify-checkpoint';
import { partitionKey, TopicMissingError, type TopicAdmin, type TopicPartitionOffset } from '../kafka';
import type { ChannelSource } from './rewind-channels';
import { CheckpointUnusableError, OtherRestoreError, RecordsLostError, RestoreUnfinishedError } from './rewind-errors';
import type { InputTarget } from './rewind-layout';

/* What stands against a restore. Nothing is touched here. */

/**
 * @param metadata - what is to be restored
 * @returns whether a restore of this application was begun before
 * @throws OtherRestoreError when that was to something else
 */
export async function checkMark(
  catalog: CheckpointCatalog,
  metadata: CheckpointMetadata,
  replaceUnfinished: boolean,
): Promise<boolean> {
  const mark = await catalog.restoring();
  if (mark === undefined) return false;
  const isSame = mark.id === metadata.id && mark.sourceApplicationId === metadata.applicationId;
  if (!isSame && !replaceUnfinished) throw new OtherRestoreError(catalog.applicationId, mark);
  return true;
}

/**
 * For an instance that starts.
 *
 * @throws RestoreUnfinishedError
 */
export async function requireNoRestore(catalog: CheckpointCatalog): Promise<void> {
  const mark = await catalog.restoring();
  if (mark !== undefined) throw new RestoreUnfinishedError(catalog.applicationId, mark);
}

/** @throws RecordsLostError when the records after the checkpoint, or those on their way, are not all there */
export async function checkRecords(
  admin: TopicAdmin,
  id: string,
  inputs: readonly InputTarget[],
  channels: ChannelSource,
): Promise<void> {
  const needed = inputs.flatMap(({ topic, partition, offset, channel, isRepartition }): TopicPartitionOffset[] => {
    if (channel !== undefined) return channels.firstNeeded(channel);
    return isRepartition || offset === undefined ? [] : [{ topic, partition, offset }];
  });
  if (needed.length === 0) return;
  const found = await admin.describeTopics([...new Set(needed.map(({ topic }) => topic))]);
  for (const [topic, description] of found) if (description === undefined) throw new TopicMissingError(topic);
  const [starts, ends] = await Promise.all([
    admin.listOffsets(needed, 'earliest'),
    admin.listOffsets(needed, 'latest'),
  ]);
  const lost = needed
    .map((place) => {
      const key = partitionKey(place.topic, place.partition);
      return { ...place, start: starts.get(key)!, end: ends.get(key)! };
    })
    .filter(({ offset, start, end }) => offset < start || offset > end);
  if (lost.length > 0) throw new RecordsLostError(id, lost);
}

/**
 * Looks whether all files are there; the copies of what was on its way are read, too: a topic that they were written to could not be
 * put right.
 *
 * @param catalog - of the application that the checkpoint was taken of
 * @throws CheckpointUnusableError
 */
export async function checkSnapshot(
  catalog: CheckpointCatalog,
  metadata: CheckpointMetadata,
  channels: ChannelSource,
): Promise<void> {
  const problems: FileProblem[] = [...(await catalog.verify(metadata)).problems];
  const missing = new Set(problems.map(({ object }) => object));
  for (const channel of metadata.channels) {
    if (channel.records === undefined || missing.has(channel.records.object)) continue;
    const { object, name } = channel.records;
    try {
      for await (const { headers } of channels.recordsOf(channel)) void headers;
    } catch (error) {
      if (!(error instanceof SnapshotDamagedError)) throw error;
      problems.push({ object, name, problem: `cannot be used: ${error.damage}` });
    }
  }
  if (problems.length > 0) throw new CheckpointUnusableError(metadata.id, catalog.description, problems);
}
