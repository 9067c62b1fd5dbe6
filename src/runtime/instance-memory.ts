import type { MillraceConfig } from '../config/millrace-config';
import type { TaskId } from '../task/task-id';
import type { Topology } from '../topology/graph';
import { subtopologyOf } from './task-layout';

const MIN_BLOCK_CACHE_BYTES = 64 * 1024;

/**
 * How the instance's memory limits are shared out, so that all its tasks together stay below them (I6).
 *
 * The caches are shared by the tasks with stores that the instance has now. Each thread tells which tasks it got, and every thread
 * is told when that changes the shares.
 */
export class InstanceMemory {
  private readonly holders = new Map<unknown, { readonly statefulTasks: number; readonly sharesChanged: () => void }>();

  constructor(
    private readonly config: MillraceConfig,
    private readonly topology: Topology,
  ) {}

  /**
   * @param thread - whose tasks these are from now on
   * @param sharesChanged - called now and whenever the tasks of another thread change what `cacheBytesOf` says
   */
  assigned(thread: unknown, tasks: readonly TaskId[], sharesChanged: () => void): void {
    const statefulTasks = tasks.filter((id) => this.hasStores(id)).length;
    this.holders.set(thread, { statefulTasks, sharesChanged });
    for (const holder of this.holders.values()) holder.sharesChanged();
  }

  /** A thread is dead, and its share is free. */
  released(thread: unknown): void {
    if (!this.holders.delete(thread)) return;
    for (const holder of this.holders.values()) holder.sharesChanged();
  }

  cacheBytesOf(id: TaskId): number {
    return this.hasStores(id) ? (this.config.cacheMaxBytes - this.globalCacheBytes) / this.statefulTasks : 0;
  }

  /** Of each global table. They have a quarter of the cache together, where there are any. */
  get cacheBytesPerGlobalTable(): number {
    return this.globalCacheBytes / Math.max(1, this.topology.globalTables.size);
  }

  private get globalCacheBytes(): number {
    return this.topology.globalTables.size === 0 ? 0 : this.config.cacheMaxBytes / 4;
  }

  /**
   * A database keeps the block cache that it was opened with.
   *
   * @param openedAhead - databases that are opened before any task is assigned
   */
  blockCacheBytesPerTask(openedAhead: number): number {
    const tasks = Math.max(openedAhead, this.statefulTasks);
    return Math.max(MIN_BLOCK_CACHE_BYTES, Math.floor(this.config.rocksdbBlockCacheBytes / tasks));
  }

  get writeBufferBytesPerTask(): number {
    return this.config.rocksdbWriteBufferBytes;
  }

  get inputBufferBytesPerThread(): number {
    return this.config.inputBufferMaxBytes / this.config.numStreamThreads;
  }

  get epochBytesPerThread(): number {
    return this.config.epochMaxBytes / this.config.numStreamThreads;
  }

  private get statefulTasks(): number {
    let count = 0;
    for (const { statefulTasks } of this.holders.values()) count += statefulTasks;
    return Math.max(1, count);
  }

  private hasStores(id: TaskId): boolean {
    return subtopologyOf(this.topology, id)!.stores.length > 0;
  }
}
