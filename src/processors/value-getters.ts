import type { EpochStore } from '../state/epoch-store';
import { VersionedTable, type Version } from '../state/versioned-table';
import type { TableJoinKind, TableView, VersionedStore } from '../topology/table-views';
import type { Processed } from './operator-node';
import type { TaskContext } from './task-context';
import { TransformerRun } from './transformer-run';

/** No value, so no time either. */
export const NO_TIMESTAMP = -1;

/**
 * Looks up the current value of a table for a key. The answer is in `value` and `timestamp`, until the next question: a task asks
 * for one record at a time, so that no object is needed for it.
 */
export abstract class ValueGetter {
  /** Undefined where the table has no such key. */
  value: unknown = undefined;
  timestamp = NO_TIMESTAMP;

  /** Undefined when the answer is there, or a promise of it. Throws what the user's functions throw. */
  abstract get(key: unknown): Processed;

  /** The same for the value as it was at a time, where the table is versioned. */
  getAsOf(_key: unknown, _timestamp: number): Processed {
    throw new Error('This table does not keep its past values.');
  }

  /** Whether the stores behind it are found by keys of this format. */
  abstract requestsState(keySerde: string): boolean;
  /** Has what `get` will need loaded with the batch. */
  abstract requestState(key: unknown): void;

  init(): Promise<void> | undefined {
    return undefined;
  }
  close(): Promise<void> | undefined {
    return undefined;
  }

  protected found(value: unknown, timestamp: number): undefined {
    this.value = value ?? undefined;
    this.timestamp = this.value === undefined ? NO_TIMESTAMP : timestamp;
    return undefined;
  }
}

/** @param node - the node that asks, for errors */
export function createValueGetter(view: TableView, context: TaskContext, node: string): ValueGetter {
  switch (view.type) {
    case 'store': {
      const store = context.stores.get(view.store)!;
      return view.versioned === undefined ? new StoreGetter(store) : new VersionedGetter(store, view.versioned);
    }
    case 'filter': {
      const { predicate, negate } = view;
      return new DerivedGetter(createValueGetter(view.of, context, node), (key, value) =>
        !predicate(key, value) === negate ? value : undefined,
      );
    }
    case 'mapValues': {
      const { mapper } = view;
      return new DerivedGetter(createValueGetter(view.of, context, node), (key, value) => mapper(value, key));
    }
    case 'transformValues':
      return new TransformedGetter(
        createValueGetter(view.of, context, node),
        new TransformerRun(view.supplier, view.stores, context, node),
      );
    case 'join':
      return new JoinedGetter(
        createValueGetter(view.left, context, node),
        createValueGetter(view.right, context, node),
        view.kind,
        view.joiner,
      );
  }
}

class StoreGetter extends ValueGetter {
  constructor(private readonly store: EpochStore<unknown, unknown>) {
    super();
  }

  get(key: unknown): Processed {
    const entry = this.store.lookup(key);
    if (entry === undefined) return this.load(key);
    return this.found(entry.value, entry.timestamp);
  }

  private async load(key: unknown): Promise<void> {
    const entry = await this.store.load(key);
    this.found(entry.value, entry.timestamp);
  }

  requestsState(keySerde: string): boolean {
    return this.store.keySerde.name === keySerde;
  }

  requestState(key: unknown): void {
    this.store.request(key);
  }
}

/** Of a table that keeps its past values too. */
class VersionedGetter extends ValueGetter {
  private readonly table: VersionedTable;

  constructor(
    store: EpochStore<unknown, unknown>,
    private readonly versioned: VersionedStore,
  ) {
    super();
    this.table = new VersionedTable(store, versioned.keySerde, versioned.historyRetentionMs);
  }

  get(key: unknown): Processed {
    const version = this.table.lookupLatest(key);
    return version === undefined ? this.take(this.table.loadLatest(key)) : this.found(version.value, version.timestamp);
  }

  override getAsOf(key: unknown, timestamp: number): Processed {
    const version = this.table.lookupAsOf(key, timestamp);
    return version === undefined
      ? this.take(this.table.loadAsOf(key, timestamp))
      : this.found(version.value, version.timestamp);
  }

