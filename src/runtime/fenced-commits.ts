import { KafkaUnavailableError, type EpochProducer } from '../kafka';
import type { Logger } from '../logging/logger';
import type { Task } from '../task/task';
import { CommitCycle, type CommitCycleParts } from './commit-cycle';
import type { CommitFailures } from './commit-failures';
import type { EpochCut } from './thread-checkpoints';

export interface FencedCommitsParts extends Omit<CommitCycleParts, 'producer'> {
  readonly createProducer: () => EpochProducer;
  readonly failures: CommitFailures;
  /** Whether to go on trying while Kafka does not answer. */
  readonly mayWaitForKafka: () => boolean;
  /** Called when a commit has ended, well or not. */
  readonly wake: () => void;
  readonly logger: Logger;
}

/** The commits of a stream thread. After one that failed, `renew` fences its producer with a new one, before anything is read again. */
export class FencedCommits {
  private producer: EpochProducer | undefined;
  private cycle: CommitCycle | undefined;
  private renewals = 0;

  constructor(private readonly parts: FencedCommitsParts) {}

  get isRunning(): boolean {
    return this.cycle?.isRunning ?? false;
  }

  /** Of the last commit. What is in memory must not be used any more. */
  get failure(): Error | undefined {
    return this.cycle?.failure;
  }

  /** When the commit was begun that failed. */
  get failedSince(): number | undefined {
    return this.cycle?.failedSince;
  }

  /** Begins a commit of what these tasks processed. Must not be called while one is running, or while a record is being processed. */
  begin(tasks: Iterable<Task>, cut?: EpochCut): void {
    this.cycle!.begin(tasks, this.parts.wake, cut);
  }

  /** Who writes since the last `renew`: another one after each. */
  get writer(): { readonly incarnation: string; readonly producerId: number } {
    return { incarnation: `${this.producer!.producerId}-${this.renewals}`, producerId: this.producer!.producerId };
  }

  /** Resolves when no commit is running. */
  async settled(): Promise<void> {
    await this.cycle?.settled();
  }

  /** Commits everything that was processed, and waits until it is durable. Throws when it failed. */
  async commitAll(tasks: Iterable<Task>): Promise<void> {
    await this.settled();
    await Promise.all([...tasks].map((task) => task.quiesced()));
    if (this.failure === undefined) {
      this.begin(tasks);
      await this.settled();
    }
    if (this.failure !== undefined) throw this.failure;
  }

  /** Begins with a new producer, which has fenced the one before. */
  async renew(): Promise<void> {
    this.producer?.close();
    this.producer = await this.fencingProducer();
    this.renewals++;
    const { failures, onCommitted } = this.parts;
    this.cycle = new CommitCycle({
      ...this.parts,
      producer: this.producer,
      onCommitted: (offsets) => {
        failures.succeeded();
        onCommitted(offsets);
      },
    });
  }

  close(): void {
    this.producer?.close();
  }

  private async fencingProducer(): Promise<EpochProducer> {
    const { createProducer, failures, mayWaitForKafka, logger } = this.parts;
    for (;;) {
      const producer = createProducer();
      try {
        await producer.init();
        return producer;
      } catch (error) {
        producer.close();
        if (!(error instanceof KafkaUnavailableError) || !mayWaitForKafka()) throw error;
        failures.failed(error);
        logger.warn({ event: 'kafka_unavailable', err: error }, 'Kafka does not answer: trying again');
      }
    }
  }
}
