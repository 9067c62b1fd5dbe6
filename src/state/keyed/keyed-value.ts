import type { TimedValue } from '../../serde/timed-value';
import type { EpochStore } from '../epoch-store';
import type { StoreEntry } from '../store-entry';
import type { RecordTime } from '../record-time';
import type { CurrentKey } from './current-key';
import type { TimeToLive } from './time-to-live';

/** State that is loaded when a key becomes the current one. */
export interface LoadedState {
  /** A promise where the database has to be asked. */
  enter(key: unknown): Promise<void> | undefined;
}

/** What a store has for the current key, as it is stored. */
export class StoredValue<S> implements LoadedState {
  private entry: StoreEntry<unknown, S> | undefined;
  private generation = -1;

  constructor(
    private readonly name: string,
    readonly store: EpochStore<unknown, S>,
    private readonly currentKey: CurrentKey,
    private readonly time: RecordTime,
  ) {}

  enter(key: unknown): Promise<void> | undefined {
    const entry = this.store.lookup(key);
    this.generation = this.store.generation;
    this.entry = entry;
    if (entry !== undefined) return undefined;
    return this.store.load(key).then((loaded) => {
      this.entry = loaded;
      this.generation = this.store.generation;
    });
  }

  read(): S | undefined {
    this.currentKey.of(this.name);
    return this.entry!.value;
  }

  write(value: S | undefined): void {
    const key = this.currentKey.of(this.name);
    const { store } = this;
    if (this.generation !== store.generation) {
      // The processor awaited something, and the store may have let the entry go meanwhile.
      store.put(key, value);
      this.entry = store.lookup(key)!;
      this.generation = store.generation;
    } else if (value !== undefined || this.entry!.value !== undefined) {
      store.write(this.entry!, value, this.time.timestamp);
    }
  }
}

/** One value for the current key, which expires if it has a time to live. */
export interface KeyedValue<V> extends LoadedState {
  read(): V | undefined;
  write(value: V | undefined): void;
}

/** A {@link KeyedValue} with a time to live. */
export class ExpiringValue<V> implements KeyedValue<V> {
  constructor(
    private readonly stored: StoredValue<TimedValue<V>>,
    private readonly ttl: TimeToLive,
  ) {}

  enter(key: unknown): Promise<void> | undefined {
    return this.stored.enter(key);
  }

  read(): V | undefined {
    const { stored, ttl } = this;
    const timed = stored.read();
    if (timed === undefined) return undefined;
    if (ttl.hasExpired(timed.at)) {
      stored.write(undefined);
      return ttl.showsExpired ? timed.value : undefined;
    }
    if (ttl.prolongedByReads) this.write(timed.value);
    return timed.value;
  }

  write(value: V | undefined): void {
    this.stored.write(value === undefined ? undefined : { value, at: this.ttl.now() });
  }
}
