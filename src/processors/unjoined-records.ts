import type { CompositeKey } from '../serde/composite-key';
import { emptyTimedList, type TimedList } from '../serde/timed-list';
import type { EpochStore } from '../state/epoch-store';
import { OrderedKeys } from '../state/ordered-keys';
import type { StoreEntry } from '../state/store-entry';
import type { JoinSide } from '../topology/stream-join';

/** As a timestamp: none. Small enough that a difference to it is exact. */
export const NEVER = 2 ** 51;

/** The right side comes first at equal timestamps, as in Kafka Streams. */
const SIDES: Readonly<Record<JoinSide, string>> = { right: '\u0000', left: '\u0001' };
const TIMES = '\uffff';
const LOWEST = '\u0000\u0000\u0000\u0000';
/** Entries whose values are read at once when windows close. */
const READ_AHEAD = 256;

/** A record without a partner whose window has closed. */
export interface ClosedRecord {
  readonly side: JoinSide;
  readonly composite: string;
  readonly time: number;
}

/**
 * The records of a left or outer join that were not joined yet, in the order in which their windows close, and the times that
 * decide when they do: all of it in one store, so that a restart changes nothing.
 */
export class UnjoinedRecords {
  private readonly queues: Readonly<Record<JoinSide, OrderedKeys<TimedList>>>;
  private readonly timesKey = TIMES + LOWEST;
  /** Its entry in the store, while that is dirty. */
  private timesEntry: StoreEntry<string, TimedList> | undefined;
  private readonly times: TimedList = { ...emptyTimedList(), times: [0, NEVER], values: [], flags: [false, false] };
  /** The highest timestamp of both sides; -1 before the first record. */
  streamTime = -1;
  /**
   * No window can close before this timestamp's does, or `NEVER`. It decides when records are looked at, as in Kafka Streams: a
   * record's result may come later than the end of its grace period, and in the meantime the record can still be joined.
   */
  private lowestTime = NEVER;

  constructor(
    private readonly store: EpochStore<string, TimedList>,
    private readonly keys: CompositeKey<unknown>,
  ) {
    const empty = Buffer.alloc(0);
    this.times.values.push(empty, empty);
    const queue = (side: JoinSide): OrderedKeys<TimedList> =>
      new OrderedKeys(store, SIDES[side] + LOWEST, String.fromCharCode(SIDES[side].charCodeAt(0) + 1) + LOWEST);
    this.queues = { left: queue('left'), right: queue('right') };
  }

  async init(): Promise<void> {
    const { value } = await this.store.load(this.timesKey);
    if (value !== undefined) {
      this.streamTime = value.times[0]!;
      this.lowestTime = value.times[1]!;
    }
    await this.queues.left.load();
    await this.queues.right.load();
  }

  advanceStreamTime(timestamp: number): void {
    if (timestamp <= this.streamTime) return;
    this.streamTime = timestamp;
    this.saveTimes();
  }

  /** @param waitMs - how long after its timestamp a record's window is closed at the earliest */
  mayHaveClosed(waitMs: number): boolean {
    return this.lowestTime + waitMs < this.streamTime;
  }

  add(side: JoinSide, keyBytes: string, time: number, value: Buffer, mayBeThere: boolean): Promise<void> | undefined {
    const composite = SIDES[side] + this.keys.time(time) + keyBytes;
    if (time < this.lowestTime) {
      this.lowestTime = time;
      this.saveTimes();
    }
    if (!mayBeThere) {
      this.append(side, composite, emptyTimedList(), time, value);
      return undefined;
    }
    const entry = this.store.lookup(composite);
    if (entry !== undefined) {
      this.append(side, composite, entry.value ?? emptyTimedList(), time, value);
      return undefined;
    }
    return this.store.load(composite).then((loaded) => {
      this.append(side, composite, loaded.value ?? emptyTimedList(), time, value);
    });
  }

  private append(side: JoinSide, composite: string, list: TimedList, time: number, value: Buffer): void {
    list.times.push(time);
    list.values.push(value);
    list.flags.push(false);
    if (list.times.length === 1) this.store.putNew(composite, list);
    else this.store.put(composite, list);
    this.queues[side].add(composite);
  }

  /** All records of that key and time have been joined. */
  joined(side: JoinSide, keyBytes: string, time: number): void {
    this.remove(side, SIDES[side] + this.keys.time(time) + keyBytes);
  }

  private remove(side: JoinSide, composite: string): void {
    this.store.delete(composite);
    this.queues[side].remove(composite);
  }

