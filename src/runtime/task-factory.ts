import type { OutputTopic, RecordCollector } from '../processors/record-collector';
import { partitionKey } from '../kafka';
import { EpochStore } from '../state/epoch-store';
import type { StateDatabase } from '../state/state-database';
import type { AsyncEnvironment } from '../task/async-records';
import type { BarrierGate } from '../task/barrier';
import { NO_PARTITION_TIME } from '../task/partition-time';
import { Task } from '../task/task';
import type { FailureCounter, FailureHandlers } from '../task/record-failures';
import type { TaskId } from '../task/task-id';
import type { Logger } from '../logging/logger';
import { systemClock } from './system-clock';
import type { TaskLayout } from './task-layout';
import { topicName } from './topic-plan';

export interface TaskFactoryParts {
  readonly layout: TaskLayout;
  readonly collector: RecordCollector & { readonly sizeInBytes: number };
  readonly handlers: FailureHandlers;
  readonly deadLetterTopic: string | undefined;
  readonly counter: FailureCounter;
  /** For all stores of one task together. */
  readonly cacheBytesPerTask: (id: TaskId) => number;
  readonly globalTables?: ReadonlyMap<string, EpochStore<unknown, unknown>> | undefined;
  readonly logger: Logger;
  /** Milliseconds since 1970. Default: of this machine. */
  readonly wallClock?: (() => number) | undefined;
  /** Absent where no checkpoints are taken. */
  readonly barrierGate?: BarrierGate | undefined;
  /** Default 0. */
  readonly maxTaskIdleMs?: number | undefined;
  /** Time and chance of asynchronous operators. Default: of the process. */
  readonly async?: AsyncEnvironment | undefined;
}

/** Puts tasks together from their subtopology, their state, and where their inputs begin. */
export class TaskFactory {
  constructor(private readonly parts: TaskFactoryParts) {}

  /**
   * @param starts - by `topic-partition`
   * @param times - the partitions' times, by `topic-partition`; those that are missing have none yet
   */
  async create(
    id: TaskId,
    database: StateDatabase,
    starts: ReadonlyMap<string, number>,
    stateIsEmpty: boolean,
    times: ReadonlyMap<string, number> = new Map(),
  ): Promise<Task> {
    const { layout, collector, handlers, deadLetterTopic, counter, logger } = this.parts;
    const { wallClock = systemClock, maxTaskIdleMs = 0 } = this.parts;
    const { applicationId } = layout;
    const subtopology = layout.subtopology(id);
    const changelogTopics = new Map<string, OutputTopic>();
    for (const { store, topic } of layout.changelogsOf(id))
      changelogTopics.set(store.name, await collector.topic(topic));
    const cacheBytes = this.parts.cacheBytesPerTask(id) / Math.max(1, subtopology.stores.length);
    const task = new Task({
      applicationId,
      id,
      subtopology,
      database,
      collector,
      createStores: (time) =>
        new Map(
          subtopology.stores.map((definition) => [
            definition.name,
            new EpochStore<unknown, unknown>(definition, database, time, cacheBytes, stateIsEmpty),
          ]),
        ),
      globalTables: this.parts.globalTables,
      topicName: (topic) => topicName(applicationId, topic),
      changelogTopics,
      starts: new Map(
        layout.inputsOf(id).map(({ topic, partition }) => {
          const at = partitionKey(topic, partition);
          return [topic, { offset: starts.get(at)!, time: times.get(at) ?? NO_PARTITION_TIME }];
        }),
      ),
      wallClock,
      maxTaskIdleMs,
      handlers,
      deadLetterTopic: deadLetterTopic === undefined ? undefined : await collector.topic(deadLetterTopic),
      counter,
      logger,
      barrierGate: this.parts.barrierGate,
      async: this.parts.async,
    });
    try {
      await task.init();
    } catch (error) {
      await task.close();
      throw error;
    }
    return task;
  }
}
