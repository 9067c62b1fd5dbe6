import type { MillraceConfig } from '../config/millrace-config';
import type { TaskId } from '../task/task-id';
import type { TaskLayout } from './task-layout';

const MIN_BLOCK_CACHE_BYTES = 64 * 1024;

/**
 * How the instance's memory limits are shared out, so that all its tasks together stay below them (I6).
 *
 * The caches are shared by the tasks with stores that the instance has now. An assignment comes to all threads after all gave up
 * what they had, so each thread tells what it got, and resizes what it kept.
 */
export class InstanceMemory {
  private readonly tasksOf = new Map<unknown, number>();

  constructor(
    private readonly config: MillraceConfig,
    private readonly layout: TaskLayout,
  ) {}

  /** @param thread - whose tasks these are from now on */
  cacheBytesPerTask(thread: unknown, tasks: readonly TaskId[]): number {
    this.tasksOf.set(thread, tasks.filter((id) => this.hasStores(id)).length);
    return this.config.cacheMaxBytes / this.statefulTasks;
  }

  cacheBytesOf(id: TaskId): number {
    return this.hasStores(id) ? this.config.cacheMaxBytes / this.statefulTasks : 0;
  }

  get blockCacheBytesPerTask(): number {
    return Math.max(MIN_BLOCK_CACHE_BYTES, Math.floor(this.config.rocksdbBlockCacheBytes / this.statefulTasks));
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
    for (const tasks of this.tasksOf.values()) count += tasks;
    return Math.max(1, count);
  }

  private hasStores(id: TaskId): boolean {
    return this.layout.subtopology(id).stores.length > 0;
  }
}
