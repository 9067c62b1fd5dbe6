import type { MillraceConfig } from '../config/millrace-config';
import { fetchCommitted, type ClusterClient, type TopicAdmin, type TopicPartition } from '../kafka';
import type { TopicPlan } from './topic-plan';

/** Beyond the transaction time-out the coordinator needs a moment to abort. */
const MARGIN_MS = 20_000;

/**
 * Waits until no transaction is open that could still change internal topics or committed offsets: a process that was frozen in the
 * middle of one is no member of the group any more, and could yet commit.
 *
 * @throws KafkaUnavailableError when one stays open for longer than the transaction time-out
 */
export async function settleTransactions(
  cluster: ClusterClient,
  admin: TopicAdmin,
  config: Pick<MillraceConfig, 'applicationId' | 'transactionTimeoutMs'>,
  { sourcePartitions }: TopicPlan,
  internal: readonly { readonly name: string; readonly partitions: number }[],
): Promise<void> {
  const timeoutMs = config.transactionTimeoutMs + MARGIN_MS;
  const inputs = [...sourcePartitions].flatMap(([topic, count]) => partitionsOf(topic, count));
  await fetchCommitted(cluster, config.applicationId, inputs, { requireStable: true, timeoutMs });
  await admin.untilTransactionsEnd(
    internal.flatMap(({ name, partitions }) => partitionsOf(name, partitions)),
    timeoutMs,
  );
}

/** All partitions of a topic. */
export function partitionsOf(topic: string, count: number): TopicPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
}
