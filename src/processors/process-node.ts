import type { Headers } from '../serde/record';
import type { ProcessOperator } from '../topology/operators';
import type { Awaitable, KeyValueStore, Processor, ProcessorContext } from '../topology/processor-api';
import { OperatorNode, type Processed } from './operator-node';
import { StoreNotAttachedError } from './store-not-attached-error';
import type { TaskContext } from './task-context';

/** Runs a processor that the user wrote. */
export class ProcessNode extends OperatorNode {
  private readonly processor: Processor<unknown, unknown, unknown, unknown>;

  constructor(
    name: string,
    context: TaskContext,
    operator: ProcessOperator,
    private readonly attachedStores: readonly string[],
  ) {
    super(name, context);
    this.processor = operator.supplier();
  }

  override async init(): Promise<void> {
    await this.processor.init?.(this.processorContext());
  }

  override async close(): Promise<void> {
    await this.processor.close?.();
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    try {
      const waiting = this.processor.process({ key, value, timestamp, headers: this.context.headers });
      return waiting instanceof Promise ? waiting.catch((error: unknown) => this.failed(error)) : undefined;
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  private failed(error: unknown): void {
    // An error of a node below was reported there already, and stops the task: it must pass through.
    if (error instanceof Error && this.reported.has(error)) throw error;
    this.context.failures.processingFailed(this.name, error);
  }

  private readonly reported = new WeakSet<Error>();

  private processorContext(): ProcessorContext<unknown, unknown> {
    const { context } = this;
    return {
      applicationId: context.applicationId,
      taskId: context.taskId,
      store: <K, V>(name: string): KeyValueStore<K, V> => {
        const store = this.attachedStores.includes(name) ? context.stores.get(name) : undefined;
        if (store === undefined) throw new StoreNotAttachedError(name, this.name, this.attachedStores);
        return store as unknown as KeyValueStore<K, V>;
      },
      forward: (key, value, options) =>
        this.forwardFromUser(key, value, options?.timestamp ?? context.timestamp, options?.headers),
      recordMetadata: () => context.recordMetadata(),
      streamTime: () => context.streamTime,
      requestCommit: () => {
        context.commitRequested = true;
      },
    };
  }

  private forwardFromUser(
    key: unknown,
    value: unknown,
    timestamp: number,
    headers: Headers | undefined,
  ): Awaitable<void> {
    const { context } = this;
    const before = context.headers;
    const timestampBefore = context.timestamp;
    context.headers = headers ?? before;
    context.timestamp = timestamp;
    const restore = (): void => {
      context.headers = before;
      context.timestamp = timestampBefore;
    };
    try {
      const waiting = this.forward(key, value, timestamp);
      if (waiting === undefined) {
        restore();
        return undefined;
      }
      return waiting.catch((error: unknown) => this.markReported(error)).finally(restore);
    } catch (error) {
      restore();
      return this.markReported(error);
    }
  }

  private markReported(error: unknown): never {
    if (error instanceof Error) this.reported.add(error);
    throw error;
  }
}
