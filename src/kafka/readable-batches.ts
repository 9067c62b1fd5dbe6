import type { AbortedTransaction, FetchedPartition, IsolationLevel } from './protocol/fetch';
import { BATCH_LENGTH_OVERHEAD, BatchField } from './record-batch-format';
import { RecordBatchReader } from './record-batch-reader';

/** What a fetch brought of one partition, without what a consumer does not see. */
export interface ReadableBatches {
  readonly batches: RecordBatchReader[];
  /** Where to fetch next: behind everything that came, transaction markers and aborted records included. */
  readonly nextOffset: number;
}

const ABORT_MARKER = 0;

/**
 * Cuts fetched bytes into batches from `fromOffset` on, and leaves out transaction markers and, for read_committed, the
 * records of aborted transactions.
 *
 * @throws {@link CorruptRecordError}
 */
export function readableBatches(
  fetched: FetchedPartition,
  fromOffset: number,
  isolation: IsolationLevel,
): ReadableBatches {
  const { records } = fetched;
  const aborted = new AbortedProducers(isolation === 'read_committed' ? fetched.abortedTransactions : []);
  const batches: RecordBatchReader[] = [];
  let nextOffset = fromOffset;
  for (let start = 0; start + BATCH_LENGTH_OVERHEAD <= records.length;) {
    const end = start + BATCH_LENGTH_OVERHEAD + records.readInt32BE(start + BatchField.length);
    if (end > records.length) break;
    const batch = new RecordBatchReader(records, start, fetched);
    start = end;
    const visible = aborted.isVisible(batch);
    if (batch.nextOffset <= nextOffset) continue;
    if (visible && batch.recordCount > 0) {
      if (batch.baseOffset < nextOffset) batch.skipTo(nextOffset);
      batches.push(batch);
    }
    nextOffset = batch.nextOffset;
  }
  return { batches, nextOffset };
}

/** Which producers are inside an aborted transaction, while going through a log in order. */
class AbortedProducers {
  private readonly transactions: readonly AbortedTransaction[];
  private next = 0;
  private readonly producers = new Set<number>();

  constructor(transactions: readonly AbortedTransaction[]) {
    this.transactions = [...transactions].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  isVisible(batch: RecordBatchReader): boolean {
    for (let begun = this.transactions[this.next]; begun !== undefined; begun = this.transactions[this.next]) {
      if (begun.firstOffset > batch.lastOffset) break;
      this.producers.add(begun.producerId);
      this.next++;
    }
    if (batch.isControl) {
      if (this.producers.has(batch.producerId) && markerType(batch) === ABORT_MARKER) {
        this.producers.delete(batch.producerId);
      }
      return false;
    }
    return !(batch.isTransactional && this.producers.has(batch.producerId));
  }
}

/** The key of a marker is a version and a type, two bytes each. */
function markerType(batch: RecordBatchReader): number | undefined {
  return batch.next() && batch.keyEnd - batch.keyStart >= 4 ? batch.bytes.readInt16BE(batch.keyStart + 2) : undefined;
}
