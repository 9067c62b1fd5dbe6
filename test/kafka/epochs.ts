import {
  EpochRecords,
  TransactionalProducer,
  type ClusterClient,
  type Compression,
  type Epoch,
  type GroupGeneration,
  type TopicPartitionOffset,
} from '../../src/kafka';
import { NO_HEADERS } from '../../src/serde/record';
import { uniqueName } from '../support/kafka-names';

/** An epoch with these values, as text, in the partitions of one topic. */
export async function epochOf(
  cluster: ClusterClient,
  topic: string,
  values: Iterable<{ partition?: number; key?: string; value: string | Buffer }>,
  commit: { offsets?: readonly TopicPartitionOffset[]; group?: GroupGeneration; compression?: Compression } = {},
): Promise<Epoch> {
  // Whatever the topic's own limit is: what a broker says to batches that are too large is tested too.
  const lookup = { partitionCount: () => cluster.partitionCount(topic), maxMessageBytes: async () => undefined };
  const records = new EpochRecords(lookup, { maxBatchBytes: 1_000_000, compression: commit.compression ?? 'none' });
  const output = await records.topic(topic);
  for (const { partition = 0, key, value } of values) {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    records.send(output, partition, Date.now(), key === undefined ? null : Buffer.from(key), bytes, NO_HEADERS);
  }
  return { records: records.seal().records, offsets: commit.offsets ?? [], group: commit.group };
}

/** A producer that is ready, with a transactional id of its own unless one is given. */
export async function readyProducer(
  cluster: ClusterClient,
  transactionalId = uniqueName('tx'),
  transactionTimeoutMs = 30_000,
): Promise<TransactionalProducer> {
  const producer = new TransactionalProducer({ cluster, transactionalId, transactionTimeoutMs });
  await producer.init();
  return producer;
}

/** A commit is answered before its markers are in the logs; the next epoch of the producer begins only when they are. */
export async function untilMarkersAreWritten(producer: TransactionalProducer): Promise<void> {
  await producer.init();
}
