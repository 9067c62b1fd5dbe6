import type { ClusterClient } from './cluster-client';
import type { ConnectionSet } from './connection-set';
import type { PartitionRecords, ProducedRange } from './epoch-producer';
import { BrokerResponseError } from './errors';
import { ErrorCode, isTransientCode } from './protocol/error-codes';
import type { BrokerNode } from './protocol/metadata';
import { produceRequest } from './protocol/produce';
import { partitionKey, type TopicPartition } from './protocol/topic-partition';
import type { ProducerIdentity } from './protocol/transactions';
import { isTransient } from './retry';
import { nextSequence, type EncodedBatch } from './record-batch-builder';

const BROKER_TIMEOUT_MS = 30_000;
const ANSWER_TIMEOUT_MS = 40_000;
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

interface Outgoing extends TopicPartition {
  readonly batches: readonly EncodedBatch[];
  /** How many of them the broker has acknowledged. */
  acknowledged: number;
  baseOffset: number;
  nextOffset: number;
}

/**
 * Sends record batches to the leaders of their partitions. At most one batch of a partition is under way, and a retry sends the
 * same batch with the same sequence number, so that the broker writes it once.
 */
export class BatchSender {
  private readonly sequences = new Map<string, number>();
  private identity: ProducerIdentity | undefined;

  constructor(
    private readonly cluster: ClusterClient,
    private readonly connections: ConnectionSet,
    private readonly transactionalId: string | null,
  ) {}

  /** Sequence numbers begin anew with each identity. */
  useIdentity(identity: ProducerIdentity): void {
    this.identity = identity;
    this.sequences.clear();
  }

  /** Resolves to what was written where, by `topic-partition`. `onAttemptFailed` sees every transient error. */
  async send(
    records: readonly PartitionRecords[],
    onAttemptFailed: (error: unknown) => void,
  ): Promise<Map<string, ProducedRange>> {
    const outgoing = records.map((partition) => this.encode(partition));
    await this.cluster.retry('producing', async () => {
      const open = outgoing.filter(({ batches, acknowledged }) => acknowledged < batches.length);
      try {
        const leaders = await this.cluster.leaders(open);
        const results = await Promise.allSettled([...leaders].map(([node, led]) => this.sendToLeader(node, led)));
        const failures = results.flatMap((result) => (result.status === 'rejected' ? [toError(result.reason)] : []));
        const failure = failures.find((error) => !isTransient(error)) ?? failures[0];
        if (failure !== undefined) throw failure;
      } catch (error) {
        onAttemptFailed(error);
        if (error instanceof BrokerResponseError && error.transient) {
          await this.cluster.leadersMoved(open.map(({ topic }) => topic));
        }
        throw error;
      }
    });
    return new Map(
      outgoing.map(({ topic, partition, baseOffset, nextOffset }) => [
        partitionKey(topic, partition),
        { baseOffset, nextOffset },
      ]),
    );
  }

  private encode({ topic, partition, builder }: PartitionRecords): Outgoing {
    const { producerId, producerEpoch } = this.identity as ProducerIdentity;
    const key = partitionKey(topic, partition);
    const baseSequence = this.sequences.get(key) ?? 0;
    const transactional = this.transactionalId !== null;
    const batches = builder.finish({ producerId, producerEpoch, baseSequence, transactional });
    this.sequences.set(key, nextSequence(baseSequence, builder.recordCount));
    return { topic, partition, batches, acknowledged: 0, baseOffset: -1, nextOffset: -1 };
  }

  private async sendToLeader(node: BrokerNode, led: readonly Outgoing[]): Promise<void> {
    for (let open = led; open.length > 0; open = open.filter((item) => item.acknowledged < item.batches.length)) {
      for (const group of cutToRequests(open)) await this.sendRound(node, group);
    }
  }

  /** One batch of each of these partitions. */
  private async sendRound(node: BrokerNode, group: readonly Outgoing[]): Promise<void> {
    const request = produceRequest(
      this.transactionalId,
      BROKER_TIMEOUT_MS,
      group.map((item) => ({ topic: item.topic, partition: item.partition, batch: nextBatch(item).bytes })),
    );
    const answers = await this.cluster.sendTo(this.connections, node, request, ANSWER_TIMEOUT_MS);
    const byKey = new Map(group.map((item) => [partitionKey(item.topic, item.partition), item]));
    let failure: BrokerResponseError | undefined;
    for (const { topic, partition, errorCode, baseOffset, errorMessage } of answers) {
      const item = byKey.get(partitionKey(topic, partition));
      if (item === undefined) continue;
      if (errorCode !== ErrorCode.NONE) {
        if (failure === undefined || !isTransientCode(errorCode)) {
          failure = new BrokerResponseError(errorCode, request.name, { topic, partition }, errorMessage);
        }
        continue;
      }
      if (item.acknowledged === 0) item.baseOffset = baseOffset;
      item.nextOffset = baseOffset + nextBatch(item).recordCount;
      item.acknowledged++;
    }
    if (failure !== undefined) throw failure;
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

function nextBatch(item: Outgoing): EncodedBatch {
  return item.batches[item.acknowledged] as EncodedBatch;
}

/** Brokers bound the size of a request. */
function cutToRequests(items: readonly Outgoing[]): Outgoing[][] {
  const requests: Outgoing[][] = [];
  let size = Infinity;
  for (const item of items) {
    const { length } = nextBatch(item).bytes;
    if (size + length > MAX_REQUEST_BYTES) {
      requests.push([]);
      size = 0;
    }
    (requests[requests.length - 1] as Outgoing[]).push(item);
    size += length;
  }
  return requests;
}
