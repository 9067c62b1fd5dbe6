import {
  partitionKey,
  TransactionAbortedError,
  type Epoch,
  type EpochProducer,
  type ProducedRange,
} from '../../src/kafka';
import type { MiniBroker, Transaction } from './mini-broker';

interface Commit {
  readonly epoch: Epoch;
  readonly transaction: Transaction;
  readonly produced: Map<string, ProducedRange>;
  readonly resolve: (produced: Map<string, ProducedRange>) => void;
  readonly reject: (error: unknown) => void;
  written: number;
}

/** A transactional producer whose every step waits until the simulation lets it happen. */
export class MiniProducer implements EpochProducer {
  readonly producerId: number;
  private commits: Commit | undefined;

  constructor(
    private readonly broker: MiniBroker,
    private readonly generation: () => number,
  ) {
    this.producerId = broker.newProducerId();
  }

  async init(): Promise<void> {}

  commit(epoch: Epoch): Promise<Map<string, ProducedRange>> {
    if (epoch.records.length === 0 && epoch.offsets.length === 0)
      return Promise.resolve(new Map<string, ProducedRange>());
    return new Promise((resolve, reject) => {
      const transaction: Transaction = { producerId: this.producerId, state: 'open' };
      this.commits = { epoch, transaction, produced: new Map(), resolve, reject, written: 0 };
    });
  }

  get isCommitting(): boolean {
    return this.commits !== undefined;
  }

  /** The next step of the transaction: one partition's records, or its end. */
  step(): void {
    const commit = this.commits!;
    const { epoch, transaction, produced } = commit;
    const records = epoch.records[commit.written];
    if (records !== undefined) {
      commit.written++;
      const partition = this.broker.partition(records.topic, records.partition);
      const baseOffset = partition.end;
      partition.append(records, this.producerId, transaction);
      produced.set(partitionKey(records.topic, records.partition), { baseOffset, nextOffset: partition.end });
      return;
    }
    if (epoch.group?.generationId !== this.generation()) return this.abort();
    for (const { topic, partition, offset, metadata } of epoch.offsets)
      this.broker.offsets.set(partitionKey(topic, partition), { offset, metadata: metadata ?? '' });
    this.end('committed');
    commit.resolve(produced);
  }

  /** What happens when the coordinator of transactions aborts: nothing of it is visible. */
  abort(): void {
    const commit = this.commits;
    if (commit === undefined) return;
    this.end('aborted');
    commit.reject(new TransactionAbortedError(`producer ${this.producerId}`, new Error('simulated')));
  }

  /** The process is gone; its transaction stays open until `abort`. */
  vanish(): void {
    if (this.commits !== undefined)
      this.commits = { ...this.commits, resolve: () => undefined, reject: () => undefined };
  }

  close(): void {}

  private end(state: 'committed' | 'aborted'): void {
    const { epoch, transaction, written } = this.commits!;
    this.commits = undefined;
    transaction.state = state;
    for (const { topic, partition } of epoch.records.slice(0, written))
      this.broker.partition(topic, partition).mark(transaction);
  }
}
