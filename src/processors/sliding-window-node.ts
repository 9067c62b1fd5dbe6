import type { EpochStore } from '../state/epoch-store';
import { MARKER } from '../serde/marker';
import type { StoreEntry } from '../state/store-entry';
import { INDEX_END, indexBound, type TimedKey } from '../serde/timed-keys';
import type { SlidingWindow as StoredWindow } from '../serde/window-lists';
import type { SlidingWindow, WindowAggregateOperator, WindowFold } from '../topology/window-operators';
import { ExpiredWindows } from './expired-windows';
import type { Processed } from './operator-node';
import { SlidingBuckets } from './sliding-buckets';
import type { TaskContext } from './task-context';
import { TimeIndex } from './time-index';
import { WindowTime } from './window-time';
import { WindowedNode } from './windowed-node';

type Key = TimedKey<unknown>;
type Entry = StoreEntry<Key, unknown>;
interface Result {
  readonly start: number;
  readonly newValue: unknown;
  readonly oldValue: unknown;
  readonly timestamp: number;
}

/** How far one of several inputs may be behind another before their windows are gone. */
const INPUT_LAG_MS = 60_000;
/** Results loaded and forwarded at a time when windows close. */
const CLOSING_BATCH = 1000;

/**
 * Aggregates in sliding windows, which begin and end where records of the key do: each record ends one window, and begins
 * another right behind it as soon as there is a record for it.
 *
 * The windows of a key that begin within one stretch of time are one entry. The stretches are so long that a record needs two.
 */
export class SlidingWindowNode extends WindowedNode {
  private readonly difference: number;
  private readonly grace: number;
  private readonly buckets: SlidingBuckets;
  private readonly times: readonly WindowTime<Key>[];
  private readonly expired: ExpiredWindows<Key>;
  /** Where results are forwarded when their windows close: a window's start and key. */
  private closing: TimeIndex<Key> | undefined;
  private highest = -1;

  constructor(
    name: string,
    context: TaskContext,
    operator: WindowAggregateOperator,
    { timeDifferenceMs, graceMs }: SlidingWindow,
    private readonly store: EpochStore<Key, unknown>,
  ) {
    super(name, context, operator);
    this.difference = timeDifferenceMs;
    this.grace = graceMs;
    this.buckets = new SlidingBuckets(timeDifferenceMs);
    this.times = operator.folds.map((_, number) => new WindowTime<Key>(store, { kind: 'own', number }));
    this.expired = new ExpiredWindows(store, Math.floor(timeDifferenceMs + graceMs / 4) + 1);
  }

  protected async open(): Promise<void> {
    for (const time of this.times) await time.open();
    this.highest = Math.max(...this.times.map((time) => time.highest));
    if (this.operator.emit !== 'on-close') return;
    const timeOf = (key: Key): number => (key.kind === 'index' ? key.time : 0);
    this.closing = new TimeIndex<Key>(this.store, { bound: indexBound, end: INDEX_END, timeOf }, 0);
  }

  override requestState(key: unknown, timestamp: number): void {
    const { first, last } = this.buckets.around(timestamp);
    this.store.request({ kind: 'by-time', time: first, key });
    if (last !== first) this.store.request({ kind: 'by-time', time: last, key });
  }

