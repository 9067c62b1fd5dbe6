import type { Windowed } from '../serde/windowed';
import type { EpochStore } from '../state/epoch-store';
import type { StoreEntry } from '../state/store-entry';
import { BY_TIME_END, ownWindowKey, timeBound } from '../serde/timed-keys';
import type { TimeWindow, WindowAggregateOperator, WindowFold } from '../topology/window-operators';
import { ExpiredWindows } from './expired-windows';
import type { Processed } from './operator-node';
import type { TaskContext } from './task-context';
import { TimeIndex } from './time-index';
import { WindowTime } from './window-time';
import { WindowedNode } from './windowed-node';

type Entry = StoreEntry<Windowed<unknown>, unknown>;

/** How far one of several inputs may be behind another before it is late for all their windows. */
const INPUT_LAG_MS = 60_000;
/** Results loaded and forwarded at a time when windows close. */
const CLOSING_BATCH = 1000;

/** Aggregates in tumbling and hopping windows: one entry for each window and key, found by both. */
export class TimeWindowNode extends WindowedNode {
  private readonly size: number;
  private readonly advance: number;
  private readonly grace: number;
  /** How long a window is kept for inputs whose time is behind; with one input no longer than it is open. */
  private readonly retention: number;
  private readonly times: readonly WindowTime<Windowed<unknown>>[];
  private readonly expired: ExpiredWindows<Windowed<unknown>>;
  /** Where results are forwarded when their windows close. */
  private closing: TimeIndex<Windowed<unknown>> | undefined;
  /** Of all inputs' times. */
  private highest = -1;

  constructor(
    name: string,
    context: TaskContext,
    operator: WindowAggregateOperator,
    window: TimeWindow,
    private readonly store: EpochStore<Windowed<unknown>, unknown>,
  ) {
    super(name, context, operator);
    const { sizeMs, advanceMs, graceMs } = window;
    this.size = sizeMs;
    this.advance = advanceMs;
    this.grace = graceMs;
    this.retention = operator.folds.length === 1 ? graceMs : graceMs + INPUT_LAG_MS;
    this.times = operator.folds.map((_, input) => new WindowTime(store, ownWindowKey(input)));
    this.expired = new ExpiredWindows(store, Math.max(advanceMs, Math.floor((sizeMs + graceMs) / 4)));
  }

  protected async open(): Promise<void> {
    for (const time of this.times) await time.open();
    this.highest = Math.max(...this.times.map((time) => time.highest));
    if (this.operator.emit !== 'on-close') return;
    const layout = { bound: timeBound, end: BY_TIME_END, timeOf: (key: Windowed<unknown>) => key.start };
    this.closing = new TimeIndex(this.store, layout, Math.max(0, this.highest - this.grace - this.size + 1));
  }

  override requestState(key: unknown, timestamp: number): void {
    const { size, advance, store } = this;
    for (let start = this.firstStart(timestamp); start <= timestamp; start += advance) {
      store.request({ key, start, end: start + size });
    }
  }

  /** Of the windows that a timestamp is in. None begins before 0. */
  private firstStart(timestamp: number): number {
    const { size, advance } = this;
    if (size === advance) return timestamp - (timestamp % size);
    const earliest = Math.max(0, timestamp - size + advance);
    return earliest - (earliest % advance);
  }

  protected fold(fold: WindowFold, input: number, key: unknown, value: unknown, timestamp: number): Processed {
    const time = this.times[input]!;
    if (timestamp > time.highest) {
      time.observe(timestamp);
      if (timestamp > this.highest) this.highest = timestamp;
    }
    const closed = Math.max(time.highest - this.grace, this.highest - this.retention) - this.size;
    const waiting = this.updateFrom(this.firstStart(timestamp), closed, false, fold, key, value, timestamp);
    return waiting === undefined ? this.moveOn() : waiting.then(() => this.moveOn());
  }

  /** @param closed - windows that begin at this time or before are closed */
  private updateFrom(
    first: number,
    closed: number,
    missedBefore: boolean,
    fold: WindowFold,
    key: unknown,
    value: unknown,
    timestamp: number,
  ): Processed {
    const { size, advance } = this;
    let missed = missedBefore;
    for (let start = first; start <= timestamp; start += advance) {
      if (start <= closed) {
        missed = true;
        continue;
      }
      const window = { key, start, end: start + size };
      let entry: Entry | undefined;
      try {
        entry = this.store.lookup(window);
      } catch (error) {
        // The store's serde does not take this key.
        this.context.failures.processingFailed(this.name, error);
        return undefined;
      }
      const waiting =
        entry === undefined
          ? this.loadThenUpdate(window, fold, value, timestamp)
          : this.update(entry, fold, value, timestamp);
      if (waiting !== undefined) {
        return waiting.then(() => this.updateFrom(start + advance, closed, missed, fold, key, value, timestamp));
      }
    }
    return missed ? this.late(fold, key, value, timestamp) : undefined;
  }

  private async loadThenUpdate(
    window: Windowed<unknown>,
    fold: WindowFold,
    value: unknown,
    timestamp: number,
  ): Promise<void> {
    await this.update(await this.store.load(window), fold, value, timestamp);
  }

  private update(entry: Entry, fold: WindowFold, value: unknown, timestamp: number): Processed {
    const oldValue = entry.value;
    const window = entry.key;
    let newValue: unknown;
    try {
      newValue = fold.aggregator(window.key, value, oldValue === undefined ? this.operator.initializer() : oldValue);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    newValue ??= undefined;
    const newTimestamp = oldValue === undefined || timestamp > entry.timestamp ? timestamp : entry.timestamp;
    const isNew = !entry.dirty;
    this.store.write(entry, newValue, newTimestamp);
    if (isNew) {
      this.expired.noteWritten(window.start);
      this.closing?.note(entry);
    }
    return this.closing === undefined ? this.forwardChange(window, newValue, oldValue, newTimestamp) : undefined;
  }

  /** Does what the present time asks for: forwards results of windows that closed, removes those that have expired. */
  private moveOn(): Processed {
    const { closing, expired } = this;
    const closed = this.highest - this.grace - this.size;
    if (closing !== undefined && closed >= closing.earliest) return this.forwardClosed(closing, closed);
    const expiredBefore = this.highest - this.retention - this.size + 1;
    return expired.isDue(expiredBefore) ? expired.remove(expiredBefore) : undefined;
  }

  private async forwardClosed(closing: TimeIndex<Windowed<unknown>>, closed: number): Promise<void> {
    const { store } = this;
    const windows = await closing.take(closed);
    for (let from = 0; from < windows.length; from += CLOSING_BATCH) {
      const batch = windows.slice(from, from + CLOSING_BATCH);
      for (const window of batch) store.request(window);
      await store.loadRequested();
      for (const window of batch) {
        const { key, value, timestamp } = store.lookup(window) ?? (await store.load(window));
        if (value !== undefined) await this.forwardChange(key, value, undefined, timestamp);
      }
    }
  }
}
