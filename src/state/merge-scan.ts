import type { EntryCodec } from './entry-codec';
import type { StoreEntry } from './store-entry';
import type { StateDatabase, StoreHandle } from './state-database';

/**
 * Entries of a store in the order of their stored keys: the database's, with the writes of the open and the sealed epoch over them.
 *
 * @param unwritten - entries that are not in the database yet, later writes last
 */
export async function* mergeScan<K, V>(
  codec: EntryCodec<K, V>,
  database: StateDatabase,
  handle: StoreHandle,
  unwritten: readonly StoreEntry<K, V>[],
  from: K | undefined,
  to: K | undefined,
): AsyncGenerator<readonly [K, V]> {
  const gte = from === undefined ? undefined : codec.encodeKey(from);
  const lte = to === undefined ? undefined : codec.encodeKey(to);
  const overlay = sortedOverlay(codec, unwritten, gte, lte);
  let next = 0;
  for await (const [storedKey, storedValue] of database.scan(handle, { ...(gte && { gte }), ...(lte && { lte }) })) {
    let replaced = false;
    while (next < overlay.length) {
      const [key, entry] = overlay[next]!;
      const order = Buffer.compare(key, storedKey);
      if (order > 0) break;
      next++;
      replaced = order === 0;
      if (entry.value !== undefined) yield [entry.key, entry.value];
    }
    if (!replaced) yield [codec.decodeKey(storedKey), codec.decodeValue(storedValue, 0, storedValue.length)];
  }
  for (; next < overlay.length; next++) {
    const entry = overlay[next]![1];
    if (entry.value !== undefined) yield [entry.key, entry.value];
  }
}

function sortedOverlay<K, V>(
  codec: EntryCodec<K, V>,
  unwritten: readonly StoreEntry<K, V>[],
  gte: Buffer | undefined,
  lte: Buffer | undefined,
): [Buffer, { key: K; value: V | undefined }][] {
  const latest = new Map<string, [Buffer, { key: K; value: V | undefined }]>();
  for (const { key, value } of unwritten) {
    const stored = codec.encodeKey(key);
    if (
      (gte !== undefined && Buffer.compare(stored, gte) < 0) ||
      (lte !== undefined && Buffer.compare(stored, lte) > 0)
    )
      continue;
    latest.set(stored.toString('latin1'), [stored, { key, value }]);
  }
  return [...latest.values()].sort((a, b) => Buffer.compare(a[0], b[0]));
}
