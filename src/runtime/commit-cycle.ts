import { asError } from '../errors/as-error';
import {
  partitionKey,
  type EpochProducer,
  type EpochRecords,
  type GroupGeneration,
  type ProducedRange,
  type SealedRecords,
} from '../kafka';
import type { InputOffset, SealedTask, Task } from '../task/task';
import type { MillraceMetrics } from '../metrics/metrics';
import type { FailpointHook } from './failpoints';
import { NotAMemberError } from './not-a-member-error';
import type { RepartitionPurge } from './repartition-purge';
import type { EpochCut } from './thread-checkpoints';

/** Everything that one commit makes durable. */
interface SealedEpoch {
  readonly output: SealedRecords;
  readonly tasks: readonly { readonly task: Task; readonly sealed: SealedTask }[];
  readonly offsets: readonly InputOffset[];
  readonly inputRecords: number;
  readonly cut: EpochCut | undefined;
}

/** What a commit cycle works with. */
export interface CommitCycleParts {
  readonly producer: EpochProducer;
  readonly collector: EpochRecords;
  readonly generation: () => GroupGeneration | undefined;
  readonly purge: RepartitionPurge;
  readonly metrics: MillraceMetrics;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  readonly failpoint: FailpointHook | undefined;
  readonly onCommitted: (offsets: readonly InputOffset[]) => void;
}

/**
 * The commits of one stream thread, one at a time, while the next epoch goes on in memory.
 *
 *     seal       the open epoch ends between two records: its outputs, the changelog record of each changed key, the input offsets
 *     transact   one Kafka transaction of all that, refused by the broker when the group has moved on
 *     write      only then one atomic write per task: changes, input offsets, changelog position
 *     snapshot   where the epoch is the cut of a checkpoint: before anything of the next epoch is written
 *
 * When transact or write fails, what is in memory is ahead of what is durable and nobody may use it any more: `failure` is set, and
 * the thread drops its tasks and opens them again from committed offsets, database and the changelog's tail.
 */
export class CommitCycle {
  private running: Promise<void> | undefined;
  private sealedAtRecords = 0;
  failure: Error | undefined;
  /** When the commit was begun that failed. */
  failedSince: number | undefined;

  constructor(private readonly parts: CommitCycleParts) {}

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /** Seals the open epoch and begins its transaction. Must not be called while one is running, or while a record is being processed. */
  begin(tasks: Iterable<Task>, wake: () => void, cut?: EpochCut): void {
    const epoch = this.seal(tasks, cut);
    if (epoch === undefined) return;
    const startedAt = this.parts.now();
    this.running = this.transact(epoch)
      .then((result) => this.write(epoch, result))
      .then(
        () => this.report(epoch, startedAt),
        (error: unknown) => {
          this.failure = asError(error);
          this.failedSince = startedAt;
          this.parts.metrics.abortedTransactions.inc();
        },
      )
      .finally(() => {
        epoch.output.release();
        this.running = undefined;
        wake();
      });
  }

  /** Resolves when no commit is running. */
  async settled(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private seal(tasks: Iterable<Task>, cut: EpochCut | undefined): SealedEpoch | undefined {
    const sealedTasks: { task: Task; sealed: SealedTask }[] = [];
    const offsets: InputOffset[] = [];
    let processed = 0;
    for (const task of tasks) {
      processed += task.processedRecords;
      const sealed = task.seal(cut !== undefined);
      if (sealed === undefined) continue;
      sealedTasks.push({ task, sealed });
      offsets.push(...sealed.inputOffsets);
    }
    cut?.addBarriers();
    const inputRecords = Math.max(0, processed - this.sealedAtRecords);
    this.sealedAtRecords = processed;
    // A cut is one of a thread without tasks, too: its word is waited for.
    if (cut === undefined && sealedTasks.length === 0 && this.parts.collector.recordCount === 0) return undefined;
    return { output: this.parts.collector.seal(), tasks: sealedTasks, offsets, inputRecords, cut };
  }

  private async transact({ output, offsets }: SealedEpoch): Promise<ReadonlyMap<string, ProducedRange>> {
    this.parts.failpoint?.('before-commit');
    const group = this.parts.generation();
    if (group === undefined) throw new NotAMemberError();
    return this.parts.producer.commit({ records: output.records, offsets, group });
  }

  private async write(epoch: SealedEpoch, produced: ReadonlyMap<string, ProducedRange>): Promise<void> {
    this.parts.failpoint?.('after-transaction-before-state-write');
    const position = (topic: string, partition: number): number | undefined =>
      produced.get(partitionKey(topic, partition))?.nextOffset;
    await Promise.all(epoch.tasks.map(({ task, sealed }) => task.committed(sealed, position)));
    this.parts.failpoint?.('after-state-write');
    await epoch.cut?.taken(epoch.tasks, produced);
  }

  private report({ output, offsets, inputRecords }: SealedEpoch, startedAt: number): void {
    const { metrics, now, purge, onCommitted } = this.parts;
    metrics.commits.inc();
    metrics.commitLatency.observe((now() - startedAt) / 1000);
    metrics.epochRecords.observe(inputRecords);
    metrics.epochBytes.observe(output.sizeInBytes);
    for (const { topic, builder } of output.records) metrics.recordsOut.inc({ topic }, builder.recordCount);
    onCommitted(offsets);
    purge.committedTo(offsets, now());
  }
}