  protected fold(fold: WindowFold, input: number, key: unknown, value: unknown, timestamp: number): Processed {
    const time = this.times[input]!;
    time.observe(timestamp);
    if (timestamp > this.highest) this.highest = timestamp;
    const closeTime = Math.max(time.highest, this.highest - INPUT_LAG_MS) - this.grace;
    if (timestamp + this.difference < closeTime) return this.late(fold, key, value, timestamp);
    const { first, last } = this.buckets.around(timestamp);
    let entries: (Entry | undefined)[];
    try {
      entries = [
        this.store.lookup({ kind: 'by-time', time: first, key }),
        last === first ? undefined : this.store.lookup({ kind: 'by-time', time: last, key }),
      ];
    } catch (error) {
      // The store's serde does not take this key.
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    if (entries[0] === undefined || (last !== first && entries[1] === undefined)) {
      return this.loadThenUpdate(first, last, fold, key, value, timestamp, closeTime);
    }
    const waiting = this.update(entries, fold, key, value, timestamp, closeTime);
    return waiting === undefined ? this.moveOn() : waiting.then(() => this.moveOn());
  }

  private async loadThenUpdate(
    first: number,
    last: number,
    fold: WindowFold,
    key: unknown,
    value: unknown,
    timestamp: number,
    closeTime: number,
  ): Promise<void> {
    const entries = [await this.store.load({ kind: 'by-time', time: first, key })];
    if (last !== first) entries.push(await this.store.load({ kind: 'by-time', time: last, key }));
    await this.update(entries, fold, key, value, timestamp, closeTime);
    await this.moveOn();
  }

  private update(
    entries: readonly (Entry | undefined)[],
    fold: WindowFold,
    key: unknown,
    value: unknown,
    timestamp: number,
    closeTime: number,
  ): Processed {
    const { difference } = this;
    const found = entries
      .flatMap((entry) => (entry?.value as StoredWindow[] | undefined) ?? [])
      .filter(({ start }) => start >= timestamp - 2 * difference && start <= timestamp + 1);
    const update = new KeyUpdate(this, entries, fold, key, value, timestamp, closeTime, found);
    try {
      if (timestamp < difference) update.early();
      else update.run();
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    const waiting = this.closing === undefined ? this.forwardResults(key, update.results, 0) : undefined;
    if (!update.missed) return waiting;
    return waiting === undefined
      ? this.late(fold, key, value, timestamp)
      : waiting.then(() => this.late(fold, key, value, timestamp));
  }

  /** Puts a window into the entry of its stretch. */
  put(entries: readonly (Entry | undefined)[], key: unknown, start: number, value: unknown, timestamp: number): void {
    const time = this.buckets.startOf(start);
    const entry = entries.find((candidate) => candidate?.key.kind === 'by-time' && candidate.key.time === time)!;
    const windows = (entry.value as StoredWindow[] | undefined) ?? [];
    let at = windows.length;
    while (at > 0 && windows[at - 1]!.start > start) at--;
    const existing = windows[at - 1];
    if (existing?.start !== start) {
      if (value !== undefined) {
        windows.splice(at, 0, { start, timestamp, value });
        if (this.closing !== undefined) this.addToIndex(this.closing, key, start);
      }
    } else if (value === undefined) {
      windows.splice(at - 1, 1);
    } else {
      existing.value = value;
      existing.timestamp = timestamp;
    }
    this.expired.noteWritten(time);
    this.store.write(entry, windows.length === 0 ? undefined : windows, Math.max(entry.timestamp, timestamp));
  }

  initial(): unknown {
    return this.operator.initializer();
  }

  get windowLength(): number {
    return this.difference;
  }

  /** An aggregate for another window: its own, even if the user's aggregator changes what it is given. */
  copy(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const { valueSerde } = this.operator;
    return valueSerde.deserialize(valueSerde.serialize(value));
  }

  private addToIndex(closing: TimeIndex<Key>, key: unknown, start: number): void {
    const indexKey: Key = { kind: 'index', time: start, key };
    this.store.put(indexKey, MARKER);
    closing.note(this.store.lookup(indexKey)!);
  }

  private forwardResults(key: unknown, results: readonly Result[], from: number): Processed {
    for (let index = from; index < results.length; index++) {
      const { start, newValue, oldValue, timestamp } = results[index]!;
      const window = { key, start, end: start + this.difference };
      const waiting = this.forwardChange(window, newValue, oldValue, timestamp);
      if (waiting !== undefined) return waiting.then(() => this.forwardResults(key, results, index + 1));
    }
    return undefined;
  }

  /** Does what the present time asks for: forwards results of windows that closed, removes those that have expired. */
  private moveOn(): Processed {
    const { closing, expired, difference } = this;
    const closed = this.highest - this.grace - difference - 1;
    if (closing !== undefined && closed >= closing.earliest) return this.forwardClosed(closing, closed);
    // A record that is not late looks back twice the difference.
    const lag = this.times.length === 1 ? 0 : INPUT_LAG_MS;
    const before = this.buckets.startOf(Math.max(0, closed - 2 * difference - lag));
    return expired.isDue(before) ? expired.remove(before) : undefined;
  }

  private async forwardClosed(closing: TimeIndex<Key>, closed: number): Promise<void> {
    const { store } = this;
    const taken = (await closing.take(closed)).flatMap((key) => (key.kind === 'index' ? key : []));
    for (let from = 0; from < taken.length; from += CLOSING_BATCH) {
      const batch = taken.slice(from, from + CLOSING_BATCH);
      const bucketOf = (index: (typeof batch)[number]): Key => ({
        kind: 'by-time',
        time: this.buckets.startOf(index.time),
        key: index.key,
      });
      for (const index of batch) store.request(bucketOf(index));
      await store.loadRequested();
      for (const index of batch) {
        store.delete(index);
        const bucket = bucketOf(index);
        const { value } = store.lookup(bucket) ?? (await store.load(bucket));
        const { time: start, key } = index;
        const window = (value as StoredWindow[] | undefined)?.find((candidate) => candidate.start === start);
        if (window === undefined) continue;
        const windowed = { key, start, end: start + this.difference };
        await this.forwardChange(windowed, window.value, undefined, window.timestamp);
      }
    }
  }
}

/** What one record does to the sliding windows of its key: Kafka Streams' steps, from the latest window to the earliest. */
class KeyUpdate {
  readonly results: Result[] = [];
  missed = false;
  private readonly starts: ReadonlySet<number>;

  constructor(
    private readonly node: SlidingWindowNode,
    private readonly entries: readonly (Entry | undefined)[],
    private readonly fold: WindowFold,
    private readonly key: unknown,
    private readonly value: unknown,
    private readonly timestamp: number,
    private readonly closeTime: number,
    /** Windows that may hold the record, or from which others may begin, in the order of their starts. */
    private readonly found: readonly StoredWindow[],
  ) {
    this.starts = new Set(found.map(({ start }) => start));
  }

  run(): void {
    const { timestamp, node } = this;
    const length = node.windowLength;
    let left: StoredWindow | undefined;
    let leftExists = false;
    let right: StoredWindow | undefined;
    let previous: number | undefined;
    for (let index = this.found.length - 1; index >= 0; index--) {
      const window = this.found[index]!;
      const end = window.start + length;
      if (window.start === timestamp + 1) continue;
      if (end > timestamp) {
        right ??= this.beginsRight(window) ? this.snapshot(window) : window;
        this.update(window.start, window);
      } else if (end === timestamp) {
        leftExists = true;
        const latest = window.timestamp;
        this.update(window.start, window);
        // A record of the same time has made the windows around it.
        if (latest >= timestamp) return;
        previous = latest;
      } else {
        left = window;
        previous = window.timestamp;
        break;
      }
    }
    if (previous !== undefined && !this.starts.has(previous + 1) && previous + 1 + length >= timestamp) {
      this.update(previous + 1, undefined);
    }
    if (!leftExists) {
      const holdsPrevious = previous !== undefined && timestamp - length <= previous;
      this.update(timestamp - length, holdsPrevious ? this.snapshot(left!) : undefined);
    }
    this.beginRight(right);
  }

  /** Windows cannot begin before 0: all records of the first stretch share the one that begins there. */
  early(): void {
    const { timestamp } = this;
    let combined: StoredWindow | undefined;
    let right: StoredWindow | undefined;
    let previous: number | undefined;
    for (const window of this.found) {
      if (window.start === 0) {
        combined = this.snapshot(window);
        if (window.timestamp < timestamp) previous = window.timestamp;
      } else if (window.start <= timestamp) {
        right = this.snapshot(window);
        this.update(window.start, window);
      }
    }
    if (right === undefined && combined !== undefined && combined.timestamp > timestamp) right = combined;
    this.beginRight(right === undefined ? undefined : this.snapshot(right));
    if (previous !== undefined && !this.starts.has(previous + 1)) this.update(previous + 1, undefined);
    this.update(0, combined);
  }

  /** The window right behind the record, if there are later records in it. */
  private beginRight(right: StoredWindow | undefined): void {
    if (right !== undefined && this.beginsRight(right)) {
      this.write(this.timestamp + 1, right.value, undefined, right.timestamp);
    }
  }

  private beginsRight({ timestamp }: StoredWindow): boolean {
    return timestamp > this.timestamp && !this.starts.has(this.timestamp + 1);
  }

  private snapshot({ start, timestamp, value }: StoredWindow): StoredWindow {
    return { start, timestamp, value: this.node.copy(value) };
  }

  /** Adds the record to a window that exists, or that begins with what another one holds, or with nothing. */
  private update(start: number, window: StoredWindow | undefined): void {
    const { node, timestamp } = this;
    if (start + node.windowLength < this.closeTime) {
      this.missed = true;
      return;
    }
    const oldValue = this.starts.has(start) ? window?.value : undefined;
    const aggregate = window === undefined ? node.initial() : window.value;
    const newValue = this.fold.aggregator(this.key, this.value, aggregate) ?? undefined;
    const newTimestamp = window === undefined ? timestamp : Math.max(timestamp, window.timestamp);
    this.write(start, newValue, oldValue, newTimestamp);
  }

  private write(start: number, newValue: unknown, oldValue: unknown, timestamp: number): void {
    this.node.put(this.entries, this.key, start, newValue, timestamp);
    this.results.push({ start, newValue, oldValue, timestamp });
  }
}
