import { setTimeout as pause } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import { testKafka } from '../support/kafka-clients';
import type { SeededRandom } from '../support/seeded-random';

const VOCABULARY = 60;
const ACCOUNTS = 24;
const ROUND_MS = 20;

/** Writes random lines at a steady pace until it is stopped. What it wrote is read back from Kafka by whoever wants to know. */
export class LineFeed {
  private written = 0;
  private stopping = false;
  private readonly finished: Promise<void>;

  private constructor(
    private readonly producer: Producer,
    private readonly topic: string,
    private readonly random: SeededRandom,
    private readonly linesPerRound: number,
  ) {
    this.finished = this.run();
    // Seen by whoever stops it.
    this.finished.catch(() => undefined);
  }

  static async start(
    brokers: readonly string[],
    topic: string,
    random: SeededRandom,
    linesPerSecond: number,
  ): Promise<LineFeed> {
    const producer = testKafka(brokers).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    return new LineFeed(producer, topic, random, Math.max(1, Math.round((linesPerSecond * ROUND_MS) / 1000)));
  }

  get lines(): number {
    return this.written;
  }

  /** Resolves to the number of lines when the last one is in Kafka. May be called again. */
  async stop(): Promise<number> {
    this.stopping = true;
    try {
      await this.finished;
    } finally {
      await this.producer.disconnect();
    }
    return this.written;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const messages = Array.from({ length: this.linesPerRound }, () => randomLine(this.random));
      await this.producer.send({ topic: this.topic, acks: -1, messages });
      this.written += messages.length;
      await pause(ROUND_MS);
    }
  }
}

/** Some words are frequent and some rare, as in a text. */
export function randomLine(random: SeededRandom): { key: string; value: string } {
  const words = Array.from(
    { length: random.between(1, 8) },
    () => `word-${Math.floor(VOCABULARY * random.next() * random.next())}`,
  );
  return { key: `account-${random.between(1, ACCOUNTS)}`, value: words.join(' ') };
}
