import type { MillraceConfig } from '../config/millrace-config';
import type { TaskLayout } from './task-layout';

/** How the instance's memory limits are shared out, so that all tasks together stay below them (I6). */
export class InstanceMemory {
  /** How many tasks this instance may have to run, were it alone. */
  private readonly tasksAtMost: number;

  constructor(
    private readonly config: MillraceConfig,
    layout: TaskLayout,
  ) {
    this.tasksAtMost = Math.max(1, layout.tasks.filter((id) => layout.subtopology(id).stores.length > 0).length);
  }

  get cacheBytesPerTask(): number {
    return this.config.cacheMaxBytes / this.tasksAtMost;
  }

  get blockCacheBytesPerTask(): number {
    return Math.max(64 * 1024, Math.floor(this.config.rocksdbBlockCacheBytes / this.tasksAtMost));
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
}
