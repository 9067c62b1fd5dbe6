import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StateCorruptedError } from './state-database-errors';

/**
 * Whether the directory holds a database. With `CURRENT` lost, RocksDB would take it for empty and begin a new one over it.
 *
 * @throws {StateCorruptedError} when it holds remains of one only
 */
export async function databaseExists(directory: string): Promise<boolean> {
  const names = new Set(await readdir(directory));
  names.delete('LOCK');
  if (names.size === 0) return false;
  if (!names.has('CURRENT')) throw new StateCorruptedError(directory, 'the file CURRENT is missing');
  const manifest = (await readFile(join(directory, 'CURRENT'), 'utf8')).trimEnd();
  if (!/^MANIFEST-\d+$/.test(manifest)) throw new StateCorruptedError(directory, 'the file CURRENT cannot be read');
  if (!names.has(manifest)) throw new StateCorruptedError(directory, `the file ${manifest} is missing`);
  return true;
}

/**
 * Checks that every table file is there, whole. RocksDB does it only with `paranoid_checks`, which the `rocksdb` package turns
 * off; otherwise the first read of a lost file would find it, maybe hours later.
 *
 * @param tables - RocksDB's property `rocksdb.sstables`, with lines as ` 17:123[1 .. 124]['a' .. 'd']`: number, size, ...
 * @throws {StateCorruptedError}
 */
export async function checkTableFiles(directory: string, tables: string): Promise<void> {
  await Promise.all(
    Array.from(tables.matchAll(/^ (\d+):(\d+)\[\d+ \.\. \d+\]\[/gm), async ([, number, size]) => {
      const name = `${number!.padStart(6, '0')}.sst`;
      const found = await stat(join(directory, name)).then(
        (stats) => stats.size,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return undefined;
          throw error;
        },
      );
      if (found === undefined) throw new StateCorruptedError(directory, `the table file ${name} is missing`);
      if (found !== Number(size))
        throw new StateCorruptedError(directory, `the table file ${name} has ${found} bytes instead of ${size}`);
    }),
  );
}
