import type { Serde } from '../../serde/serde';
import type { TimedValue } from '../../serde/timed-value';
import type { PairKey } from '../../serde/pair-key';
import type { PlacedState, StateDescriptor } from '../../topology/state-descriptors';
import type { EpochStore } from '../epoch-store';
import type { RecordTime } from '../record-time';
import type { CurrentKey } from './current-key';
import { ExpiredCleanup } from './expired-cleanup';
import { ExpiringValue, StoredValue, type KeyedValue, type LoadedState } from './keyed-value';
import { ExpiringListState, StoredListState } from './list-states';
import { StoredMapState } from './map-states';
import { StoredOperatorState } from './stored-operator-state';
import { TimeToLive, type StateClocks } from './time-to-live';
import { StoredAggregatingState, StoredReducingState, StoredValueState } from './value-states';

type Store = EpochStore<unknown, unknown>;

const DEFAULT_CLEANUP_PER_RECORD = 5;

/** All states of one processor, made from their descriptions. */
export class KeyedStates {
  private readonly handles = new Map<string, unknown>();
  private readonly loaded: LoadedState[] = [];
  private readonly operatorStates: StoredOperatorState<unknown>[] = [];
  private readonly cleanups: ExpiredCleanup[] = [];

  constructor(
    states: readonly PlacedState[],
    stores: ReadonlyMap<string, Store>,
    private readonly currentKey: CurrentKey,
    private readonly keySerde: Serde<unknown> | undefined,
    private readonly task: RecordTime & StateClocks,
  ) {
    for (const { descriptor, store } of states)
      this.handles.set(descriptor.name, this.createHandle(descriptor, stores.get(store)!));
  }

  /** What `context.state` gives; undefined for a state that was not declared. */
  handle(name: string): unknown {
    return this.handles.get(name);
  }

  async restoreOperatorStates(): Promise<void> {
    for (const state of this.operatorStates) await state.restore();
  }

  /** Loads the states of a key. A promise where the database has to be asked. */
  load(key: unknown): Promise<void> | undefined {
    const { loaded } = this;
    let waiting: Promise<void>[] | undefined;
    for (let index = 0; index < loaded.length; index++) {
      const loading = loaded[index]!.enter(key);
      if (loading !== undefined) (waiting ??= []).push(loading);
    }
    if (waiting === undefined) return undefined;
    return together(waiting);
  }

  /** A record was processed: removes a little of what has expired. */
  recordProcessed(): Promise<void> | undefined {
    const { cleanups } = this;
    let waiting: Promise<void>[] | undefined;
    for (let index = 0; index < cleanups.length; index++) {
      const cleaning = cleanups[index]!.recordProcessed();
      if (cleaning !== undefined) (waiting ??= []).push(cleaning);
    }
    return waiting === undefined ? undefined : together(waiting);
  }

  private createHandle(descriptor: StateDescriptor<unknown>, store: Store): unknown {
    const { name, kind, ttl: options } = descriptor;
    const ttl = options === undefined ? undefined : new TimeToLive(options, this.task);
    const perRecord = options?.cleanupPerRecord ?? DEFAULT_CLEANUP_PER_RECORD;
    if (ttl !== undefined && perRecord > 0) {
      const timed = store as EpochStore<unknown, TimedValue<unknown>>;
      this.cleanups.push(new ExpiredCleanup(timed, ttl, perRecord));
    }
    switch (kind) {
      case 'value':
        return new StoredValueState(this.value(name, store, ttl));
      case 'reducing':
        return new StoredReducingState(this.value(name, store, ttl), descriptor.reduce!);
      case 'aggregating':
        return new StoredAggregatingState(this.value(name, store, ttl), descriptor.aggregate!);
      case 'list': {
        const list =
          ttl === undefined
            ? new StoredListState(this.stored<unknown[]>(name, store))
            : new ExpiringListState(this.stored<TimedValue<unknown>[]>(name, store), ttl);
        this.loaded.push(list);
        return list;
      }
      case 'map': {
        const map = store as unknown as EpochStore<PairKey, unknown>;
        return new StoredMapState(stateName(name), map, this.currentKey, this.keySerde!, ttl);
      }
      case 'operator': {
        const state = new StoredOperatorState(store);
        this.operatorStates.push(state);
        return state;
      }
    }
  }

  private value(name: string, store: Store, ttl: TimeToLive | undefined): KeyedValue<unknown> {
    const value: KeyedValue<unknown> =
      ttl === undefined
        ? this.stored<unknown>(name, store)
        : new ExpiringValue(this.stored<TimedValue<unknown>>(name, store), ttl);
    this.loaded.push(value);
    return value;
  }

  private stored<S>(name: string, store: Store): StoredValue<S> {
    return new StoredValue(stateName(name), store as EpochStore<unknown, S>, this.currentKey, this.task);
  }
}

function stateName(name: string): string {
  return `the state '${name}'`;
}

function together(promises: readonly Promise<void>[]): Promise<void> {
  return promises.length === 1 ? promises[0]! : Promise.all(promises).then(() => undefined);
}
