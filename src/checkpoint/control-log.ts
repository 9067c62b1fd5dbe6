import { asError } from '../errors/as-error';
import { Fetcher, PlainProducer, RecordBatchBuilder, type ClusterClient, type TopicAdmin } from '../kafka';
import type { Logger } from '../logging/logger';
import { NO_HEADERS } from '../serde/record';
import { decodeMessage, encodeMessage, type ControlMessage } from './control-messages';

export interface ControlLogParts {
  readonly cluster: ClusterClient;
  readonly admin: TopicAdmin;
  readonly topic: string;
  readonly onMessage: (message: ControlMessage) => void;
  /** What was to be said cannot be said, or what is said cannot be heard. */
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly logger: Logger;
}

const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_WAIT_MS = 500;
const PARTITION = 0;

/** The control topic of an application: everything said in it is heard by all its instances, in one and the same order. */
export class ControlLog {
  private fetcher: Fetcher | undefined;
  private producer: PlainProducer | undefined;
  private readonly queue: ControlMessage[] = [];
  private sending: Promise<void> | undefined;
  private closed = false;

  constructor(private readonly parts: ControlLogParts) {}

  /** Hears what is said from now on. */
  async start(): Promise<void> {
    const { cluster, admin, topic, onFailure } = this.parts;
    const ends = await admin.listOffsets([{ topic, partition: PARTITION }], 'latest');
    this.fetcher = new Fetcher(cluster, {
      isolation: 'read_uncommitted',
      maxBytesPerFetch: 4 * MAX_MESSAGE_BYTES,
      maxBytesPerPartition: 4 * MAX_MESSAGE_BYTES,
      maxWaitMs: MAX_WAIT_MS,
      onBatches: (_topic, _partition, { batches }) => {
        for (const batch of batches) {
          while (batch.next()) {
            if (batch.valueStart < 0) continue;
            const message = decodeMessage(batch.bytes.subarray(batch.valueStart, batch.valueEnd));
            if (message !== undefined && !this.closed) this.parts.onMessage(message);
          }
        }
      },
      onOutOfRange: (_topic, _partition, offset) => onFailure(new Error(`${topic} was cut at offset ${offset}`)),
      onError: onFailure,
    });
    this.fetcher.assign([{ topic, partition: PARTITION, offset: [...ends.values()][0]! }]);
  }

  /** Says something, after everything that was said before. */
  send(message: ControlMessage): void {
    if (this.closed) return;
    this.queue.push(message);
    this.sending ??= this.sendAll().finally(() => {
      this.sending = undefined;
    });
  }

  /** Resolves when all was said that could be. */
  async close(): Promise<void> {
    await this.sending;
    this.closed = true;
    this.producer?.close();
    await this.fetcher?.close();
  }

  private async sendAll(): Promise<void> {
    try {
      while (this.queue.length > 0) {
        const messages = this.queue.splice(0);
        const { topic, wallClock } = this.parts;
        const builder = new RecordBatchBuilder(topic, MAX_MESSAGE_BYTES);
        for (const message of messages) builder.append(wallClock(), null, encodeMessage(message), NO_HEADERS);
        const producer = await this.openProducer();
        await producer.commit({ records: [{ topic, partition: PARTITION, builder }], offsets: [], group: undefined });
      }
    } catch (error) {
      this.producer?.close();
      this.producer = undefined;
      this.parts.logger.warn(
        { event: 'control_log_failed', err: error },
        'Could not write to the control topic: a running checkpoint will fail',
      );
      this.parts.onFailure(asError(error));
    }
  }

  private async openProducer(): Promise<PlainProducer> {
    if (this.producer !== undefined) return this.producer;
    const producer = new PlainProducer({ cluster: this.parts.cluster });
    await producer.init();
    return (this.producer = producer);
  }
}
