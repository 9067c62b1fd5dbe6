import { openMemoryState } from '../state/memory-state';
import { SplitState } from '../state/split-state';
import type { StateDatabase } from '../state/state-database';
import { StateCorruptedError } from '../state/state-database-errors';
import type { LocalTask, StateDirectory } from '../state/state-directory';
import type { Logger } from '../logging/logger';
import { TaskId } from '../task/task-id';
import type { Topology } from '../topology/graph';
import type { InstanceMemory } from './instance-memory';
import { subtopologyOf } from './task-layout';

/** The state of a task on this machine, held by one thread. */
export interface LocalState {
  readonly database: StateDatabase;
  /** Closes the database and lets another thread have it. May be called again. */
  close(): Promise<void>;
}

const MAX_OPEN_FILES_PER_TASK = 256;

/**
 * The states of the tasks of this instance. A task that moves from one thread to another of the same process is opened by the new
 * one when the old one has closed it.
 */
export class LocalStates {
  private readonly held = new Map<string, Promise<void>>();
  /** Of tasks that nobody has asked for yet. */
  private readonly openedAhead = new Map<string, Promise<StateDatabase>>();
  private ahead: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly directory: StateDirectory,
    private readonly topology: Topology,
    private readonly memory: InstanceMemory,
    private readonly logger: Logger,
  ) {}

  /**
   * Begins to open all that is on this disk, before the group says which tasks are this instance's: most will be, and after a crash
   * opening is what takes longest, because the write-ahead logs are read again.
   */
  async openAhead(): Promise<void> {
    const ids = (await this.directory.taskIds())
      .map((name) => TaskId.parse(name)!)
      .filter((id) => subtopologyOf(this.topology, id)?.stores.some(({ backend }) => backend === 'rocksdb'));
    for (const id of ids) this.openedAhead.set(id.toString(), this.openDatabase(id, ids.length));
    this.ahead = Promise.allSettled(this.openedAhead.values());
  }

  /** The tasks with state on this disk. */
  async localTasks(): Promise<LocalTask[]> {
    await this.ahead;
    return this.directory.localTasks();
  }

  /** Closes what was opened ahead and went to other instances. */
  async closeUnassigned(): Promise<void> {
    await Promise.all(
      [...this.openedAhead.keys()].map(async (name) => {
        try {
          const { close } = await this.open(TaskId.parse(name)!);
          await close();
        } catch (error) {
          this.logger.warn(
            { event: 'state_unusable', task: name, err: error },
            `The local state of task ${name}, which other instances have, cannot be used`,
          );
        }
      }),
    );
  }

  /** Opens the state of a task. A damaged one is thrown away, and said so: the changelogs rebuild it. */
  async open(id: TaskId): Promise<LocalState> {
    const name = id.toString();
    for (let holder = this.held.get(name); holder !== undefined; holder = this.held.get(name)) await holder;
    let release!: () => void;
    this.held.set(
      name,
      new Promise((resolve) => {
        release = () => {
          this.held.delete(name);
          resolve();
        };
      }),
    );
    let database: StateDatabase;
    try {
      const ahead = this.openedAhead.get(name);
      this.openedAhead.delete(name);
      database = await (ahead ?? this.openDatabase(id, 0));
    } catch (error) {
      release();
      throw error;
    }
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      await database.close();
      await this.directory.closeTask(name);
    };
    return { database, close: () => (closing ??= close().finally(release)) };
  }

  private async openDatabase(id: TaskId, openedAhead: number): Promise<StateDatabase> {
    const { stores } = subtopologyOf(this.topology, id)!;
    const inMemory = stores.filter(({ backend }) => backend === 'memory');
    const onDisk = stores.filter(({ backend }) => backend === 'rocksdb');
    if (onDisk.length === 0) return openMemoryState(`task ${id.toString()}`, inMemory);
    const options = {
      blockCacheBytes: this.memory.blockCacheBytesPerTask(openedAhead),
      writeBufferBytes: this.memory.writeBufferBytesPerTask,
      maxOpenFiles: MAX_OPEN_FILES_PER_TASK,
    };
    let durable: StateDatabase;
    try {
      durable = await this.directory.openTask(id.toString(), onDisk, options);
    } catch (error) {
      if (!(error instanceof StateCorruptedError)) throw error;
      this.logger.warn(
        { event: 'state_damaged', task: id.toString(), err: error },
        `The local state of task ${id.toString()} is damaged: rebuilding it from the changelogs`,
      );
      await this.directory.wipeTask(id.toString());
      durable = await this.directory.openTask(id.toString(), onDisk, options);
    }
    return inMemory.length === 0
      ? durable
      : new SplitState(
          durable,
          openMemoryState(`task ${id.toString()}`, inMemory),
          new Set(inMemory.map(({ name }) => name)),
        );
  }

  /** Throws away the state that an error is about: reading it again would find the same damage. */
  async wipeDamaged(error: StateCorruptedError, ids: readonly TaskId[]): Promise<void> {
    for (const id of ids) if (this.directory.databasePath(id.toString()) === error.directory) await this.wipe(id);
  }

  /** Throws away the state of a task that nobody has open. */
  async wipe(id: TaskId): Promise<void> {
    await this.directory.wipeTask(id.toString());
  }
}
