import { partitionKey, RecordBatchReader, type PartitionRecords } from '../../src/kafka';

export interface Transaction {
  readonly producerId: number;
  state: 'open' | 'committed' | 'aborted';
}

interface Entry {
  readonly base: number;
  readonly next: number;
  /** Undefined for the marker that ends a transaction. */
  readonly batch: Buffer | undefined;
  readonly transaction: Transaction | undefined;
  readonly producerId: number;
}

/** What a reader of committed records gets from an offset on. */
export interface Fetched {
  readonly batches: readonly RecordBatchReader[];
  readonly nextOffset: number;
  readonly highWatermark: number;
  readonly readableEnd: number;
}

/** One partition: record batches as producers encode them, with transactions that are open, committed or aborted. */
export class MiniPartition {
  private readonly entries: Entry[] = [];
  end = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  append({ builder }: PartitionRecords, producerId: number, transaction: Transaction | undefined): void {
    const identity = { producerId, producerEpoch: 0, baseSequence: 0, transactional: transaction !== undefined };
    for (const { bytes, recordCount } of builder.finish(identity)) {
      const batch = Buffer.from(bytes);
      batch.writeBigInt64BE(BigInt(this.end), 0);
      const next = this.end + recordCount;
      this.entries.push({ base: this.end, next, batch, transaction, producerId });
      this.end = next;
    }
  }

  mark(transaction: Transaction): void {
    const { producerId } = transaction;
    this.entries.push({ base: this.end, next: this.end + 1, batch: undefined, transaction, producerId });
    this.end++;
  }

  get stableEnd(): number {
    return this.entries.find(({ transaction }) => transaction?.state === 'open')?.base ?? this.end;
  }

  read(from: number, maxBatches = Infinity): Fetched {
    const readableEnd = this.stableEnd;
    const batches: RecordBatchReader[] = [];
    let nextOffset = from;
    for (const { base, next, batch, transaction } of this.entries) {
      if (next <= from) continue;
      if (base >= readableEnd || batches.length >= maxBatches) break;
      nextOffset = next;
      if (batch === undefined || transaction?.state === 'aborted') continue;
      const reader = new RecordBatchReader(batch, 0, this);
      if (base < from) reader.skipTo(from);
      batches.push(reader);
    }
    return { batches, nextOffset, highWatermark: this.end, readableEnd };
  }
}

/** A Kafka cluster for one simulated application: topics, transactions, and the offsets of one group. */
export class MiniBroker {
  private readonly topics = new Map<string, MiniPartition[]>();
  readonly offsets = new Map<string, { readonly offset: number; readonly metadata: string }>();
  private producers = 0;

  create(topic: string, partitions: number): void {
    this.topics.set(
      topic,
      Array.from({ length: partitions }, (_, partition) => new MiniPartition(topic, partition)),
    );
  }

  partitions(topic: string): readonly MiniPartition[] {
    return this.topics.get(topic)!;
  }

  partition(topic: string, partition: number): MiniPartition {
    return this.partitions(topic)[partition]!;
  }

  newProducerId(): number {
    return ++this.producers;
  }

  offsetOf(topic: string, partition: number): number {
    return this.offsets.get(partitionKey(topic, partition))?.offset ?? 0;
  }
}