  /** Whether the next closed record is known without asking the database. */
  get needsLoading(): boolean {
    return this.queues.left.needsLoading || this.queues.right.needsLoading;
  }

  async load(): Promise<void> {
    for (const queue of [this.queues.left, this.queues.right]) if (queue.needsLoading) await queue.load();
  }

  /** The next record whose window is closed: the earlier one of the two sides. */
  nextClosed(before: Readonly<Record<JoinSide, number>>): ClosedRecord | undefined {
    const left = this.closedOf('left', before.left);
    const right = this.closedOf('right', before.right);
    if (left === undefined || right === undefined) return left ?? right;
    return left.time < right.time ? left : right;
  }

  private closedOf(side: JoinSide, before: number): ClosedRecord | undefined {
    const composite = this.queues[side].first;
    if (composite === undefined) return undefined;
    const time = this.keys.timeOf(composite, 1);
    return time < before ? { side, composite, time } : undefined;
  }

  /** Takes the values of a closed record out of the store; a promise where they have to be read. */
  take({ side, composite }: ClosedRecord): readonly Buffer[] | Promise<void> {
    const entry = this.store.lookup(composite);
    if (entry === undefined) return this.readAhead(side, composite);
    const values = entry.value?.values ?? [];
    this.remove(side, composite);
    return values;
  }

  private async readAhead(side: JoinSide, first: string): Promise<void> {
    let composite: string | undefined = first;
    for (let count = 0; count < READ_AHEAD && composite !== undefined; count++) {
      this.store.request(composite);
      composite = await this.queues[side].after(composite);
    }
    await this.store.loadRequested();
  }

  keyOf({ composite }: ClosedRecord): unknown {
    return this.keys.keyOf(composite);
  }

  /**
   * After all closed records were taken: sets the time before which nothing needs to be looked at, in the way of Kafka Streams,
   * whose walk through the store ends one entry behind the first open records of both sides, or at the store's end.
   *
   * @param lastTaken - the time of the last record taken, if there was one
   */
  settle(lastTaken: number | undefined): Promise<void> | undefined {
    const found = this.walkEnd(lastTaken);
    if (found instanceof Promise) return found.then((time) => this.setLowestTime(time));
    this.setLowestTime(found);
    return undefined;
  }

  private walkEnd(lastTaken: number | undefined): number | Promise<number> {
    const left = this.queues.left.first;
    const right = this.queues.right.first;
    if (left === undefined && right === undefined) return lastTaken ?? NEVER;
    if (left === undefined || right === undefined) {
      const last = (left === undefined ? this.queues.right : this.queues.left).last();
      const latest = (key: string | undefined): number =>
        Math.max(lastTaken ?? 0, key === undefined ? 0 : this.keys.timeOf(key, 1));
      return last instanceof Promise ? last.then(latest) : latest(last);
    }
    const leftTime = this.keys.timeOf(left, 1);
    const rightTime = this.keys.timeOf(right, 1);
    return leftTime < rightTime ? this.behind('right', right) : this.behind('left', left);
  }

  /** The time of the entry behind `later`, the first one of its side, to which the other side's first one is before. */
  private behind(side: JoinSide, later: string): number | Promise<number> {
    const time = this.keys.timeOf(later, 1);
    const entry = this.store.lookup(later);
    if (entry === undefined) return this.store.load(later).then(() => this.behind(side, later));
    // Each of several records of one time and key counts.
    if (entry.value !== undefined && entry.value.times.length > 1) return time;
    const other: JoinSide = side === 'left' ? 'right' : 'left';
    // The first of the other side behind `later`, in the order of time, then side, then key.
    const border = SIDES[other] + this.keys.time(side === 'right' ? time : time + 1);
    const next = this.queues[side].after(later);
    const nextOther = this.queues[other].after(border);
    const earliest = (one: string | undefined, another: string | undefined): number => {
      const times = [one, another].flatMap((key) => (key === undefined ? [] : [this.keys.timeOf(key, 1)]));
      return times.length === 0 ? time : Math.min(...times);
    };
    if (next instanceof Promise || nextOther instanceof Promise) {
      return Promise.all([next, nextOther]).then(([one, another]) => earliest(one, another));
    }
    return earliest(next, nextOther);
  }

  private setLowestTime(time: number): void {
    if (time === this.lowestTime) return;
    this.lowestTime = time;
    this.saveTimes();
  }

  private saveTimes(): void {
    this.times.times[0] = this.streamTime;
    this.times.times[1] = this.lowestTime;
    if (this.timesEntry?.dirty === true) return;
    this.store.put(this.timesKey, this.times);
    this.timesEntry = this.store.lookup(this.timesKey);
  }
}
