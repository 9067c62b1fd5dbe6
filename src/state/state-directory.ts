import { randomUUID } from 'node:crypto';
import { chmod, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MillraceError } from '../errors/millrace-error';
import { makeDirectory } from './make-directory';
import { guardDirectory } from './rocksdb-failure';
import { readRocksDbPositions, setRocksDbPositions } from './rocksdb-positions';
import { openRocksDbState, type RocksDbOptions } from './rocksdb-state';
import type { StateDatabase, StoreFormat } from './state-database';
import { StateCorruptedError, StateFormatError } from './state-database-errors';
import {
  isTaskId,
  stateDirectoryLayout,
  taskDirectoryLayout,
  type StateDirectoryLayout,
} from './state-directory-layout';
import { StateDirectoryLock } from './state-directory-lock';
import type { StatePositions } from './state-positions';

/** State of a task that is on this disk, whether or not the task runs here. */
export interface LocalTask {
  readonly taskId: string;
  /** All its changelog positions together; the greater, the more of the state is here. */
  readonly changelogSum: number;
}

/**
 * The part of the state directory that belongs to one application, locked for this instance.
 *
 * Calls for one and the same task must not overlap.
 *
 * @example
 * const directory = await StateDirectory.open('/var/lib/millrace', 'word-count');
 * const database = await directory.openTask('0_3', stores, options);
 * // ...
 * await directory.closeTask('0_3');
 * await directory.close();
 */
export class StateDirectory {
  private readonly databases = new Map<
    string,
    { readonly database: StateDatabase; readonly stores: readonly StoreFormat[] }
  >();
  /** Of tasks that are not open. */
  private readonly changelogSums = new Map<string, number>();

  private constructor(
    private readonly layout: StateDirectoryLayout,
    /** Random, and the same at every start on this directory. */
    readonly instanceId: string,
    private readonly lock: StateDirectoryLock,
  ) {}

  /**
   * Creates what is missing, takes the lock, and deletes what an earlier process had wiped or only begun.
   *
   * @throws {StateDirectoryNameError} the application id cannot name a directory
   * @throws {StateDirectoryLockedError} another instance uses it
   * @throws {StateDirectoryError} it cannot be written
   */
  static async open(stateDir: string, applicationId: string): Promise<StateDirectory> {
    const layout = stateDirectoryLayout(stateDir, applicationId);
    return guardDirectory(layout.root, async () => {
      await makeDirectory(layout.root);
      await chmod(layout.root, 0o700);
      const lock = await StateDirectoryLock.acquire(layout.root);
      try {
        await makeDirectory(layout.tasks);
        await rm(layout.deleted, { recursive: true, force: true });
        await removeLeftovers(layout);
        return new StateDirectory(layout, await readInstanceId(layout), lock);
      } catch (error) {
        await lock.release();
        throw error;
      }
    });
  }

  /** Where this instance may keep small files of its own. */
  get path(): string {
    return this.layout.root;
  }

  /** Where a task's database is, and what errors about it name. */
  databasePath(taskId: string): string {
    return taskDirectoryLayout(this.layout, taskId).database;
  }

  /**
   * Opens or begins the state of a task. `closeTask` is its end; do not close the database itself.
   *
   * @throws what {@link openRocksDbState} throws
   */
  async openTask(taskId: string, stores: readonly StoreFormat[], options: RocksDbOptions): Promise<StateDatabase> {
    if (this.databases.has(taskId)) throw new Error(`Task ${taskId} is open already.`);
    const database = await openRocksDbState(taskDirectoryLayout(this.layout, taskId).database, stores, options);
    this.databases.set(taskId, { database, stores });
    return database;
  }

  /** Closes a task's database and keeps its state. Does nothing when it is not open. */
  async closeTask(taskId: string): Promise<void> {
    const open = this.databases.get(taskId);
    if (open === undefined) return;
    this.databases.delete(taskId);
    this.changelogSums.set(taskId, changelogSum(open));
    await open.database.close();
    const { root } = taskDirectoryLayout(this.layout, taskId);
    const now = new Date();
    await guardDirectory(root, () => utimes(root, now, now));
  }

  /**
   * Deletes a task's state, after closing it if need be. It is renamed first, so that no half of it is ever opened.
   *
   * @throws {StateDirectoryError}
   */
  async wipeTask(taskId: string): Promise<void> {
    await this.closeTask(taskId).catch(ignoreDirectoryFailure);
    this.changelogSums.delete(taskId);
    const { root } = taskDirectoryLayout(this.layout, taskId);
    await this.wipe(root, taskId);
  }

  /** Where a snapshot of a task's state for a checkpoint goes: beside its database, so that files can be linked. */
  snapshotPath(taskId: string, number: number): string {
    return join(taskDirectoryLayout(this.layout, taskId).snapshots, String(number));
  }

  /**
   * Gives the task, which must not be open, a database from a snapshot's files instead of the one that it has. The database is made in
   * a directory of its own and takes its place at the end, checked and with the positions: a process that dies meanwhile leaves
   * the state as it was, none, or the new one, and never a part of one.
   *
   * @param write - writes the files into a directory
   * @param positions - the database will have these, and none of those that it came with
   * @throws {StateCorruptedError} the files are no sound database
   * @throws {StateDirectoryError}
   */
  async installTask(
    taskId: string,
    write: (directory: string) => Promise<void>,
    positions: StatePositions,
  ): Promise<void> {
    if (this.databases.has(taskId)) throw new Error(`Task ${taskId} is open.`);
    const { root, database } = taskDirectoryLayout(this.layout, taskId);
    await this.withIncoming(taskId, async (directory) => {
      await write(directory);
      await setRocksDbPositions(directory, positions);
      this.changelogSums.delete(taskId);
      await this.wipe(database, taskId);
      await guardDirectory(root, () => rename(directory, database));
    });
  }

