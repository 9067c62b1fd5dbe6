import {
  ClusterClient,
  Fetcher,
  partitionKey,
  TopicAdmin,
  type FetchedBatches,
  type TopicPartition,
} from '../../src/kafka';
import { silentLogger } from '../../src/logging/logger';
import type { Headers } from '../../src/serde/record';

/** A record as a consumer outside sees it. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

export type Isolation = 'read_committed' | 'read_uncommitted';

export interface TopicReaderOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly isolation: Isolation;
  /** By offset within a partition, in no order between partitions. */
  readonly onRecord: (record: ReadRecord) => void;
  /** After each answer of a broker that moved a position. */
  readonly onProgress: () => void;
  /** The reader cannot go on. */
  readonly onError: (error: unknown) => void;
}

/**
 * Reads a topic from its start while it grows, without a consumer group.
 *
 * It is not kafkajs's consumer, which shows records of aborted transactions that ended in another order than they began: after two
 * crashes one upon the other it would report what nobody else sees. `kafka-clients.test.ts` holds this one to such logs.
 */
export class TopicReader {
  private readonly positions = new Map<number, number>();

  private constructor(
    private readonly cluster: ClusterClient,
    private readonly partitions: readonly TopicPartition[],
    private readonly options: TopicReaderOptions,
    private readonly fetcher: Fetcher,
  ) {}

  static async start(options: TopicReaderOptions): Promise<TopicReader> {
    const { brokers, topic } = options;
    const cluster = new ClusterClient({ clientId: 'millrace-test-reader', brokers, logger: silentLogger });
    try {
      await cluster.connect();
      const partitions = Array.from({ length: await cluster.partitionCount(topic) }, (_, partition) => ({
        topic,
        partition,
      }));
      const fetcher = new Fetcher(cluster, {
        isolation: options.isolation,
        maxWaitMs: 100,
        maxBytesPerPartition: 4 * 1024 * 1024,
        maxBytesPerFetch: 16 * 1024 * 1024,
        onBatches: (_, partition, fetched) => reader.take(partition, fetched),
        onOutOfRange: (_, partition, offset) =>
          options.onError(new Error(`'${topic}', partition ${partition}: offset ${offset} was deleted`)),
        onError: (error) => options.onError(error),
      });
      const reader = new TopicReader(cluster, partitions, options, fetcher);
      const starts = await new TopicAdmin(cluster).listOffsets(partitions, 'earliest');
      for (const { partition } of partitions)
        reader.positions.set(partition, starts.get(partitionKey(topic, partition))!);
      fetcher.assign(partitions.map(({ partition }) => ({ topic, partition, offset: reader.position(partition) })));
      return reader;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** The offset after the last one read in a partition, transaction markers and aborted records included. */
  position(partition: number): number {
    return this.positions.get(partition)!;
  }

  /** Whether everything before these offsets was read. */
  isAt(ends: ReadonlyMap<number, number>): boolean {
    return [...ends].every(([partition, end]) => this.position(partition) >= end);
  }

  /** The high watermark of each partition: after the last record written, in open transactions too. */
  async ends(): Promise<Map<number, number>> {
    const ends = await new TopicAdmin(this.cluster).listOffsets(this.partitions, 'latest');
    return new Map(
      this.partitions.map(({ topic, partition }) => [partition, ends.get(partitionKey(topic, partition))!]),
    );
  }

  /** The positions, for messages. */
  progress(): string {
    return [...this.positions].map(([partition, position]) => `${partition}: ${position}`).join(', ');
  }

  async stop(): Promise<void> {
    await this.fetcher.close();
    await this.cluster.close();
  }

  private take(partition: number, { batches, nextOffset }: FetchedBatches): void {
    for (const batch of batches) {
      while (batch.next()) {
        const { offset, timestamp, bytes, keyStart, keyEnd, valueStart, valueEnd } = batch;
        this.options.onRecord({
          partition,
          offset,
          timestamp,
          key: keyStart < 0 ? null : Buffer.from(bytes.subarray(keyStart, keyEnd)),
          value: valueStart < 0 ? null : Buffer.from(bytes.subarray(valueStart, valueEnd)),
          headers: batch.headers(),
        });
      }
    }
    this.positions.set(partition, nextOffset);
    this.options.onProgress();
  }
}
