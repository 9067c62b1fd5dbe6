import { isPromiseLike } from '../topology/awaitable';
import type { Awaitable, KeyValueStore } from '../topology/processor-api';
import type { ValueTransformer, ValueTransformerSupplier } from '../topology/value-transformer';
import { StoreNotAttachedError } from './store-not-attached-error';
import type { TaskContext } from './task-context';
import { openStoreView } from './store-views';

/** One instance of a value transformer that the user wrote, with its context. */
export class TransformerRun {
  private readonly transformer: ValueTransformer<unknown, unknown, unknown>;

  constructor(
    supplier: ValueTransformerSupplier<unknown, unknown, unknown>,
    private readonly stores: readonly string[],
    private readonly context: TaskContext,
    private readonly node: string,
  ) {
    this.transformer = supplier();
  }

  async init(): Promise<void> {
    const { context, stores, node } = this;
    await this.transformer.init?.({
      applicationId: context.applicationId,
      taskId: context.taskId,
      store: <K, V>(name: string): KeyValueStore<K, V> => {
        const store = stores.includes(name) ? context.stores.get(name) : undefined;
        if (store === undefined) throw new StoreNotAttachedError(name, node, stores);
        return openStoreView(store, () => undefined).store as KeyValueStore<K, V>;
      },
      streamTime: () => context.streamTime,
    });
  }

  /** Undefined where the result is no value. */
  transform(key: unknown, value: unknown): Awaitable<unknown> {
    const transformed = this.transformer.transform(key, value ?? null);
    if (isPromiseLike(transformed)) {
      return Promise.resolve(transformed).then((late) => late ?? undefined);
    }
    return transformed ?? undefined;
  }

  async close(): Promise<void> {
    await this.transformer.close?.();
  }
}
