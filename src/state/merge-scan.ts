import type { EntryCodec } from './entry-codec';
import type { StoreEntry } from './store-entry';
import type { ScanBounds, StateDatabase, StoreHandle } from './state-database';

/** Bounds of a scan, as keys of the store. */
export interface KeyBounds<K> {
  readonly from?: K | undefined;
  readonly after?: K | undefined;
  readonly to?: K | undefined;
  readonly before?: K | undefined;
  /** From the greatest key to the smallest. */
  readonly reverse?: boolean | undefined;
  /** For speed: says of keys that were written lately that they are out of bounds. */
  readonly isOutside?: ((key: K) => boolean) | undefined;
}

/** The same as stored keys. */
export function storedBounds<K, V>(codec: EntryCodec<K, V>, bounds: KeyBounds<K>): ScanBounds {
  const { from, after, to, before, reverse } = bounds;
  return {
    ...(from !== undefined && { gte: codec.encodeKey(from) }),
    ...(after !== undefined && { gt: codec.encodeKey(after) }),
    ...(to !== undefined && { lte: codec.encodeKey(to) }),
    ...(before !== undefined && { lt: codec.encodeKey(before) }),
    reverse: reverse === true,
  };
}

/** All keys whose serialized form begins with these bytes. */
export function prefixBounds(handle: StoreHandle, prefix: Uint8Array): ScanBounds {
  const gte = handle.prefixed(prefix);
  const end = Buffer.from(gte);
  for (let index = end.length - 1; index >= handle.prefixLength; index--) {
    if (end[index] === 0xff) continue;
    end[index]!++;
    return { gte, lt: end.subarray(0, index + 1) };
  }
  return { gte };
}

/** A scan without the timestamps. */
export async function* keysAndValues<K, V>(
  entries: AsyncIterable<readonly [K, V, number]>,
): AsyncGenerator<readonly [K, V]> {
  for await (const [key, value] of entries) yield [key, value];
}

/**
 * Entries of a store in the order of their stored keys, or against it: the database's, with the writes of the open and the sealed
 * epoch over them.
 *
 * @param unwritten - entries that are not in the database yet, later writes last
 */
export async function* mergeScan<K, V>(
  codec: EntryCodec<K, V>,
  database: StateDatabase,
  handle: StoreHandle,
  unwritten: readonly StoreEntry<K, V>[],
  bounds: ScanBounds,
): AsyncGenerator<readonly [K, V, number]> {
  const overlay = sortedOverlay(codec, unwritten, bounds);
  const sign = bounds.reverse === true ? -1 : 1;
  let next = 0;
  for await (const [storedKey, storedValue] of database.scan(handle, bounds)) {
    let replaced = false;
    while (next < overlay.length) {
      const [key, entry] = overlay[next]!;
      const order = sign * Buffer.compare(key, storedKey);
      if (order > 0) break;
      next++;
      replaced = order === 0;
      if (entry.value !== undefined) yield [entry.key, entry.value, entry.timestamp];
    }
    if (replaced) continue;
    const value = codec.decodeValue(storedValue, 0, storedValue.length);
    yield [codec.decodeKey(storedKey), value, codec.decodeTimestamp(storedValue, 0)];
  }
  for (; next < overlay.length; next++) {
    const entry = overlay[next]![1];
    if (entry.value !== undefined) yield [entry.key, entry.value, entry.timestamp];
  }
}

interface Unwritten<K, V> {
  readonly key: K;
  readonly value: V | undefined;
  readonly timestamp: number;
}

function sortedOverlay<K, V>(
  codec: EntryCodec<K, V>,
  unwritten: readonly StoreEntry<K, V>[],
  { gte, gt, lt, lte, reverse }: ScanBounds,
): [Buffer, Unwritten<K, V>][] {
  const latest = new Map<string, [Buffer, Unwritten<K, V>]>();
  for (const { key, value, timestamp } of unwritten) {
    const stored = codec.encodeKey(key);
    if (
      (gte !== undefined && Buffer.compare(stored, gte) < 0) ||
      (gt !== undefined && Buffer.compare(stored, gt) <= 0) ||
      (lte !== undefined && Buffer.compare(stored, lte) > 0) ||
      (lt !== undefined && Buffer.compare(stored, lt) >= 0)
    )
      continue;
    latest.set(stored.toString('latin1'), [stored, { key, value, timestamp }]);
  }
  const sign = reverse === true ? -1 : 1;
  return [...latest.values()].sort((a, b) => sign * Buffer.compare(a[0], b[0]));
}
