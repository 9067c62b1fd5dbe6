import { binding, type NativeHandle } from './rocksdb-binding';
import { guardDirectory } from './rocksdb-failure';
import { checkFiles } from './rocksdb-files';
import { checkFormat, FORMAT_KEY, POSITIONS_KEY } from './rocksdb-layout';
import type { Manifest } from './rocksdb-manifest';
import { closeNative, openNative, readNative, writeNative } from './rocksdb-native';
import type { TableFile } from './rocksdb-tables';
import { StateCorruptedError } from './state-database-errors';
import { StatePositions } from './state-positions';

/** Reads how far the state in a directory is, whatever stores it has. Undefined when there is none. Writes nothing. */
export function readRocksDbPositions(directory: string): Promise<StatePositions | undefined> {
  return withDatabase(directory, true, async (native, manifest) => {
    const [format, positions] = await readNative(directory, native, [FORMAT_KEY, POSITIONS_KEY]);
    if (isUnwritten(manifest.tables, format, positions)) return undefined;
    checkFormat(directory, format);
    return decodePositions(directory, positions);
  });
}

/**
 * Says of the state in a directory, whatever stores it has, how far it is; what it said before is replaced.
 *
 * @throws {StateCorruptedError} when there is no sound state
 */
export async function setRocksDbPositions(directory: string, positions: StatePositions): Promise<void> {
  const found = await withDatabase(directory, false, async (native) => {
    const [format] = await readNative(directory, native, [FORMAT_KEY]);
    checkFormat(directory, format);
    const batch = binding.batch_init(native);
    binding.batch_put(batch, POSITIONS_KEY, positions.encode());
    await writeNative(directory, batch);
    return true;
  });
  if (found === undefined) throw new StateCorruptedError(directory, 'it has no database');
}

async function withDatabase<T>(
  directory: string,
  readOnly: boolean,
  work: (native: NativeHandle, manifest: Manifest) => Promise<T>,
): Promise<T | undefined> {
  return guardDirectory(directory, async () => {
    const found = await openFound(directory, readOnly);
    if (found === undefined) return undefined;
    try {
      return await work(found.native, found.manifest);
    } finally {
      await closeNative(directory, found.native);
    }
  });
}

/** Opens a database that nobody else has open, with little memory, after checking its files. Undefined when there is none. */
export async function openFound(
  directory: string,
  readOnly: boolean,
): Promise<{ readonly native: NativeHandle; readonly manifest: Manifest } | undefined> {
  const manifest = await checkFiles(directory);
  if (manifest === undefined) return undefined;
  const native = await openNative(directory, {
    createIfMissing: false,
    errorIfExists: false,
    readOnly,
    cacheSize: 1 << 16,
    writeBufferSize: 1 << 20,
    maxOpenFiles: 16,
  });
  return { native, manifest };
}

/** What a process leaves that dies between making the database and its first write. Every write has the positions. */
export function isUnwritten(
  tables: readonly TableFile[],
  format: Buffer | undefined,
  positions: Buffer | undefined,
): boolean {
  return tables.length === 0 && format === undefined && positions === undefined;
}

export function decodePositions(directory: string, stored: Buffer | undefined): StatePositions {
  if (stored === undefined) throw new StateCorruptedError(directory, 'its positions are missing');
  try {
    return StatePositions.decode(stored);
  } catch (cause) {
    throw new StateCorruptedError(directory, 'its positions cannot be read', { cause });
  }
}
