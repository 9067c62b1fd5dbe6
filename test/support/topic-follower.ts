import { asError } from '../../src/errors/as-error';
import { TopicReader, type Isolation, type ReadRecord } from './topic-reader';

interface Waiter {
  readonly holds: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Keeps every record of a topic, from its start, while it grows. */
export class TopicFollower {
  /** In the order of arrival: by offset within a partition, in no order between partitions. */
  readonly records: ReadRecord[] = [];
  private readonly waiters = new Set<Waiter>();
  private failure: Error | undefined;
  private reader!: TopicReader;

  private constructor(private readonly topic: string) {}

  static async start(brokers: readonly string[], topic: string, isolation: Isolation): Promise<TopicFollower> {
    const follower = new TopicFollower(topic);
    follower.reader = await TopicReader.start({
      brokers,
      topic,
      isolation,
      onRecord: (record) => follower.records.push(record),
      onProgress: () => follower.ask(),
      onError: (error) => follower.fail(asError(error)),
    });
    return follower;
  }

  /**
   * Resolves when `holds` returns true; it is asked after everything that arrives.
   *
   * @throws Error after `timeoutMs` (default 30000), naming `what` was waited for
   */
  async until(holds: () => boolean, options: { readonly what: string; readonly timeoutMs?: number }): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
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

  /**
   * Resolves when everything was read that the topic has at the time of the call, open transactions included: they are waited for.
   *
   * @returns the end of each partition
   */
  async untilEnd(timeoutMs?: number): Promise<ReadonlyMap<number, number>> {
    const ends = await this.reader.ends();
    await this.until(() => this.reader.isAt(ends), {
      what: `the end offsets ${JSON.stringify([...ends])}`,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return ends;
  }

  stop(): Promise<void> {
    return this.reader.stop();
  }

  private ask(): void {
    for (const waiter of this.waiters) {
      try {
        if (waiter.holds()) waiter.resolve();
      } catch (error) {
        waiter.reject(asError(error));
      }
    }
  }

  private fail(error: Error): void {
    this.failure = error;
    for (const waiter of this.waiters) waiter.reject(error);
  }

  private late(what: string, timeoutMs: number): Error {
    return new Error(
      `'${this.topic}': ${what} not seen within ${timeoutMs} ms. ${this.records.length} records read; positions by partition: ${this.reader.progress()}`,
    );
  }
}
