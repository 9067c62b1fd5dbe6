import { asError } from '../errors/as-error';
import { NO_HEADERS, type Headers, type StreamRecord } from '../serde/record';
import type { EpochStore } from '../state/epoch-store';
import { CurrentKey } from '../state/keyed/current-key';
import { KeyedStates } from '../state/keyed/keyed-states';
import { loadRequested } from '../state/load-requested';
import type { ProcessOperator } from '../topology/operators';
import { isPromiseLike } from '../topology/awaitable';
import type {
  Awaitable,
  ForwardOptions,
  Processor,
  ProcessorContext,
  PunctuationType,
  TimeDomain,
  TimerService,
} from '../topology/processor-api';
import type { StoreOf } from '../topology/store-api';
import { ForwardOutsideRecordError, ForwardTimestampError } from './forward-errors';
import { OperatorNode, type Processed } from './operator-node';
import {
  PunctuationIntervalError,
  SnapshotFailedError,
  StateNotDeclaredError,
  TimersNotDeclaredError,
} from './processor-setup-errors';
import { ProcessorTimers } from './processor-timers';
import { Punctuation } from './punctuation';
import type { SegmentedStore } from './segmented-store';
import { SideOutputNode } from './side-output-node';
import { initFailure, supplied } from './processor-supply';
import { StoreNotAttachedError } from './store-not-attached-error';
import { openStoreView, type StoreView } from './store-views';
import type { TaskContext } from './task-context';

/** What the processor is called for: a record, a punctuation, or a timer. What it forwards gets these unless it says otherwise. */
interface Cause {
  readonly timestamp: number;
  readonly headers: Headers;
}

/** A place that records are handed to: the children, or a side output. */
type Target = SideOutputNode | 'children';

/**
 * Runs a processor that the user wrote.
 *
 * A record is done when the processor is, and when everything that it forwarded is, whether the processor waited for that or not.
 * The same holds for a punctuation and for a timer.
 */
export class ProcessNode extends OperatorNode {
  private readonly processor: Processor<unknown, unknown, unknown, unknown>;
  /** Stores by the keys of the records that come. */
  private requested: readonly EpochStore<unknown, unknown>[] = [];
  private readonly currentKey: CurrentKey;
  /** Whether it has state by key, or timers. */
  private readonly isKeyed: boolean;
  private readonly states: KeyedStates | undefined;
  private readonly timers: ProcessorTimers | undefined;
  private sideOutputs: ReadonlyMap<string, SideOutputNode> = new Map();
  /** What the processor is called for now. */
  private cause: Cause | undefined;
  private readonly views = new Map<string, StoreView>();
  /** Stores that forget as time goes on. */
  private forgetting: readonly SegmentedStore<unknown>[] = [];
  /** The last forward that waits for a node below. */
  private waitingForward: Promise<void> | undefined;
  /** What a node below threw. It has been reported there and stops the task, even if the processor catches it. */
  private stopped: { readonly error: unknown } | undefined;
  /** The processor was called in this epoch. */
  private called = false;

  constructor(
    name: string,
    context: TaskContext,
    { supplier, states, timers, keySerde }: ProcessOperator,
    private readonly attachedStores: readonly string[],
  ) {
    super(name, context);
    this.currentKey = new CurrentKey(name);
    this.isKeyed = keySerde !== undefined;
    if (states !== undefined) this.states = new KeyedStates(states, context.stores, this.currentKey, keySerde, context);
    if (timers !== undefined) this.timers = this.createTimers(timers, keySerde!);
    this.processor = supplied(name, { supplier });
  }

  override requestsState(keySerde: string): boolean {
    this.requested = this.storesByKey(keySerde);
    return this.requested.length > 0;
  }

  override requestState(key: unknown): void {
    for (let index = 0; index < this.requested.length; index++) this.requested[index]!.request(key);
  }

  override async init(): Promise<void> {
    const { children, processor, timers } = this;
    const sideOutputs = children.filter((child) => child instanceof SideOutputNode);
    this.sideOutputs = new Map(sideOutputs.map((child) => [child.output, child]));
    this.children = children.filter((child) => !(child instanceof SideOutputNode));
    if (timers !== undefined && processor.onTimer === undefined) throw new TimersNotDeclaredError(this.name, 'onTimer');
    await this.openStores();
    await this.states?.restoreOperatorStates();
    await timers?.open();
    try {
      await processor.init?.(this.processorContext());
    } catch (error) {
      throw initFailure(this.name, error);
    }
  }

