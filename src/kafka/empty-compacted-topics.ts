import { NO_HEADERS } from '../serde/record';
import type { ClusterClient } from './cluster-client';
import { BrokerResponseError } from './errors';
import { LogWriter } from './log-writer';
import { ErrorCode } from './protocol/error-codes';
import type { TopicPartition } from './protocol/topic-partition';
import type { TopicAdmin } from './topic-admin';

/** What compacted topics are set to while their records are deleted: Kafka deletes no records of topics that are only compacted. */
const DELETING = { 'cleanup.policy': 'compact,delete', 'retention.ms': '-1', 'retention.bytes': '-1' } as const;
const COMPACTED = { 'cleanup.policy': 'compact', 'retention.ms': undefined, 'retention.bytes': undefined } as const;

/** Deleted as soon as it is written. Compacted topics take no records without a key. */
const FILLER = { timestamp: 0, key: Buffer.from('millrace.filler'), value: null, headers: NO_HEADERS };

/**
 * Deletes every record of compacted topics. The logs then begin behind every position that anyone can have read up to, for one
 * record is written before: who kept such a position learns that it is out of range.
 *
 * Nothing else may write to them meanwhile. When it fails half-way they are not only compacted any more, and Millrace does not start
 * with such changelogs; {@link endEmptying} or calling it again puts that right.
 *
 * @param beforeEnd - what must not be left undone when the topics are empty: done before they are as they were
 */
export async function emptyCompactedTopics(
  cluster: ClusterClient,
  admin: TopicAdmin,
  partitions: readonly TopicPartition[],
  beforeEnd: () => Promise<void> = async () => undefined,
): Promise<void> {
  if (partitions.length === 0) return beforeEnd();
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  await beginEmptying(admin, topics);
  const writer = await LogWriter.open(cluster);
  try {
    for (const partition of partitions) await writer.write(partition, [FILLER]);
  } finally {
    writer.close();
  }
  const ends = await admin.listOffsets(partitions, 'latest');
  const offsets = partitions.map(({ topic, partition }) => {
    return { topic, partition, offset: ends.get(`${topic}-${partition}`)! };
  });
  await cluster.retry('deleting the records of changelog topics', async () => {
    try {
      await admin.deleteRecords(offsets);
    } catch (error) {
      if (!(error instanceof BrokerResponseError) || error.errorCode !== ErrorCode.POLICY_VIOLATION) throw error;
      throw new BrokerResponseError(
        ErrorCode.OPERATION_NOT_ATTEMPTED,
        'DeleteRecords',
        error.location,
        'the broker has not heard of the new cleanup.policy',
      );
    }
  });
  await beforeEnd();
  await endEmptying(admin, topics);
}

/** Has no instance start with these changelogs, and lets their records be deleted. */
export async function beginEmptying(admin: TopicAdmin, topics: readonly string[]): Promise<void> {
  await admin.alterConfigs(topics.map((name) => ({ name, configs: DELETING })));
}

/** Sets topics to be compacted only, as before {@link emptyCompactedTopics}. */
export async function endEmptying(admin: TopicAdmin, topics: readonly string[]): Promise<void> {
  await admin.alterConfigs(topics.map((name) => ({ name, configs: COMPACTED })));
}
