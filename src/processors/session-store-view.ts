import type { Awaitable } from '../topology/awaitable';
import type { Retention } from '../topology/retention';
import type { SessionStore } from '../topology/store-api';
import type { Windowed } from '../serde/windowed';
import { InvalidWindowError } from './invalid-window-error';
import type { SegmentedStore } from './segmented-store';
import { checkTime } from './window-store-view';

/** Behind {@link SessionStore}. The numbers of an entry: session end, session start. */
export class SessionStoreView<K, V> implements SessionStore<K, V> {
  constructor(
    readonly name: string,
    readonly segments: SegmentedStore<K>,
    private readonly retention: Retention,
    private readonly dropped: () => void,
  ) {}

  put({ key, start, end }: Windowed<K>, value: V | null | undefined): void {
    checkTime(this.name, 'session start', start);
    checkTime(this.name, 'session end', end);
    if (end < start) throw new InvalidWindowError(this.name, `was given a session from ${start} to ${end}`);
    const deletes = value === null || value === undefined;
    const bytes = deletes ? undefined : this.retention.innerValueSerde.serialize(value);
    if (!this.segments.observe(end)) {
      this.dropped();
      return;
    }
    this.segments.put(key, [end, start], bytes);
  }

  remove(session: Windowed<K>): void {
    this.segments.put(session.key, [session.end, session.start], undefined);
  }

  fetchSession(key: K, start: number, end: number): Awaitable<V | undefined> {
    const found = this.segments.get(key, [end, start]);
    return found instanceof Promise ? found.then((bytes) => this.decode(bytes)) : this.decode(found);
  }

  fetch(key: K): AsyncIterable<readonly [Windowed<K>, V]> {
    return this.find(key, 0, Infinity, false);
  }

  findSessions(key: K, earliestEnd: number, latestStart: number): AsyncIterable<readonly [Windowed<K>, V]> {
    return this.find(key, earliestEnd, latestStart, false);
  }

  backwardFindSessions(key: K, earliestEnd: number, latestStart: number): AsyncIterable<readonly [Windowed<K>, V]> {
    return this.find(key, earliestEnd, latestStart, true);
  }

  private async *find(
    key: K,
    earliestEnd: number,
    latestStart: number,
    reverse: boolean,
  ): AsyncGenerator<readonly [Windowed<K>, V]> {
    for await (const { numbers, value } of this.segments.scan(key, earliestEnd, Infinity, reverse)) {
      const [end, start] = numbers as [number, number];
      if (start <= latestStart) yield [{ key, start, end }, this.decode(value)!];
    }
  }

  private decode(bytes: Buffer | undefined): V | undefined {
    return bytes === undefined ? undefined : (this.retention.innerValueSerde.deserialize(bytes) as V);
  }
}
