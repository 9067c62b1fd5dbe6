import type { StateDatabase } from '../../src/state/state-database';
import { seededRandom } from './seeded-random';

/** Change n of a seed's endless series: what one write does. `undefined` deletes. */
export function changesOf(seed: number, batch: number): Map<string, string | undefined> {
  const random = seededRandom(seed * 1_000_003 + batch);
  const changes = new Map<string, string | undefined>();
  // Mostly small ones, some larger than a block of the write-ahead log.
  const count = random() < 0.05 ? 2000 : 1 + Math.floor(random() * 60);
  for (let change = 0; change < count; change++) {
    const key = `key-${Math.floor(random() * 3000)}`;
    changes.set(key, random() < 0.1 ? undefined : `${batch}/${'x'.repeat(Math.floor(random() * 50))}`);
  }
  return changes;
}

/** The entries after the first `batches` writes of a seed's series. */
export function foldedEntries(seed: number, batches: number): Map<string, string> {
  const entries = new Map<string, string>();
  for (let batch = 0; batch < batches; batch++) {
    for (const [key, value] of changesOf(seed, batch)) {
      if (value === undefined) entries.delete(key);
      else entries.set(key, value);
    }
  }
  return entries;
}

export async function writeBatch(database: StateDatabase, seed: number, batch: number): Promise<void> {
  const store = database.store('entries');
  const write = database.write();
  for (const [key, value] of changesOf(seed, batch)) {
    const stored = store.prefixed(Buffer.from(key));
    if (value === undefined) write.delete(store, stored);
    else write.put(store, stored, Buffer.from(value));
  }
  write.setInputOffset('input', 0, batch + 1);
  write.setChangelogPosition('entries', (batch + 1) * 2);
  return write.commit();
}

/** All entries, read once by a scan and once by their keys. */
export async function readBothWays(database: StateDatabase): Promise<[Map<string, string>, Map<string, string>]> {
  const store = database.store('entries');
  const scanned = new Map<string, string>();
  for await (const [key, value] of database.scan(store))
    scanned.set(key.subarray(store.prefixLength).toString(), value.toString());
  const keys = Array.from({ length: 3000 }, (_, n) => `key-${n}`);
  const values = await database.getMany(
    store,
    keys.map((key) => store.prefixed(Buffer.from(key))),
  );
  const got = new Map<string, string>();
  keys.forEach((key, index) => {
    const value = values[index];
    if (value !== undefined) got.set(key, value.toString());
  });
  return [scanned, got];
}
