import type { ClusterClient } from './cluster-client';
import { BrokerResponseError } from './errors';
import { ErrorCode } from './protocol/error-codes';
import { offsetFetchRequest } from './protocol/offsets';
import { partitionKey, type TopicPartition } from './protocol/topic-partition';

export interface FetchCommittedOptions {
  /** Whether to wait for open transactions that hold offsets of these partitions: exactly-once needs that. */
  readonly requireStable: boolean;
  /**
   * How long to wait for them, in milliseconds: longer than the transaction time-out of the previous owner, because the
   * coordinator aborts its transaction then.
   */
  readonly timeoutMs: number;
}

/** What a group committed for a partition. */
export interface CommittedOffset {
  readonly offset: number;
  /** The text beside it, whoever wrote it; may be empty. */
  readonly metadata: string;
}

/** Transactions are short, so an open one is worth asking for again soon. */
const FIRST_RETRY_MS = 5;
const MAX_RETRY_MS = 250;

/**
 * What a group committed, by `topic-partition`; undefined where it never did.
 *
 * @throws {@link KafkaUnavailableError} when a transaction stays open longer than `timeoutMs`.
 */
export async function fetchCommitted(
  cluster: ClusterClient,
  groupId: string,
  partitions: readonly TopicPartition[],
  options: FetchCommittedOptions,
): Promise<Map<string, CommittedOffset | undefined>> {
  if (partitions.length === 0) return new Map();
  const request = offsetFetchRequest(groupId, partitions, options.requireStable);
  const connections = cluster.openConnections();
  try {
    const response = await cluster.retry(
      `reading the committed offsets of group '${groupId}'`,
      () =>
        cluster.sendToCoordinator(connections, 'group', groupId, request, ({ errorCode, partitions: committed }) => {
          if (errorCode !== ErrorCode.NONE) throw new BrokerResponseError(errorCode, request.name);
          for (const result of committed) {
            if (result.errorCode === ErrorCode.NONE) continue;
            throw new BrokerResponseError(result.errorCode, request.name, {
              topic: result.topic,
              partition: result.partition,
            });
          }
        }),
      { firstDelayMs: FIRST_RETRY_MS, maxDelayMs: MAX_RETRY_MS, timeoutMs: options.timeoutMs },
    );
    return new Map(
      response.partitions.map(({ topic, partition, offset, metadata }) => [
        partitionKey(topic, partition),
        offset < 0 ? undefined : { offset, metadata },
      ]),
    );
  } finally {
    cluster.closeConnections(connections);
  }
}
