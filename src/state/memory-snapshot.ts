import { openMemoryFile } from './memory-file-reader';
import { PREFIX_LENGTH } from './numbered-store';
import { encodeStores, knownStores } from './rocksdb-layout';
import type { StateDatabase, StoreFormat } from './state-database';

const BYTES_PER_WRITE = 4 << 20;

/**
 * Puts the entries of stores in memory that are in a snapshot back into a database, with their changelog positions. Entries of
 * stores that are not asked for are left out.
 *
 * @param stores - those in memory; they must be empty
 * @returns how many entries there were; 0 when the snapshot has no such stores
 * @throws {StateCorruptedError} the file is damaged
 * @throws {StateIncompatibleError} a store's kind or serde is not what it was
 */
export async function loadMemoryStores(
  directory: string,
  database: StateDatabase,
  stores: readonly StoreFormat[],
): Promise<number> {
  const file = await openMemoryFile(directory);
  if (file === undefined) return 0;
  const known = knownStores(directory, encodeStores(file.stores), stores);
  const handles = new Map(known.map(({ name, number }) => [number, database.store(name)]));
  let loaded = 0;
  let bytes = 0;
  let write = database.write();
  for await (const [storedKey, value] of file.entries()) {
    const handle = handles.get(storedKey.readUInt16BE());
    if (handle === undefined) continue;
    write.put(handle, handle.prefixed(storedKey.subarray(PREFIX_LENGTH)), value);
    loaded++;
    bytes += storedKey.length + value.length;
    if (bytes < BYTES_PER_WRITE) continue;
    await write.commit();
    write = database.write();
    bytes = 0;
  }
  for (const { name } of known) {
    const position = file.positions.changelogPosition(name);
    if (position !== undefined) write.setChangelogPosition(name, position);
  }
  await write.commit();
  return loaded;
}
