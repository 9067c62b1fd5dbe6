import { fetchCommitted, partitionKey, type ClusterClient, type TopicAdmin, type TopicPartition } from '../kafka';

/**
 * Whether the group has committed each of these partitions to its end, markers of transactions included. The offsets are read before the
 * ends: see `Drain` for why that decides it.
 *
 * @param timeoutMs - how long to wait for transactions that hold offsets
 */
export async function areReadToTheirEnds(
  cluster: ClusterClient,
  admin: TopicAdmin,
  groupId: string,
  partitions: readonly TopicPartition[],
  timeoutMs: number,
): Promise<boolean> {
  if (partitions.length === 0) return true;
  const committed = await fetchCommitted(cluster, groupId, partitions, { requireStable: true, timeoutMs });
  const ends = await admin.listOffsets(partitions, 'latest');
  const starts = await admin.listOffsets(partitions, 'earliest');
  return partitions.every(({ topic, partition }) => {
    const key = partitionKey(topic, partition);
    // Where nothing was ever committed nothing was ever there; what was deleted unread would have been committed.
    return (committed.get(key)?.offset ?? starts.get(key)!) >= ends.get(key)!;
  });
}
