import type { Consumer, IHeaders, Kafka } from 'kafkajs';
import { uniqueName } from './kafka-names';

/** A record as a consumer outside sees it. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

interface Waiter {
  readonly holds: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Reads a topic from its start, as a consumer group of its own that is deleted afterwards. */
export class TopicFollower {
  /** In the order of arrival: by offset within a partition, in no order between partitions. */
  readonly records: ReadRecord[] = [];
  private readonly positions = new Map<number, number>();
  private readonly waiters = new Set<Waiter>();
  private crash: Error | undefined;

  private constructor(
    private readonly kafka: Kafka,
    private readonly consumer: Consumer,
    private readonly group: string,
    private readonly topic: string,
  ) {}

  static async start(
    kafka: Kafka,
    topic: string,
    isolation: 'read_committed' | 'read_uncommitted',
  ): Promise<TopicFollower> {
    const group = uniqueName('millrace-test-reader');
    const consumer = kafka.consumer({
      groupId: group,
      readUncommitted: isolation === 'read_uncommitted',
      maxWaitTimeInMs: 100,
      allowAutoTopicCreation: false,
    });
    const follower = new TopicFollower(kafka, consumer, group, topic);
    await follower.run();
    return follower;
  }

  /** The offset after the last one read in a partition, control markers and aborted records included; 0 before the first. */
  position(partition: number): number {
    return this.positions.get(partition) ?? 0;
  }

  /**
   * Resolves when `holds` returns true; it is asked after every batch that arrives.
   *
   * @throws Error after `timeoutMs` (default 30000), naming `what` was waited for
   */
  async until(holds: () => boolean, options: { readonly what: string; readonly timeoutMs?: number }): Promise<void> {
    if (this.crash !== undefined) throw this.crash;
    if (holds()) return;
    const timeoutMs = options.timeoutMs ?? 30_000;
    let waiter: Waiter | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        waiter = { holds, resolve, reject };
        this.waiters.add(waiter);
        timer = setTimeout(() => reject(this.late(options.what, timeoutMs)), timeoutMs);
      });
    } finally {
      clearTimeout(timer);
      if (waiter !== undefined) this.waiters.delete(waiter);
    }
  }

  async stop(): Promise<void> {
    await this.consumer.disconnect();
    const admin = this.kafka.admin();
    await admin.connect();
    // A group that never came to join does not exist.
    await admin.deleteGroups([this.group]).catch(() => undefined);
    await admin.disconnect();
  }

  private async run(): Promise<void> {
    const { END_BATCH_PROCESS, CRASH } = this.consumer.events;
    // Comes for batches without any visible record too, which eachBatch never sees.
    this.consumer.on(END_BATCH_PROCESS, ({ payload }) => {
      this.positions.set(payload.partition, Math.max(this.position(payload.partition), Number(payload.lastOffset) + 1));
      this.ask();
    });
    this.consumer.on(CRASH, ({ payload }) => {
      if (payload.restart) return;
      this.crash = payload.error;
      for (const waiter of this.waiters) waiter.reject(payload.error);
    });
    await this.consumer.connect();
    await this.consumer.subscribe({ topic: this.topic, fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const message of batch.messages) {
          // After a broker was gone, the group may begin at the start again.
          if (Number(message.offset) < this.position(batch.partition)) continue;
          this.records.push({
            partition: batch.partition,
            offset: Number(message.offset),
            timestamp: Number(message.timestamp),
            key: message.key,
            value: message.value,
            headers: message.headers ?? {},
          });
        }
      },
    });
  }

  private ask(): void {
    for (const waiter of this.waiters) {
      try {
        if (waiter.holds()) waiter.resolve();
      } catch (error) {
        waiter.reject(error as Error);
      }
    }
  }

  private late(what: string, timeoutMs: number): Error {
    const read = [...this.positions].map(([partition, position]) => `${partition}: ${position}`).join(', ');
    return new Error(
      `'${this.topic}': ${what} not seen within ${timeoutMs} ms. ${this.records.length} records read; positions by partition: ${read || 'none'}`,
    );
  }
}
