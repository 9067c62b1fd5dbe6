import { binding, type NativeHandle } from './rocksdb-binding';
import type { NumberedStore } from './numbered-store';
import type { ScanBounds } from './state-database';

/** Bytes of entries that one step reads ahead. */
const READ_AHEAD_BYTES = 64 * 1024;

/** @param isOpen - whether the database is still open; a closed one must not be touched, and has ended its iterators itself */
export async function* scanRocksDb(
  native: NativeHandle,
  store: NumberedStore,
  bounds: ScanBounds,
  isOpen: () => boolean,
): AsyncGenerator<readonly [Buffer, Buffer]> {
  const iterator = binding.iterator_init(native, {
    ...lowerBound(store, bounds),
    ...upperBound(store, bounds),
    reverse: bounds.reverse === true,
    highWaterMark: READ_AHEAD_BYTES,
  });
  try {
    for (let finished = false; !finished && isOpen();) {
      const step = await nextEntries(iterator);
      finished = step.finished;
      const { entries } = step;
      for (let index = entries.length - 1; index > 0; index -= 2) yield [entries[index]!, entries[index - 1]!];
    }
  } finally {
    if (isOpen()) await new Promise<void>((resolve) => binding.iterator_end(iterator, () => resolve()));
  }
}

function nextEntries(iterator: NativeHandle): Promise<{ entries: Buffer[]; finished: boolean }> {
  return new Promise((resolve, reject) => {
    binding.iterator_next(iterator, (error, entries, finished) => {
      if (error === null) resolve({ entries, finished });
      else reject(error);
    });
  });
}

// The binding seeks to one bound only, and ends at once when another one excludes what it finds there. So it gets the
// stricter one of each side.

function lowerBound(store: NumberedStore, { gte, gt }: ScanBounds): { gte: Buffer } | { gt: Buffer } {
  const from = gte !== undefined && Buffer.compare(gte, store.first) > 0 ? gte : store.first;
  return gt !== undefined && Buffer.compare(gt, from) >= 0 ? { gt } : { gte: from };
}

function upperBound(store: NumberedStore, { lte, lt }: ScanBounds): { lte: Buffer } | { lt: Buffer } {
  const before = lt !== undefined && Buffer.compare(lt, store.end) < 0 ? lt : store.end;
  return lte !== undefined && Buffer.compare(lte, before) < 0 ? { lte } : { lt: before };
}
