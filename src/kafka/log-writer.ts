import type { Headers } from '../serde/record';
import type { ClusterClient } from './cluster-client';
import { ClusterTopicLookup } from './cluster-topic-lookup';
import type { Compression } from './compression';
import type { ProducedRange } from './epoch-producer';
import { PlainProducer } from './plain-producer';
import { partitionKey, type TopicPartition } from './protocol/topic-partition';
import { RecordBatchBuilder } from './record-batch-builder';
import { TopicAdmin } from './topic-admin';

/** A record to write as it is. */
export interface LogRecord {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

export interface LogWriterOptions {
  /** Of one record batch, before compression. A topic whose `max.message.bytes` is less gets smaller ones. Default 1,000,000. */
  readonly maxBatchBytes?: number | undefined;
  /** Default: none. */
  readonly compression?: Compression | undefined;
}

const DEFAULT_MAX_BATCH_BYTES = 1_000_000;
/** Records are collected up to this size before they are sent. */
const SEND_BYTES = 4 * 1024 * 1024;

/** Writes whole partitions: many records in order, without a transaction. The counterpart of `readCommitted`. */
export class LogWriter {
  private constructor(
    private readonly producer: PlainProducer,
    private readonly lookup: ClusterTopicLookup,
    private readonly options: LogWriterOptions,
  ) {}

  static async open(cluster: ClusterClient, options: LogWriterOptions = {}): Promise<LogWriter> {
    const producer = new PlainProducer({ cluster });
    try {
      await producer.init();
    } catch (error) {
      producer.close();
      throw error;
    }
    return new LogWriter(producer, new ClusterTopicLookup(cluster, new TopicAdmin(cluster)), options);
  }

  /**
   * Appends records to a partition. One call at a time.
   *
   * @returns where they are, from the first to after the last; undefined when there were none
   * @throws {@link DeliveryFailedError}: some may be written; the writer is of no more use then
   */
  async write(
    { topic, partition }: TopicPartition,
    records: Iterable<LogRecord> | AsyncIterable<LogRecord>,
  ): Promise<ProducedRange | undefined> {
    const { compression = 'none', maxBatchBytes = DEFAULT_MAX_BATCH_BYTES } = this.options;
    const limit = Math.min(maxBatchBytes, (await this.lookup.maxMessageBytes(topic)) ?? Infinity);
    const builder = new RecordBatchBuilder(topic, limit, compression);
    let written: ProducedRange | undefined;
    const send = async (): Promise<void> => {
      if (builder.recordCount === 0) return;
      const epoch = { records: [{ topic, partition, builder }], offsets: [], group: undefined };
      const { baseOffset, nextOffset } = (await this.producer.commit(epoch)).get(partitionKey(topic, partition))!;
      written = { baseOffset: written?.baseOffset ?? baseOffset, nextOffset };
      builder.reset();
    };
    for await (const { timestamp, key, value, headers } of records) {
      builder.append(timestamp, key, value, headers);
      if (builder.sizeInBytes >= SEND_BYTES) await send();
    }
    await send();
    return written;
  }

  close(): void {
    this.producer.close();
  }
}