  /** Does work in an empty directory of the task's, which is deleted behind it. */
  async withIncoming<T>(taskId: string, work: (directory: string) => Promise<T>): Promise<T> {
    const directory = join(taskDirectoryLayout(this.layout, taskId).incoming, randomUUID());
    try {
      await guardDirectory(directory, () => makeDirectory(directory));
      return await work(directory);
    } finally {
      await guardDirectory(directory, () => rm(directory, { recursive: true, force: true }));
    }
  }

  /** Where a global table's database is. */
  globalTablePath(store: string): string {
    return join(this.layout.globalTables, store, 'db');
  }

  /**
   * Deletes a global table's state, which must be closed.
   *
   * @throws {StateDirectoryError}
   */
  async wipeGlobalTable(store: string): Promise<void> {
    await this.wipe(join(this.layout.globalTables, store), store);
  }

  private async wipe(root: string, name: string): Promise<void> {
    await guardDirectory(root, async () => {
      await makeDirectory(this.layout.deleted);
      const grave = join(this.layout.deleted, `${name}-${randomUUID()}`);
      try {
        await rename(root, grave);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
        throw error;
      }
      await rm(grave, { recursive: true, force: true });
    });
  }

  /** Every task that has a folder on this disk, whatever is in it. */
  async taskIds(): Promise<string[]> {
    const names = await guardDirectory(this.layout.tasks, () => readdir(this.layout.tasks));
    return names.filter(isTaskId);
  }

  /** The tasks with state on this disk, open ones included. State that cannot be used counts for nothing and is left out. */
  async localTasks(): Promise<LocalTask[]> {
    const found = await Promise.all(
      (await this.taskIds()).map(async (taskId) => ({ taskId, changelogSum: await this.changelogSumOf(taskId) })),
    );
    return found.filter((task): task is LocalTask => task.changelogSum !== undefined);
  }

  /**
   * Deletes the state of tasks that are not open and were not for so long.
   *
   * @param now - milliseconds since the epoch
   * @returns the ids of the tasks whose state was deleted
   */
  async removeUnused(unusedForMs: number, now: number): Promise<string[]> {
    const removed: string[] = [];
    for (const taskId of await this.taskIds()) {
      if (this.databases.has(taskId)) continue;
      const { root, database } = taskDirectoryLayout(this.layout, taskId);
      if (now - Math.max(await modifiedAt(root), await modifiedAt(database)) < unusedForMs) continue;
      await this.wipeTask(taskId);
      removed.push(taskId);
    }
    return removed;
  }

  /** Closes all databases and gives the lock up. */
  async close(): Promise<void> {
    try {
      await Promise.all([...this.databases.keys()].map((taskId) => this.closeTask(taskId)));
    } finally {
      await this.lock.release();
    }
  }

  private async changelogSumOf(taskId: string): Promise<number | undefined> {
    const open = this.databases.get(taskId);
    if (open !== undefined) return changelogSum(open);
    const remembered = this.changelogSums.get(taskId);
    if (remembered !== undefined) return remembered;
    try {
      const positions = await readRocksDbPositions(taskDirectoryLayout(this.layout, taskId).database);
      const sum = positions?.changelogSum();
      // The task may have been opened meanwhile, and be further now.
      if (sum !== undefined && !this.databases.has(taskId)) this.changelogSums.set(taskId, sum);
      return sum;
    } catch (error) {
      // Whoever opens the task meets the same error, and handles it.
      if (error instanceof StateCorruptedError || error instanceof StateFormatError) return undefined;
      throw error;
    }
  }
}

function changelogSum({
  database,
  stores,
}: {
  readonly database: StateDatabase;
  readonly stores: readonly StoreFormat[];
}): number {
  return stores.reduce((sum, { name }) => sum + (database.changelogPosition(name) ?? 0), 0);
}

async function removeLeftovers(layout: StateDirectoryLayout): Promise<void> {
  const taskIds = (await readdir(layout.tasks)).filter(isTaskId);
  for (const taskId of taskIds) {
    const { snapshots, incoming } = taskDirectoryLayout(layout, taskId);
    await rm(snapshots, { recursive: true, force: true });
    await rm(incoming, { recursive: true, force: true });
  }
}

async function readInstanceId(layout: StateDirectoryLayout): Promise<string> {
  try {
    const id = (await readFile(layout.instanceId, 'utf8')).trim();
    if (/^[0-9a-f-]{36}$/.test(id)) return id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const id = randomUUID();
  const draft = `${layout.instanceId}.new`;
  await writeFile(draft, `${id}\n`, { mode: 0o600 });
  await rename(draft, layout.instanceId);
  return id;
}

async function modifiedAt(path: string): Promise<number> {
  return stat(path).then(
    (stats) => stats.mtimeMs,
    () => 0,
  );
}

function ignoreDirectoryFailure(error: unknown): void {
  if (!(error instanceof MillraceError)) throw error;
}
