import { asError } from '../errors/as-error';
import type { EpochStore } from '../state/epoch-store';
import type { Headers, StreamRecord } from '../serde/record';
import type { ProcessOperator } from '../topology/operators';
import type { Awaitable, KeyValueStore, Processor, ProcessorContext } from '../topology/processor-api';
import { ForwardOutsideRecordError, ForwardTimestampError } from './forward-errors';
import { OperatorNode, type Processed } from './operator-node';
import { initFailure, supplied } from './processor-supply';
import { StoreNotAttachedError } from './store-not-attached-error';
import type { TaskContext } from './task-context';

/**
 * Runs a processor that the user wrote.
 *
 * A record is done when the processor is, and when everything that it forwarded is, whether the processor waited for that or not.
 */
export class ProcessNode extends OperatorNode {
  private readonly processor: Processor<unknown, unknown, unknown, unknown>;
  /** Stores by the keys of the records that come. */
  private requested: readonly EpochStore<unknown, unknown>[] = [];
  /** The record that the processor has now. */
  private record: StreamRecord<unknown, unknown> | undefined;
  /** The last forward that waits for a node below. */
  private waitingForward: Promise<void> | undefined;
  /** What a node below threw. It has been reported there and stops the task, even if the processor catches it. */
  private stopped: { readonly error: unknown } | undefined;

  constructor(
    name: string,
    context: TaskContext,
    operator: ProcessOperator,
    private readonly attachedStores: readonly string[],
  ) {
    super(name, context);
    this.processor = supplied(name, operator);
  }

  override requestsState(keySerde: string): boolean {
    this.requested = this.attachedStores
      .map((name) => this.context.stores.get(name)!)
      .filter((store) => store.keySerde.name === keySerde);
    return this.requested.length > 0;
  }

  override requestState(key: unknown): void {
    for (let index = 0; index < this.requested.length; index++) this.requested[index]!.request(key);
  }

  override async init(): Promise<void> {
    try {
      await this.processor.init?.(this.processorContext());
    } catch (error) {
      throw initFailure(this.name, error);
    }
  }

  override async close(): Promise<void> {
    await this.processor.close?.();
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const { context } = this;
    const timestampBefore = context.timestamp;
    // Below an aggregation it is not the input record's: writes to stores are to have the one that the processor sees.
    context.timestamp = timestamp;
    const record = { key, value, timestamp, headers: context.headers };
    this.record = record;
    let waiting: Awaitable<void>;
    try {
      waiting = this.processor.process(record);
    } catch (error) {
      waiting = this.waitingForward === undefined ? this.failed(error) : Promise.reject(asError(error));
    }
    if (this.waitingForward !== undefined || isThenable(waiting)) return this.settle(waiting, timestampBefore);
    this.end(timestampBefore);
    return undefined;
  }

  private async settle(waiting: Awaitable<void>, timestampBefore: number): Promise<void> {
    try {
      try {
        await waiting;
      } finally {
        while (this.waitingForward !== undefined) await this.waitingForward;
      }
    } catch (error) {
      this.failed(error);
    }
    this.end(timestampBefore);
  }

  private end(timestampBefore: number): void {
    this.record = undefined;
    this.context.timestamp = timestampBefore;
    if (this.stopped !== undefined) throw this.stopped.error;
  }

  private failed(error: unknown): void {
    if (this.stopped !== undefined) throw this.stopped.error;
    this.context.failures.processingFailed(this.name, error);
  }

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
      forward: (key, value, options) => this.forwardFromUser(key, value, options?.timestamp, options?.headers),
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
    givenTimestamp: number | undefined,
    givenHeaders: Headers | undefined,
  ): Processed {
    const { record, waitingForward } = this;
    if (record === undefined) throw new ForwardOutsideRecordError(this.name);
    const timestamp = givenTimestamp ?? record.timestamp;
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw new ForwardTimestampError(this.name, timestamp);
    const headers = givenHeaders ?? record.headers;
    if (waitingForward === undefined) return this.forwardNow(key, value, timestamp, headers);
    // The processor did not await the one before: this one takes its turn behind it.
    return this.track(waitingForward.then(() => this.forwardNow(key, value, timestamp, headers)));
  }

  private forwardNow(key: unknown, value: unknown, timestamp: number, headers: Headers): Processed {
    const { context } = this;
    const { headers: headersBefore, timestamp: timestampBefore } = context;
    context.headers = headers;
    context.timestamp = timestamp;
    const restore = (): void => {
      context.headers = headersBefore;
      context.timestamp = timestampBefore;
    };
    let waiting: Processed;
    try {
      waiting = this.forward(key, value, timestamp);
    } catch (error) {
      restore();
      return this.stop(error);
    }
    if (waiting === undefined) {
      restore();
      return undefined;
    }
    return this.track(waiting.catch((error: unknown) => this.stop(error)).finally(restore));
  }

  private track(forward: Promise<void>): Promise<void> {
    const tracked = forward.finally(() => {
      if (this.waitingForward === tracked) this.waitingForward = undefined;
    });
    // A processor that does not look at it must not make it an unhandled rejection: `settle` looks.
    tracked.catch(() => undefined);
    this.waitingForward = tracked;
    return tracked;
  }

  private stop(error: unknown): never {
    this.stopped = { error };
    throw error;
  }
}

/** Also for promises of another library, or of another realm. */
function isThenable(value: unknown): boolean {
  return typeof (value as PromiseLike<void> | undefined)?.then === 'function';
}