  private async take(loading: Promise<Version>): Promise<void> {
    const { value, timestamp } = await loading;
    this.found(value, timestamp);
  }

  requestsState(keySerde: string): boolean {
    return this.versioned.keySerde.name === keySerde;
  }

  requestState(key: unknown): void {
    this.table.request(key);
  }
}

/** Of a table that is worked out from another, value by value. */
abstract class GetterOverOther extends ValueGetter {
  constructor(protected readonly of: ValueGetter) {
    super();
  }

  get(key: unknown): Processed {
    const waiting = this.of.get(key);
    return waiting === undefined ? this.take(key) : waiting.then(() => this.take(key));
  }

  override getAsOf(key: unknown, timestamp: number): Processed {
    const waiting = this.of.getAsOf(key, timestamp);
    return waiting === undefined ? this.take(key) : waiting.then(() => this.take(key));
  }

  /** Makes the answer of what the other table answered. */
  protected abstract take(key: unknown): Processed;

  requestsState(keySerde: string): boolean {
    return this.of.requestsState(keySerde);
  }

  requestState(key: unknown): void {
    this.of.requestState(key);
  }

  override init(): Promise<void> | undefined {
    return this.of.init();
  }

  override close(): Promise<void> | undefined {
    return this.of.close();
  }
}

class DerivedGetter extends GetterOverOther {
  constructor(
    of: ValueGetter,
    private readonly derive: (key: unknown, value: unknown) => unknown,
  ) {
    super(of);
  }

  protected override take(key: unknown): undefined {
    const { value, timestamp } = this.of;
    return this.found(value === undefined ? undefined : this.derive(key, value), timestamp);
  }
}

class TransformedGetter extends GetterOverOther {
  constructor(
    of: ValueGetter,
    private readonly transformer: TransformerRun,
  ) {
    super(of);
  }

  protected override take(key: unknown): Processed {
    const { value, timestamp } = this.of;
    const transformed = this.transformer.transform(key, value);
    if (!(transformed instanceof Promise)) return this.found(transformed, timestamp);
    return transformed.then((late) => this.found(late, timestamp));
  }

  override async init(): Promise<void> {
    await this.of.init();
    await this.transformer.init();
  }

  override async close(): Promise<void> {
    await this.of.close();
    await this.transformer.close();
  }
}

/** Of two tables joined by their keys. */
class JoinedGetter extends ValueGetter {
  private readonly getters: readonly ValueGetter[];

  constructor(
    private readonly left: ValueGetter,
    private readonly right: ValueGetter,
    private readonly kind: TableJoinKind,
    private readonly joiner: (left: unknown, right: unknown) => unknown,
  ) {
    super();
    this.getters = [left, right];
  }

  get(key: unknown): Processed {
    const waiting = this.left.get(key);
    if (waiting !== undefined) return this.getLate(key, waiting);
    const waitingRight = this.right.get(key);
    return waitingRight === undefined ? this.take() : waitingRight.then(() => this.take());
  }

  private async getLate(key: unknown, waiting: Promise<void>): Promise<void> {
    await waiting;
    await this.right.get(key);
    this.take();
  }

  private take(): undefined {
    const { left, right, kind, joiner } = this;
    if (left.value === undefined && (kind !== 'outer' || right.value === undefined)) return this.found(undefined, 0);
    if (right.value === undefined && kind === 'inner') return this.found(undefined, 0);
    return this.found(joiner(left.value ?? null, right.value ?? null), Math.max(left.timestamp, right.timestamp));
  }

  requestsState(keySerde: string): boolean {
    return this.getters.map((getter) => getter.requestsState(keySerde)).every((requests) => requests);
  }

  requestState(key: unknown): void {
    for (const getter of this.getters) getter.requestState(key);
  }

  override async init(): Promise<void> {
    for (const getter of this.getters) await getter.init();
  }

  override async close(): Promise<void> {
    for (const getter of this.getters) await getter.close();
  }
}
