import type { EpochStore } from '../state/epoch-store';
import { MARKER } from '../serde/marker';
import type { StoreEntry } from '../state/store-entry';
import { INDEX_END, indexBound, type TimedKey } from '../serde/timed-keys';
import type { Session, Sessions } from '../serde/window-lists';
import type { SessionWindow, WindowAggregateOperator, WindowFold } from '../topology/window-operators';
import type { Processed } from './operator-node';
import type { TaskContext } from './task-context';
import { TimeIndex } from './time-index';
import { WindowTime } from './window-time';
import { WindowedNode } from './windowed-node';

type Key = TimedKey<unknown>;
type Store = EpochStore<Key, unknown>;
interface Result {
  readonly start: number;
  readonly end: number;
  readonly newValue: unknown;
  readonly oldValue: unknown;
}

/** Keys looked at by one record when there are expired sessions to remove. */
const STEP_KEYS = 1000;

/**
 * Aggregates in session windows. All sessions of a key that may still change are one entry. An index by time has each such key
 * once, under the end that its earliest session had when it was put there; when that time has come, the key is looked at and
 * put back under its next one.
 */
export class SessionWindowNode extends WindowedNode {
  private readonly gap: number;
  /** How much later than its end a session is closed. */
  private readonly delay: number;
  private readonly onClose: boolean;
  private readonly times: readonly WindowTime<Key>[];
  private index!: TimeIndex<Key>;
  private highest = -1;
  private nextRemoval = 0;

  constructor(
    name: string,
    context: TaskContext,
    operator: WindowAggregateOperator,
    { inactivityGapMs, graceMs }: SessionWindow,
    private readonly store: Store,
  ) {
    super(name, context, operator);
    this.gap = inactivityGapMs;
    this.delay = inactivityGapMs + graceMs;
    this.onClose = operator.emit === 'on-close';
    this.times = operator.folds.map((_, number) => new WindowTime<Key>(store, { kind: 'own', number }));
  }

  protected async open(): Promise<void> {
    for (const time of this.times) await time.open();
    this.highest = Math.max(...this.times.map((time) => time.highest));
    const timeOf = (key: Key): number => (key.kind === 'index' ? key.time : 0);
    this.index = new TimeIndex<Key>(this.store, { bound: indexBound, end: INDEX_END, timeOf }, 0);
  }

  override requestState(key: unknown): void {
    this.store.request({ kind: 'by-key', key });
  }

