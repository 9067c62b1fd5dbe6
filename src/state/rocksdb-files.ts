import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MEMORY_FILE } from './memory-file';
import { readManifest, type Manifest } from './rocksdb-manifest';
import { checkTables } from './rocksdb-tables';
import { checkWriteAheadLogs } from './rocksdb-wal';
import { StateCorruptedError } from './state-database-errors';

/**
 * Checks what RocksDB, as the `rocksdb` package opens it, does not check, and what it reads before it has checked it.
 *
 * @returns what its manifest says, or undefined when there is no database
 * @throws {StateCorruptedError}
 */
export async function checkFiles(directory: string): Promise<Manifest | undefined> {
  const name = await currentManifest(directory);
  if (name === undefined) return undefined;
  const manifest = await readManifest(directory, name);
  await checkTables(directory, manifest.tables);
  await checkWriteAheadLogs(directory, manifest);
  return manifest;
}

/** What RocksDB makes of a new database before it has a `CURRENT`. A process that dies then leaves nothing that was written. */
const BEFORE_CURRENT = /^(LOCK|LOG|LOG\.old\.\d+|IDENTITY|MANIFEST-000001|\d+\.dbtmp)$/;

/**
 * The name of the manifest of the database in a directory, or undefined when there is no database. With `CURRENT` lost, RocksDB
 * would take it for empty and begin a new one over it. A snapshot has the stores in memory beside it.
 *
 * @throws {StateCorruptedError} when it holds remains of one only
 */
async function currentManifest(directory: string): Promise<string | undefined> {
  const names = new Set((await filesIn(directory)).filter((name) => name !== MEMORY_FILE));
  if (!names.has('CURRENT') && [...names].every((name) => BEFORE_CURRENT.test(name))) return undefined;
  if (!names.has('CURRENT')) throw new StateCorruptedError(directory, 'the file CURRENT is missing');
  const manifest = await readCurrent(directory);
  if (!names.has(manifest)) throw new StateCorruptedError(directory, `the file ${manifest} is missing`);
  return manifest;
}

/**
 * The name of the manifest that `CURRENT` names.
 *
 * @throws {StateCorruptedError}
 */
export async function readCurrent(directory: string): Promise<string> {
  return parseCurrent(directory, await readFile(join(directory, 'CURRENT'), 'utf8'));
}

/** @throws {StateCorruptedError} */
export function parseCurrent(directory: string, content: string): string {
  const manifest = content.trimEnd();
  if (!/^MANIFEST-\d+$/.test(manifest)) throw new StateCorruptedError(directory, 'the file CURRENT cannot be read');
  return manifest;
}

/** A process that dies between making a task's directory and the one in it leaves a task without a database. */
function filesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
