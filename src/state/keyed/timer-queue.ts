import type { Serde } from '../../serde/serde';
import { NO_KEY, type TimerKey } from '../../serde/timer-key';
import type { EpochStore } from '../epoch-store';

/** A timer that is waiting. */
export interface Timer {
  readonly timestamp: number;
  readonly key: unknown;
  /** The serialized key, as latin1 text, whose order is that of the bytes. */
  readonly id: string;
}

const NOTHING = Buffer.alloc(0);

/** Of one operator and time domain. Beyond it, timers are in the store only. */
const MAX_IN_MEMORY = 8192;

/**
 * The timers of one operator and time domain, in the order of their times and, of one time, of their serialized keys.
 *
 * The store has all of them; it is part of the commit, so a timer is registered and fires with the records around it, or not at all.
 * The earliest ones are in memory too, up to a bound behind which nothing is known. So registering costs one write wherever the timer
 * is, firing costs one write and, once in some thousand timers, one scan; and neither costs what waits behind.
 */
export class TimerQueue {
  /** In order, from `first` on. */
  private timers: Timer[] = [];
  private first = 0;
  /** Every timer up to this one is in memory; undefined where that are all. */
  private bound: Timer | undefined;

  constructor(
    private readonly domain: TimerKey['domain'],
    private readonly store: EpochStore<TimerKey, Buffer>,
    private readonly keySerde: Serde<unknown>,
    private readonly maxInMemory = MAX_IN_MEMORY,
  ) {}

  /** Not later than the earliest timer; Infinity when there is none. */
  get due(): number {
    return this.timers[this.first]?.timestamp ?? this.bound?.timestamp ?? Infinity;
  }

  /** The earliest timer, unless it has to be read first. */
  get earliest(): Timer | undefined {
    return this.timers[this.first];
  }

  /** Up to `limit` of the earliest timers that are in memory and not later than `time`. */
  upTo(time: number, limit: number): readonly Timer[] {
    const due: Timer[] = [];
    for (let index = this.first; index < this.timers.length && due.length < limit; index++) {
      const timer = this.timers[index]!;
      if (timer.timestamp > time) break;
      due.push(timer);
    }
    return due;
  }

  /** A timer that is there already stays one timer. */
  register(timestamp: number, key: unknown): void {
    const timer = this.timer(timestamp, key);
    if (this.bound === undefined || compare(timer, this.bound) <= 0) {
      const index = this.position(timer);
      const next = this.timers[index];
      if (next !== undefined && compare(next, timer) === 0) return;
      this.timers.splice(index, 0, timer);
      if (this.timers.length - this.first > this.maxInMemory) this.forgetLatest();
    }
    this.store.put({ domain: this.domain, timestamp, key }, NOTHING);
  }

  /** One that is not there is none the worse for it. */
  delete(timestamp: number, key: unknown): void {
    const timer = this.timer(timestamp, key);
    if (this.bound === undefined || compare(timer, this.bound) <= 0) {
      const index = this.position(timer);
      const found = this.timers[index];
      if (found === undefined || compare(found, timer) !== 0) return;
      this.timers.splice(index, 1);
    }
    this.store.delete({ domain: this.domain, timestamp, key });
  }

  /** Takes the earliest timer out: it is about to fire. */
  take(): Timer {
    const timer = this.timers[this.first++]!;
    if (this.first > 1024 && this.first > this.timers.length / 2) {
      this.timers.splice(0, this.first);
      this.first = 0;
    }
    this.store.delete({ domain: this.domain, timestamp: timer.timestamp, key: timer.key });
    return timer;
  }

  /** Reads the timers behind those that were in memory; at the beginning, the first ones. */
  async load(fromStart = false): Promise<void> {
    const { domain, bound } = this;
    const from: TimerKey =
      fromStart || bound === undefined ? { domain, timestamp: 0, key: NO_KEY } : { domain, ...bound };
    const to: TimerKey = { domain, timestamp: Number.MAX_SAFE_INTEGER + 1, key: NO_KEY };
    const limit = Math.ceil(this.maxInMemory / 2);
    const read: Timer[] = [];
    let complete = true;
    for await (const [{ timestamp, key }] of this.store.range(from, to)) {
      const timer = this.timer(timestamp, key);
      if (bound !== undefined && compare(timer, bound) <= 0) continue;
      read.push(timer);
      if (read.length >= limit) {
        complete = false;
        break;
      }
    }
    this.timers = [...this.timers.slice(this.first), ...read];
    this.first = 0;
    this.bound = complete ? undefined : read.at(-1);
  }

  private forgetLatest(): void {
    this.timers = this.timers.slice(this.first, this.first + Math.ceil(this.maxInMemory / 2));
    this.first = 0;
    this.bound = this.timers.at(-1);
  }

  private timer(timestamp: number, key: unknown): Timer {
    return { timestamp, key, id: this.keySerde.serialize(key).toString('latin1') };
  }

  /** Of the first timer in memory that is not before this one. */
  private position(timer: Timer): number {
    const { timers } = this;
    const last = timers.length - 1;
    // Most are registered in the order of time.
    if (last >= this.first && compare(timers[last]!, timer) < 0) return timers.length;
    let low = this.first;
    let high = timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(timers[middle]!, timer) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compare(a: Timer, b: Timer): number {
  if (a.timestamp !== b.timestamp) return a.timestamp - b.timestamp;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
