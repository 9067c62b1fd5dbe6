import type { ClusterClient } from './cluster-client';
import { OffsetOutOfRangeError } from './errors';
import { Fetcher } from './fetcher';
import { partitionKey, type TopicPartition } from './protocol/topic-partition';
import type { RecordBatchReader } from './record-batch-reader';

/** A stretch of one partition's log to read. */
export interface LogRange extends TopicPartition {
  readonly from: number;
  /** The offset to reach, usually the high watermark. Batches are delivered whole, so reading may go a little beyond. */
  readonly to: number;
  /** Called in order. While a returned promise is pending, no more is fetched of this partition. */
  onBatch(batch: RecordBatchReader): void | Promise<void>;
}

export interface LogReaderOptions {
  /** Default 4 MiB. */
  readonly maxBytesPerPartition?: number;
  /** Of one answer of a broker. Default 16 MiB. */
  readonly maxBytesPerFetch?: number;
  /** Ends the reading early: the promise is rejected with the reason. */
  readonly signal?: AbortSignal;
}

const MAX_WAIT_MS = 500;

/**
 * Reads the committed records of some partitions, all at once, without a consumer group. Resolves to the position after each,
 * by `topic-partition`, when every range is read to its end: positions move over transaction markers and aborted records, and an
 * open transaction before the end is waited for. A range with nothing in it costs no request.
 *
 * @throws {@link OffsetOutOfRangeError} when the log no longer has what a range asks for.
 */
export async function readCommitted(
  cluster: ClusterClient,
  ranges: readonly LogRange[],
  options: LogReaderOptions = {},
): Promise<Map<string, number>> {
  const positions = new Map(ranges.map(({ topic, partition, from }) => [partitionKey(topic, partition), from]));
  const open = new Map(
    ranges.filter(({ from, to }) => from < to).map((range) => [partitionKey(range.topic, range.partition), range]),
  );
  if (open.size === 0) return positions;
  options.signal?.throwIfAborted();

  let finish!: () => void;
  let fail!: (error: unknown) => void;
  const finished = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  const fetcher = new Fetcher(cluster, {
    isolation: 'read_committed',
    maxWaitMs: MAX_WAIT_MS,
    maxBytesPerPartition: options.maxBytesPerPartition ?? 4 * 1024 * 1024,
    maxBytesPerFetch: options.maxBytesPerFetch ?? 16 * 1024 * 1024,
    onError: fail,
    onOutOfRange: (topic, partition, offset) => fail(new OffsetOutOfRangeError(topic, partition, offset)),
    onBatches: (topic, partition, { batches, nextOffset }) => {
      const key = partitionKey(topic, partition);
      const range = open.get(key);
      if (range === undefined) return;
      const delivered = (): void => {
        positions.set(key, nextOffset);
        if (nextOffset < range.to) return;
        fetcher.remove([range]);
        open.delete(key);
        if (open.size === 0) finish();
      };
      const pending = deliver(range, batches);
      if (pending === undefined) return delivered();
      fetcher.pause(range);
      pending.then(delivered).then(() => fetcher.resume(range), fail);
    },
  });
  const aborted = (): void => fail(options.signal?.reason);
  options.signal?.addEventListener('abort', aborted);
  try {
    fetcher.assign([...open.values()].map(({ topic, partition, from }) => ({ topic, partition, offset: from })));
    await finished;
    return positions;
  } finally {
    options.signal?.removeEventListener('abort', aborted);
    await fetcher.close();
  }
}

/** A promise only when there is something to wait for. */
function deliver(range: LogRange, batches: readonly RecordBatchReader[]): Promise<void> | undefined {
  for (let index = 0; index < batches.length; index++) {
    let pending: void | Promise<void>;
    try {
      pending = range.onBatch(batches[index] as RecordBatchReader);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    if (pending !== undefined) return pending.then(() => deliver(range, batches.slice(index + 1)));
  }
  return undefined;
}
