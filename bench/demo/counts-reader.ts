import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type Consumer } from 'kafkajs';
import { highWatermarks } from '../../test/support/high-watermarks';

/** An update of a count that is not one more than the update of the same word before it. */
export interface WrongStep {
  readonly word: string;
  readonly before: number;
  readonly found: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * Reads `word-counts` as any other application would: kafkajs's own consumer, read_committed, in a process that is not the
 * service's. The topology writes every update, so the counts of a word must be 1, 2, 3 and so on without a gap or a repetition.
 */
export class CountsReader {
  readonly counts = new Map<string, number>();
  readonly wrongSteps: WrongStep[] = [];
  /** The sum of all counts. */
  total = 0;
  /** Rejects when the reader cannot go on. */
  readonly failed: Promise<never>;
  private readonly group = `millrace-demo-reader-${randomUUID()}`;
  private readonly positions = new Map<number, number>();
  private readonly consumer: Consumer;
  private readonly kafka: Kafka;
  private fail!: (error: Error) => void;
  private wake: () => void = () => undefined;

  constructor(
    brokers: readonly string[],
    private readonly topic: string,
  ) {
    this.kafka = new Kafka({ clientId: 'millrace-demo-reader', brokers: [...brokers], logLevel: logLevel.NOTHING });
    this.consumer = this.kafka.consumer({ groupId: this.group, readUncommitted: false, maxWaitTimeInMs: 100 });
    this.failed = new Promise((_, reject) => (this.fail = reject));
    this.failed.catch(() => undefined);
  }

  async start(): Promise<void> {
    const { CRASH, END_BATCH_PROCESS } = this.consumer.events;
    this.consumer.on(CRASH, ({ payload }) => {
      if (!payload.restart) this.fail(payload.error);
    });
    // Comes also for batches that hold only the markers of transactions, which eachBatch never sees.
    this.consumer.on(END_BATCH_PROCESS, ({ payload }) => {
      this.positions.set(payload.partition, Math.max(this.position(payload.partition), Number(payload.lastOffset) + 1));
      this.wake();
    });
    await this.consumer.connect();
    await this.consumer.subscribe({ topic: this.topic, fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const { key, value, offset } of batch.messages) this.take(batch.partition, Number(offset), key, value);
      },
    });
  }

  /** Resolves when the counts add up to `total`, or when nothing has come for `silenceMs`. */
  async untilTotal(total: number, silenceMs: number): Promise<void> {
    for (let before = -1; this.total < total && this.total !== before;) {
      before = this.total;
      await this.untilNews(() => this.total >= total, silenceMs);
    }
  }

  /** Resolves when everything that is in the topic now has been read. */
  async untilEnd(timeoutMs: number): Promise<void> {
    const admin = this.kafka.admin();
    await admin.connect();
    const ends = await highWatermarks(admin, this.topic).finally(() => admin.disconnect());
    const atEnd = (): boolean => [...ends].every(([partition, end]) => this.position(partition) >= end);
    await this.untilNews(atEnd, timeoutMs);
    if (!atEnd()) throw new Error(`the end of '${this.topic}' was not reached within ${timeoutMs / 1000} s`);
  }

  /** Resolves when `holds`, or after `timeoutMs`. */
  private async untilNews(holds: () => boolean, timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    const held = new Promise<void>((resolve) => {
      this.wake = () => (holds() ? resolve() : undefined);
      this.wake();
    });
    await Promise.race([held, late, this.failed]).finally(() => clearTimeout(timer));
  }

  async stop(): Promise<void> {
    await this.consumer.disconnect();
    const admin = this.kafka.admin();
    await admin.connect();
    await admin.deleteGroups([this.group]).catch(() => undefined);
    await admin.disconnect();
  }

  private position(partition: number): number {
    return this.positions.get(partition) ?? 0;
  }

  private take(partition: number, offset: number, key: Buffer | null, value: Buffer | null): void {
    // A consumer that has to join its group again starts again at the beginning: each record is looked at once.
    if (offset < this.position(partition)) return;
    this.positions.set(partition, offset + 1);
    const word = String(key);
    const found = String(value);
    const before = this.counts.get(word) ?? 0;
    const count = Number(found);
    if (count !== before + 1) this.wrongSteps.push({ word, before, found, partition, offset });
    this.counts.set(word, count);
    this.total += count - before;
  }
}
