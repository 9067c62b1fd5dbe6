import { randomUUID } from 'node:crypto';
import type { ClusterClient, LogRecord } from '../kafka';
import type { TopicReference } from '../topology/graph';
import { ChannelCut } from './channel-cut';
import { writeChannelFile } from './channel-file';
import { readChannelRecords } from './channel-records';
import type { ChannelState } from './checkpoint-metadata';
import { concurrently } from './concurrently';
import { fileObject } from './object-names';
import type { SnapshotStore } from './snapshot-store';

const CHANNELS_AT_A_TIME = 4;

export interface ChannelCopyParts {
  readonly cluster: ClusterClient;
  readonly store: SnapshotStore;
  readonly applicationId: string;
  /** How Kafka calls a topic. */
  readonly nameOf: (topic: TopicReference) => string;
}

/**
 * Copies what was on its way into the snapshot store, so that a savepoint is complete without the repartition topics. A channel
 * without any is left out.
 *
 * @param number - of the checkpoint
 * @throws {@link OffsetOutOfRangeError} when a log no longer has all of it
 * @throws {SnapshotStoreError}
 */
export async function copyChannels(
  { cluster, store, applicationId, nameOf }: ChannelCopyParts,
  channels: readonly ChannelState[],
  number: number,
): Promise<ChannelState[]> {
  const copies = await concurrently(channels, CHANNELS_AT_A_TIME, async (channel, signal) => {
    const { topic, partition, from, barriers } = channel;
    if (new ChannelCut(barriers).end <= from) return undefined;
    const name = `${topic.name}_${partition}`;
    const object = fileObject(applicationId, number, name, randomUUID());
    let count = 0;
    const counted = async function* (): AsyncGenerator<LogRecord> {
      for await (const record of readChannelRecords(cluster, nameOf(topic), channel)) {
        count++;
        yield record;
      }
    };
    const records = await writeChannelFile(store, object, name, counted(), signal);
    if (count > 0) return { ...channel, records };
    await store.delete([object]);
    return undefined;
  });
  return copies.filter((copy) => copy !== undefined);
}