  protected fold(fold: WindowFold, input: number, key: unknown, value: unknown, timestamp: number): Processed {
    const time = this.times[input]!;
    // As in Kafka Streams, what is too old to be merged with is decided by the records before this one.
    const visibleAfter = this.highest - this.delay;
    time.observe(timestamp);
    if (timestamp > this.highest) this.highest = timestamp;
    const closeTime = time.highest - this.delay;
    let entry: StoreEntry<Key, unknown> | undefined;
    try {
      entry = this.store.lookup({ kind: 'by-key', key });
    } catch (error) {
      // The store's serde does not take this key.
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    if (entry === undefined) return this.loadThenUpdate(fold, key, value, timestamp, visibleAfter, closeTime);
    const waiting = this.update(entry, fold, key, value, timestamp, visibleAfter, closeTime);
    return waiting === undefined ? this.moveOn() : waiting.then(() => this.moveOn());
  }

  private async loadThenUpdate(
    fold: WindowFold,
    key: unknown,
    value: unknown,
    timestamp: number,
    visibleAfter: number,
    closeTime: number,
  ): Promise<void> {
    const entry = await this.store.load({ kind: 'by-key', key });
    await this.update(entry, fold, key, value, timestamp, visibleAfter, closeTime);
    await this.moveOn();
  }

  private update(
    entry: StoreEntry<Key, unknown>,
    fold: WindowFold,
    key: unknown,
    value: unknown,
    timestamp: number,
    visibleAfter: number,
    closeTime: number,
  ): Processed {
    const list = entry.value as Sessions | undefined;
    const existing = list?.sessions ?? [];
    const { gap } = this;
    const merged = existing.filter(
      ({ start, end }) => end > visibleAfter && end >= timestamp - gap && start <= timestamp + gap,
    );
    const start = merged.reduce((least, session) => Math.min(least, session.start), timestamp);
    const end = merged.reduce((most, session) => Math.max(most, session.end), timestamp);
    if (end < closeTime) return this.late(fold, key, value, timestamp);
    const { initializer, merger } = this.operator;
    let newValue: unknown;
    try {
      let aggregate = initializer();
      for (const session of merged) aggregate = merger!(key, aggregate, session.value);
      newValue = fold.aggregator(key, value, aggregate) ?? undefined;
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    const replaced = existing.find((session) => session.start === start && session.end === end);
    const kept = existing.filter((session) => session !== replaced && !merged.includes(session));
    if (newValue !== undefined) insertInOrder(kept, { start, end, value: newValue });
    this.writeSessions(entry, key, kept, list?.indexedAt);
    if (this.onClose) return undefined;
    if (start === timestamp && end === timestamp) {
      return this.forwardChange({ key, start, end }, newValue, replaced?.value, end);
    }
    const results: Result[] = merged.map((session) => ({
      start: session.start,
      end: session.end,
      newValue: undefined,
      oldValue: session.value,
    }));
    results.push({ start, end, newValue, oldValue: undefined });
    return this.forwardResults(key, results, 0);
  }

  /** Keeps the index right: the key is in it, at no later time than its earliest session ends. */
  private writeSessions(
    entry: StoreEntry<Key, unknown>,
    key: unknown,
    sessions: Session[],
    indexedAt: number | undefined,
  ): void {
    const first = sessions[0];
    if (first === undefined) {
      if (entry.value !== undefined) this.store.write(entry, undefined, this.context.timestamp);
      return;
    }
    const isIndexed = indexedAt !== undefined && indexedAt <= first.end;
    const list: Sessions = { indexedAt: isIndexed ? indexedAt : first.end, sessions };
    this.store.write(entry, list, sessions[sessions.length - 1]!.end);
    if (!isIndexed) this.addToIndex(key, first.end);
  }

  private addToIndex(key: unknown, time: number): void {
    const indexKey: Key = { kind: 'index', time, key };
    this.store.put(indexKey, MARKER);
    this.index.note(this.store.lookup(indexKey)!);
  }

  private forwardResults(key: unknown, results: readonly Result[], from: number): Processed {
    for (let index = from; index < results.length; index++) {
      const { start, end, newValue, oldValue } = results[index]!;
      const waiting = this.forwardChange({ key, start, end }, newValue, oldValue, end);
      if (waiting !== undefined) return waiting.then(() => this.forwardResults(key, results, index + 1));
    }
    return undefined;
  }

  /** Does what the present time asks for: forwards results of sessions that closed, removes those that have expired. */
  private moveOn(): Processed {
    if (this.onClose) {
      const closed = this.highest - this.delay - 1;
      return closed >= this.index.earliest ? this.closeThrough(closed, Infinity) : undefined;
    }
    const expired = this.highest - this.delay;
    if (expired < this.nextRemoval || expired < this.index.earliest) return undefined;
    return this.closeThrough(expired, STEP_KEYS);
  }

  /** Looks at the keys whose sessions may have ended by `time`. */
  private async closeThrough(time: number, limit: number): Promise<void> {
    const taken = await this.index.take(time, limit);
    if (taken.length < limit) this.nextRemoval = time + Math.floor(this.delay / 4) + 1;
    const closed: { readonly key: unknown; readonly session: Session }[] = [];
    for (const indexKey of taken) this.store.request({ kind: 'by-key', key: keyOf(indexKey) });
    await this.store.loadRequested();
    for (const indexKey of taken) {
      this.store.delete(indexKey);
      const key = keyOf(indexKey);
      const byKey: Key = { kind: 'by-key', key };
      const entry = this.store.lookup(byKey) ?? (await this.store.load(byKey));
      const list = entry.value as Sessions | undefined;
      if (list === undefined) continue;
      for (const session of list.sessions) if (session.end <= time) closed.push({ key, session });
      const remaining = list.sessions.filter(({ end }) => end > time);
      this.writeSessions(entry, key, remaining, list.indexedAt > time ? list.indexedAt : undefined);
    }
    if (!this.onClose) return;
    closed.sort((a, b) => a.session.end - b.session.end || a.session.start - b.session.start);
    for (const { key, session } of closed) {
      const { start, end, value } = session;
      await this.forwardChange({ key, start, end }, value, undefined, end);
    }
  }
}

function keyOf(indexKey: Key): unknown {
  return indexKey.kind === 'index' ? indexKey.key : undefined;
}

function insertInOrder(sessions: Session[], added: Session): void {
  let at = sessions.length;
  while (at > 0 && isAfter(sessions[at - 1]!, added)) at--;
  sessions.splice(at, 0, added);
}

function isAfter(one: Session, other: Session): boolean {
  return one.end > other.end || (one.end === other.end && one.start > other.start);
}
