import type { OutputTopic, RecordCollector } from '../processors/record-collector';
import { partitionKey } from '../kafka';
import { EpochStore } from '../state/epoch-store';
import type { StateDatabase } from '../state/state-database';
import type { AsyncEnvironment } from '../task/async-records';
import { Task } from '../task/task';
import type { FailureCounter, FailureHandlers } from '../task/record-failures';
import type { TaskId } from '../task/task-id';
import type { Logger } from '../logging/logger';
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
  readonly logger: Logger;
  /** Time and chance of asynchronous operators. Default: of the process. */
  readonly async?: AsyncEnvironment | undefined;
}

/** Puts tasks together from their subtopology, their state, and where their inputs begin. */
export class TaskFactory {
  constructor(private readonly parts: TaskFactoryParts) {}

  /** @param starts - by `topic-partition` */
  async create(
    id: TaskId,
    database: StateDatabase,
    starts: ReadonlyMap<string, number>,
    stateIsEmpty: boolean,
  ): Promise<Task> {
    const { layout, collector, handlers, deadLetterTopic, counter, logger } = this.parts;
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
      topicName: (topic) => topicName(applicationId, topic),
      changelogTopics,
      startOffsets: new Map(
        layout.inputsOf(id).map(({ topic, partition }) => [topic, starts.get(partitionKey(topic, partition))!]),
      ),
      handlers,
      deadLetterTopic: deadLetterTopic === undefined ? undefined : await collector.topic(deadLetterTopic),
      counter,
      logger,
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
