import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { binding } from './rocksdb-binding';
import { directoryFailure, stateFailure } from './rocksdb-failure';
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
  private constructor(private readonly native: ReturnType<typeof binding.db_init>) {}

  /** @throws {StateDirectoryLockedError} */
  static async acquire(directory: string): Promise<StateDirectoryLock> {
    const lockDirectory = join(directory, 'lock');
    const holderFile = join(directory, 'lock-holder.json');
    const native = binding.db_init();
    try {
      await mkdir(lockDirectory, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw directoryFailure(directory, error);
    }
    await new Promise<void>((resolve, reject) => {
      binding.db_open(
        native,
        lockDirectory,
        {
          createIfMissing: true,
          errorIfExists: false,
          readOnly: false,
          compression: false,
          cacheSize: 1 << 12,
          writeBufferSize: 1 << 16,
          blockSize: 4096,
          maxOpenFiles: 16,
        },
        (error) => {
          if (error === null) resolve();
          else reject(stateFailure(directory, error));
        },
      );
    }).catch(async (error: unknown) => {
      if (error instanceof StateDirectoryLockedError)
        throw new StateDirectoryLockedError(directory, await readHolder(holderFile), { cause: error.cause });
      throw error;
    });
    const lock = new StateDirectoryLock(native);
    const holder: Holder = { pid: process.pid, host: hostname() };
    try {
      await writeFile(holderFile, JSON.stringify(holder), { mode: 0o600 });
    } catch (error) {
      await lock.release();
      throw directoryFailure(directory, error);
    }
    return lock;
  }

  release(): Promise<void> {
    return new Promise((resolve, reject) => {
      binding.db_close(this.native, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
    });
  }
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
