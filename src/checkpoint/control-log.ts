import { setTimeout as pause } from 'node:timers/promises';
import {
  Fetcher,
  partitionKey,
  PlainProducer,
  RecordBatchBuilder,
  type ClusterClient,
  type RecordBatchReader,
  type TopicAdmin,
} from '../kafka';
import type { Logger } from '../logging/logger';
import { NO_HEADERS } from '../serde/record';
import { decodeMessage, encodeMessage, type ControlMessage, type UnknownMessage } from './control-messages';

export interface ControlLogParts {
  readonly cluster: ClusterClient;
  readonly admin: TopicAdmin;
  readonly topic: string;
  readonly onMessage: (message: ControlMessage) => void;
  /** What is said cannot be heard, for good. */
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly logger: Logger;
}

const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_WAIT_MS = 500;
const RETRY_MS = 500;
const PARTITION = 0;

/** The control topic of an application: everything said in it is heard by all its instances, in one and the same order. */
export class ControlLog {
  private fetcher: Fetcher | undefined;
  private producer: PlainProducer | undefined;
  /** Encoded. */
  private readonly queue: Buffer[] = [];
  private sending: Promise<void> | undefined;
  /** What messages that were left out call themselves, as far as it was logged. */
  private readonly leftOut = new Set<string>();
  private readonly closing = new AbortController();

  constructor(private readonly parts: ControlLogParts) {}

  /** Hears what is said from now on. */
  async start(): Promise<void> {
    const { cluster, onFailure, logger } = this.parts;
    this.fetcher = new Fetcher(cluster, {
      isolation: 'read_uncommitted',
      maxBytesPerFetch: 4 * MAX_MESSAGE_BYTES,
      maxBytesPerPartition: 4 * MAX_MESSAGE_BYTES,
      maxWaitMs: MAX_WAIT_MS,
      onBatches: (_topic, _partition, { batches }) => batches.forEach((batch) => this.hear(batch)),
      onOutOfRange: (topic, _partition, offset) => {
        logger.warn({ event: 'control_log_cut', topic, offset }, 'Did not hear what was said in the control topic');
        this.hearFromEnd().catch(onFailure);
      },
      onError: onFailure,
    });
    await this.hearFromEnd();
  }

  /** Says something, after everything that was said before. While Kafka is away it waits; it may then be said twice. */
  send(message: ControlMessage): void {
    if (this.closing.signal.aborted) return;
    const { logger, topic } = this.parts;
    const encoded = encodeMessage(message);
    const sizeInBytes = encoded.length;
    if (sizeInBytes > MAX_MESSAGE_BYTES / 2) {
      logger.error(
        { event: 'control_message_too_large', topic, type: message.type, sizeInBytes },
        `A message of ${sizeInBytes} bytes is too large for the control topic: the running checkpoint will not be completed`,
      );
      return;
    }
    this.queue.push(encoded);
    this.sending ??= this.sendAll().finally(() => {
      this.sending = undefined;
    });
  }

  /** Resolves when all was said, but for what cannot be said now. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.sending;
    this.producer?.close();
    await this.fetcher?.close();
  }

  private async hearFromEnd(): Promise<void> {
    const { admin, topic } = this.parts;
    const ends = await admin.listOffsets([{ topic, partition: PARTITION }], 'latest');
    this.fetcher?.assign([{ topic, partition: PARTITION, offset: ends.get(partitionKey(topic, PARTITION))! }]);
  }

  private hear(batch: RecordBatchReader): void {
    while (batch.next()) {
      if (batch.valueStart < 0 || this.closing.signal.aborted) continue;
      const message = decodeMessage(batch.bytes.subarray(batch.valueStart, batch.valueEnd));
      if (message.type === 'unknown') this.leaveOut(message);
      else this.parts.onMessage(message);
    }
  }

  /** As long as versions are mixed such messages come again and again. */
  private leaveOut({ given, problem }: UnknownMessage): void {
    const { logger, topic } = this.parts;
    if (this.leftOut.has(given)) return;
    this.leftOut.add(given);
    logger.warn(
      { event: 'control_message_unknown', topic, type: given, problem },
      `Left out a message '${given}' in the control topic, as another version of Millrace writes them (${problem}). ` +
        'Checkpoints may be aborted until all instances run the same version',
    );
  }

  private async sendAll(): Promise<void> {
    while (this.queue.length > 0) {
      const messages = this.queue.splice(0);
      try {
        await this.write(messages);
      } catch (error) {
        this.producer?.close();
        this.producer = undefined;
        const { logger } = this.parts;
        logger.warn({ event: 'control_log_failed', err: error }, 'Could not write to the control topic: trying again');
        if (this.closing.signal.aborted) return;
        this.queue.unshift(...messages);
        await pause(RETRY_MS, undefined, { signal: this.closing.signal }).catch(() => undefined);
      }
    }
  }

  private async write(messages: readonly Buffer[]): Promise<void> {
    const { topic, wallClock } = this.parts;
    const builder = new RecordBatchBuilder(topic, MAX_MESSAGE_BYTES);
    for (const message of messages) builder.append(wallClock(), null, message, NO_HEADERS);
    const producer = await this.openProducer();
    await producer.commit({ records: [{ topic, partition: PARTITION, builder }], offsets: [], group: undefined });
  }

  private async openProducer(): Promise<PlainProducer> {
    if (this.producer !== undefined) return this.producer;
    const producer = new PlainProducer({ cluster: this.parts.cluster });
    await producer.init();
    return (this.producer = producer);
  }
}
