import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import type { Chapter } from './library';

export interface FeedOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly chapters: readonly Chapter[];
  /** Called for every chapter, as often as it is written, before it is. */
  readonly onChapter: (chapter: Chapter) => void;
  /** Words that are written and not counted yet. */
  readonly backlog: () => number;
}

/** Enough words that the service never runs dry, few enough that it is done soon after the last one. */
const BACKLOG_LIMIT = 200_000;

const LOOK_AGAIN_MS = 20;

/** Writes chapter after chapter to Kafka, and again from the first after the last, as fast as the service takes them. */
export class Feed {
  sentences = 0;
  /** Rejects when nothing can be written any more. */
  readonly failed: Promise<never>;
  private fail!: (error: unknown) => void;
  private readonly producer: Producer;
  private stopped = false;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: FeedOptions) {
    const { brokers } = options;
    const kafka = new Kafka({ clientId: 'millrace-demo-feed', brokers: [...brokers], logLevel: logLevel.NOTHING });
    this.producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
    this.failed = new Promise((_, reject) => (this.fail = reject));
    this.failed.catch(() => undefined);
  }

  /** Connects, and begins to write. */
  async start(): Promise<void> {
    await this.producer.connect();
    this.running = this.write().catch((error: unknown) => this.fail(error));
  }

  /** Lets the chapter that is being written be the last. */
  async finish(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  async close(): Promise<void> {
    await this.finish();
    await this.producer.disconnect();
  }

  private async write(): Promise<void> {
    const { topic, chapters, onChapter, backlog } = this.options;
    for (let next = 0; !this.stopped; next++) {
      const chapter = chapters[next % chapters.length]!;
      onChapter(chapter);
      await this.producer.send({
        topic,
        messages: chapter.sentences.map((value) => ({ key: chapter.title, value })),
      });
      this.sentences += chapter.sentences.length;
      while (backlog() > BACKLOG_LIMIT && !this.stopped) await pause(LOOK_AGAIN_MS);
    }
  }
}
