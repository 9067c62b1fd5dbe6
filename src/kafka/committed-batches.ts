import type { ClusterClient } from './cluster-client';
import { readCommitted, type LogRange } from './log-reader';
import type { RecordBatchReader } from './record-batch-reader';

/**
 * The record batches of one range, one after another, as `readCommitted` reads them. Ending the loop early ends the reading. A
 * batch is valid until the next one is asked for.
 *
 * @throws {@link OffsetOutOfRangeError} when the log no longer has what the range asks for
 */
export async function* committedBatches(
  cluster: ClusterClient,
  range: Omit<LogRange, 'onBatch'>,
  signal?: AbortSignal,
): AsyncGenerator<RecordBatchReader> {
  const ending = new AbortController();
  const handover = new Handover();
  const stop = (): void => ending.abort(signal?.reason);
  signal?.addEventListener('abort', stop);
  if (signal?.aborted === true) stop();
  const reading = readCommitted(cluster, [{ ...range, onBatch: (batch) => handover.offer(batch) }], {
    signal: ending.signal,
  }).then(
    () => handover.end(),
    (error: unknown) => handover.fail(error),
  );
  try {
    for (let batch = await handover.next(); batch !== undefined; batch = await handover.next()) yield batch;
  } finally {
    signal?.removeEventListener('abort', stop);
    ending.abort();
    await reading;
  }
}

/** Passes batches from who reads to who asks, one at a time. */
class Handover {
  private offered: { readonly batch: RecordBatchReader; readonly taken: () => void } | undefined;
  private previous: (() => void) | undefined;
  private outcome: { readonly error?: unknown } | undefined;
  private wake: (() => void) | undefined;

  /** Resolves when the batch after this one is asked for. */
  offer(batch: RecordBatchReader): Promise<void> {
    return new Promise((taken) => {
      this.offered = { batch, taken };
      this.wake?.();
    });
  }

  end(): void {
    this.outcome = {};
    this.wake?.();
  }

  fail(error: unknown): void {
    this.outcome = { error };
    this.wake?.();
  }

  /** Undefined after the last. */
  async next(): Promise<RecordBatchReader | undefined> {
    this.previous?.();
    this.previous = undefined;
    while (this.offered === undefined && this.outcome === undefined)
      await new Promise<void>((resolve) => (this.wake = resolve));
    if (this.offered !== undefined) {
      const { batch, taken } = this.offered;
      this.offered = undefined;
      this.previous = taken;
      return batch;
    }
    if (this.outcome !== undefined && 'error' in this.outcome) throw this.outcome.error;
    return undefined;
  }
}
