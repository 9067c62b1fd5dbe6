import { setTimeout } from 'node:timers/promises';
import type { TaskId } from '../task/task-id';
import type { OpenedTask, TaskOpener } from './task-opener';

export interface TaskOpeningHandlers {
  /** Gets each task that can process. */
  readonly onOpened: (opened: OpenedTask) => void;
  readonly onAllOpened: () => void;
  /** Some are still closed. */
  readonly onError: (error: unknown) => void;
}

/** Some tasks that are being opened beside the loop of their thread. */
export class TaskOpening {
  private readonly aborting = new AbortController();
  private readonly done: Promise<void>;

  constructor(opener: TaskOpener, tasks: readonly TaskId[], delayMs: number, handlers: TaskOpeningHandlers) {
    const { signal } = this.aborting;
    const open = async (): Promise<void> => {
      if (delayMs > 0) await setTimeout(delayMs, undefined, { signal });
      await opener.open(tasks, signal, handlers.onOpened);
    };
    this.done = open().then(
      () => {
        if (!signal.aborted) handlers.onAllOpened();
      },
      (error: unknown) => {
        if (!signal.aborted) handlers.onError(error);
      },
    );
  }

  get aborted(): boolean {
    return this.aborting.signal.aborted;
  }

  /** Nothing is handed over any more; resolves when what was half open is closed. */
  async abort(): Promise<void> {
    this.aborting.abort();
    await this.done;
  }
}