  override beforeCommit(): void {
    if (!this.called) return;
    this.called = false;
    try {
      this.processor.snapshotState?.();
    } catch (error) {
      throw new SnapshotFailedError(this.name, error);
    }
  }

  private async openStores(): Promise<void> {
    for (const name of this.attachedStores) {
      const view = this.context.shared(`store ${name}`, () =>
        openStoreView(this.context.stores.get(name)!, () =>
          this.context.failures.recordSkipped(this.name, 'late-record'),
        ),
      );
      await view.segments?.init();
      this.views.set(name, view);
    }
    this.forgetting = [...this.views.values()].flatMap(({ segments }) => segments ?? []);
  }

  /** Removes some of what stores have forgotten. */
  private expireStores(from = 0): Processed {
    for (let index = from; index < this.forgetting.length; index++) {
      const expiring = this.forgetting[index]!.expire();
      if (expiring !== undefined) return expiring.then(() => this.expireStores(index + 1));
    }
    return undefined;
  }

  override async close(): Promise<void> {
    await this.processor.close?.();
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    if (!this.isKeyed) return this.processRecord(key, value, timestamp);
    if (key === null || key === undefined) {
      this.context.failures.recordSkipped(this.name, 'null-key');
      return undefined;
    }
    let loading: Promise<void> | undefined;
    try {
      loading = this.states!.load(key);
    } catch (error) {
      // The stores' serde does not take this key.
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    if (loading !== undefined) return loading.then(() => this.processKeyed(key, value, timestamp));
    return this.processKeyed(key, value, timestamp);
  }

  private processKeyed(key: unknown, value: unknown, timestamp: number): Processed {
    this.currentKey.enter(key);
    const waiting = this.processRecord(key, value, timestamp);
    const states = this.states!;
    return waiting === undefined ? states.recordProcessed() : waiting.then(() => states.recordProcessed());
  }

  private processRecord(key: unknown, value: unknown, timestamp: number): Processed {
    const record: StreamRecord<unknown, unknown> = { key, value, timestamp, headers: this.context.headers };
    const timestampBefore = this.begin(record);
    let waiting: Awaitable<void>;
    try {
      waiting = this.processor.process(record);
    } catch (error) {
      waiting = this.threw(error);
    }
    return this.finish(waiting, timestampBefore);
  }

  private punctuate(callback: (timestamp: number) => Awaitable<void>, timestamp: number): Processed {
    const timestampBefore = this.begin({ timestamp, headers: NO_HEADERS });
    let waiting: Awaitable<void>;
    try {
      waiting = callback(timestamp);
    } catch (error) {
      waiting = this.threw(error);
    }
    return this.finish(waiting, timestampBefore);
  }

  private fire(timestamp: number, key: unknown, timeDomain: TimeDomain): Processed {
    const loading = this.states?.load(key);
    return loading === undefined
      ? this.fireLoaded(timestamp, key, timeDomain)
      : loading.then(() => this.fireLoaded(timestamp, key, timeDomain));
  }

  private fireLoaded(timestamp: number, key: unknown, timeDomain: TimeDomain): Processed {
    this.currentKey.enter(key);
    const timestampBefore = this.begin({ timestamp, headers: NO_HEADERS });
    let waiting: Awaitable<void>;
    try {
      waiting = this.processor.onTimer!(timestamp, { timeDomain, currentKey: key });
    } catch (error) {
      waiting = this.threw(error);
    }
    return this.finish(waiting, timestampBefore);
  }

  /** @returns the timestamp that is restored when the processor is done */
  private begin(cause: Cause): number {
    const { context } = this;
    const timestampBefore = context.timestamp;
    // Below an aggregation it is not the input record's: writes to stores are to have the one that the processor sees.
    context.timestamp = cause.timestamp;
    this.cause = cause;
    this.called = true;
    return timestampBefore;
  }

  private threw(error: unknown): Awaitable<void> {
    return this.waitingForward === undefined ? this.failed(error) : Promise.reject(asError(error));
  }

  private finish(waiting: Awaitable<void>, timestampBefore: number): Processed {
    if (this.waitingForward !== undefined || isPromiseLike(waiting)) return this.settle(waiting, timestampBefore);
    this.end(timestampBefore);
    return this.expireStores();
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
    await this.expireStores();
  }

  private end(timestampBefore: number): void {
    this.cause = undefined;
    this.currentKey.leave();
    this.context.timestamp = timestampBefore;
    if (this.stopped !== undefined) throw this.stopped.error;
  }

  private failed(error: unknown): void {
    if (this.stopped !== undefined) throw this.stopped.error;
    this.context.failures.processingFailed(this.name, error);
  }

  private processorContext(): ProcessorContext<unknown, unknown> {
    const { context, name } = this;
    return {
      applicationId: context.applicationId,
      taskId: context.taskId,
      store: <S>(asked: string | StoreOf<S>): S => {
        const storeName = typeof asked === 'string' ? asked : asked.name;
        const view = this.views.get(storeName);
        if (view === undefined) throw new StoreNotAttachedError(storeName, name, this.attachedStores);
        return view.store as S;
      },
      forward: (key, value, options) => this.forwardFromUser('children', key, value, options),
      output: (output, key, value, options) => {
        const target = this.sideOutputs.get(output.name);
        return target === undefined ? undefined : this.forwardFromUser(target, key, value, options);
      },
      state: <H>(descriptor: { readonly name: string }): H => {
        const state = this.states?.handle(descriptor.name);
        if (state === undefined) throw new StateNotDeclaredError(descriptor.name, name);
        return state as H;
      },
      timers: this.timers ?? undeclaredTimers(name),
      schedule: (intervalMs, type, callback) => this.schedule(intervalMs, type, callback),
      recordMetadata: () => context.recordMetadata(),
      streamTime: () => context.streamTime,
      wallClockTime: () => context.wallClock(),
      requestCommit: () => {
        context.commitRequested = true;
      },
    };
  }

  private schedule(
    intervalMs: number,
    type: PunctuationType,
    callback: (timestamp: number) => Awaitable<void>,
  ): Punctuation {
    if (!Number.isSafeInteger(intervalMs) || intervalMs < 1) throw new PunctuationIntervalError(this.name, intervalMs);
    const { context } = this;
    const call = (timestamp: number): Processed => this.punctuate(callback, timestamp);
    return type === 'stream-time'
      ? new Punctuation(context.byStreamTime, 0, intervalMs, call)
      : new Punctuation(context.byWallClock, context.wallClock() + intervalMs, intervalMs, call);
  }

  private createTimers(store: string, keySerde: NonNullable<ProcessOperator['keySerde']>): ProcessorTimers {
    const { name, context, currentKey } = this;
    const stores = this.storesByKey(keySerde.name);
    return new ProcessorTimers(
      name,
      context.stores.get(store)!,
      keySerde,
      currentKey,
      context.byStreamTime,
      context.byWallClock,
      {
        requestState: (key) => stores.forEach((keyed) => keyed.request(key)),
        loadRequested: () => loadRequested(stores),
        fire: (timestamp, key, domain) => this.fire(timestamp, key, domain),
      },
    );
  }

  private storesByKey(keySerde: string): EpochStore<unknown, unknown>[] {
    return this.attachedStores
      .map((name) => this.context.stores.get(name)!)
      .filter((store) => store.keySerde.name === keySerde);
  }

  private forwardFromUser(
    target: Target,
    key: unknown,
    value: unknown,
    options: ForwardOptions | undefined,
  ): Processed {
    const { cause, waitingForward } = this;
    if (cause === undefined) throw new ForwardOutsideRecordError(this.name);
    const timestamp = options?.timestamp ?? cause.timestamp;
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw new ForwardTimestampError(this.name, timestamp);
    const headers = options?.headers ?? cause.headers;
    if (waitingForward === undefined) return this.forwardNow(target, key, value, timestamp, headers);
    // The processor did not await the one before: this one takes its turn behind it.
    return this.track(waitingForward.then(() => this.forwardNow(target, key, value, timestamp, headers)));
  }

  private forwardNow(target: Target, key: unknown, value: unknown, timestamp: number, headers: Headers): Processed {
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
      waiting = target === 'children' ? this.forward(key, value, timestamp) : target.process(key, value, timestamp);
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

function undeclaredTimers(node: string): TimerService {
  const refuse = (): never => {
    throw new TimersNotDeclaredError(node, 'option');
  };
  return { registerEventTimeTimer: refuse, registerProcessingTimeTimer: refuse, deleteTimer: refuse };
}
