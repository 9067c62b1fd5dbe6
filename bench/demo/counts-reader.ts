import { asError } from '../../src/errors/as-error';
import { TopicReader, type ReadRecord } from '../../test/support/topic-reader';

/** An update of a count that is not one more than the update of the same word before it. */
export interface WrongStep {
  readonly word: string;
  readonly before: number;
  readonly found: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * Reads `word-counts` as any other application would: read_committed, in a process that is not the service's. The topology writes
 * every update, so the counts of a word must be 1, 2, 3 and so on without a gap or a repetition.
 */
export class CountsReader {
  readonly counts = new Map<string, number>();
  readonly wrongSteps: WrongStep[] = [];
  /** The sum of all counts. */
  total = 0;
  /** Rejects when the reader cannot go on. */
  readonly failed: Promise<never>;
  private reader: TopicReader | undefined;
  private fail!: (error: Error) => void;
  private wake: () => void = () => undefined;

  constructor(
    private readonly brokers: readonly string[],
    private readonly topic: string,
  ) {
    this.failed = new Promise((_, reject) => (this.fail = reject));
    this.failed.catch(() => undefined);
  }

  async start(): Promise<void> {
    this.reader = await TopicReader.start({
      brokers: this.brokers,
      topic: this.topic,
      isolation: 'read_committed',
      onRecord: (record) => this.take(record),
      onProgress: () => this.wake(),
      onError: (error) => this.fail(asError(error)),
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
    const reader = this.reader!;
    const ends = await reader.ends();
    await this.untilNews(() => reader.isAt(ends), timeoutMs);
    if (!reader.isAt(ends)) throw new Error(`the end of '${this.topic}' was not reached within ${timeoutMs / 1000} s`);
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
    await this.reader?.stop();
  }

  private take({ partition, offset, key, value }: ReadRecord): void {
    const word = String(key);
    const found = String(value);
    const before = this.counts.get(word) ?? 0;
    const count = Number(found);
    if (count !== before + 1) this.wrongSteps.push({ word, before, found, partition, offset });
    this.counts.set(word, count);
    this.total += count - before;
  }
}
