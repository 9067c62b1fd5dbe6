import type { ListState } from '../../topology/keyed-state';
import type { TimedValue } from '../../serde/timed-value';
import type { LoadedState, StoredValue } from './keyed-value';
import type { TimeToLive } from './time-to-live';

/** Behind {@link ListState} without a time to live. */
export class StoredListState<V> implements ListState<V>, LoadedState {
  constructor(private readonly stored: StoredValue<V[]>) {}

  enter(key: unknown): Promise<void> | undefined {
    return this.stored.enter(key);
  }

  get(): V[] {
    return [...(this.stored.read() ?? [])];
  }

  add(value: V): void {
    // The stored array is nobody else's, and is serialized once, when the epoch ends.
    const list = this.stored.read() ?? [];
    list.push(value);
    this.stored.write(list);
  }

  addAll(values: Iterable<V>): void {
    for (const value of values) this.add(value);
  }

  update(values: Iterable<V>): void {
    const list = [...values];
    this.stored.write(list.length === 0 ? undefined : list);
  }

  clear(): void {
    this.stored.write(undefined);
  }
}

/** Behind {@link ListState} with a time to live, of each element. */
export class ExpiringListState<V> implements ListState<V>, LoadedState {
  constructor(
    private readonly stored: StoredValue<TimedValue<V>[]>,
    private readonly ttl: TimeToLive,
  ) {}

  enter(key: unknown): Promise<void> | undefined {
    return this.stored.enter(key);
  }

  get(): V[] {
    const { stored, ttl } = this;
    const all = stored.read();
    if (all === undefined) return [];
    const alive = all.filter(({ at }) => !ttl.hasExpired(at));
    if (ttl.prolongedByReads) this.update(alive.map(({ value }) => value));
    else if (alive.length < all.length) this.replace(alive);
    return (ttl.showsExpired ? all : alive).map(({ value }) => value);
  }

  add(value: V): void {
    const list = this.stored.read() ?? [];
    list.push({ value, at: this.ttl.now() });
    this.stored.write(list);
  }

  addAll(values: Iterable<V>): void {
    for (const value of values) this.add(value);
  }

  update(values: Iterable<V>): void {
    const at = this.ttl.now();
    this.replace(Array.from(values, (value) => ({ value, at })));
  }

  clear(): void {
    this.stored.write(undefined);
  }

  private replace(list: TimedValue<V>[]): void {
    this.stored.write(list.length === 0 ? undefined : list);
  }
}
