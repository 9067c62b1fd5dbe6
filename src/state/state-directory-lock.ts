import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeDirectory } from './make-directory';
import type { NativeHandle } from './rocksdb-binding';
import { guardDirectory } from './rocksdb-failure';
import { closeNative, openNative } from './rocksdb-native';
import { StateCorruptedError } from './state-database-errors';
import { StateDirectoryLockedError } from './state-directory-errors';

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/**
 * A lock on a directory that ends with its process, however that ends.
 *
 * Node can neither flock nor fcntl, and a file with a process id in it goes stale. RocksDB locks its database with fcntl, so a tiny
 * database is kept open for its lock alone. Beware: fcntl gives a lock up when the process closes _any_ descriptor of the
 * file, so nothing may read or copy the `LOCK` file in there.
 */
export class StateDirectoryLock {
  private constructor(
    private readonly directory: string,
    private readonly native: NativeHandle,
  ) {}

  /** @throws {StateDirectoryLockedError} */
  static acquire(directory: string): Promise<StateDirectoryLock> {
    const holderFile = join(directory, 'lock-holder.json');
    return guardDirectory(directory, async () => {
      const native = await openLock(join(directory, 'lock')).catch(async (error: unknown) => {
        if (!(error instanceof StateDirectoryLockedError)) throw error;
        throw new StateDirectoryLockedError(directory, await readHolder(holderFile), { cause: error.cause });
      });
      const lock = new StateDirectoryLock(directory, native);
      const holder: Holder = { pid: process.pid, host: hostname() };
      try {
        await writeFile(holderFile, JSON.stringify(holder), { mode: 0o600 });
      } catch (error) {
        await lock.release();
        throw error;
      }
      return lock;
    });
  }

  release(): Promise<void> {
    return closeNative(this.directory, this.native);
  }
}

async function openLock(directory: string): Promise<NativeHandle> {
  await makeDirectory(directory);
  try {
    return await openLockDatabase(directory);
  } catch (error) {
    if (!(error instanceof StateCorruptedError)) throw error;
    // Damaged, so it was free: RocksDB takes the lock before it reads. There is nothing in it to lose.
    for (const name of await readdir(directory)) if (name !== 'LOCK') await rm(join(directory, name));
    return openLockDatabase(directory);
  }
}

function openLockDatabase(directory: string): Promise<NativeHandle> {
  return openNative(directory, {
    createIfMissing: true,
    errorIfExists: false,
    readOnly: false,
    cacheSize: 1 << 12,
    writeBufferSize: 1 << 16,
    maxOpenFiles: 16,
  });
}

/** Who wrote last that it holds the lock. Only for people: the lock itself is the operating system's. */
async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const { pid, host } = JSON.parse(await readFile(file, 'utf8')) as Partial<Holder>;
    return typeof pid === 'number' && typeof host === 'string' ? { pid, host } : undefined;
  } catch {
    return undefined;
  }
}
