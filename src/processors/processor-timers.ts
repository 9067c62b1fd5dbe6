import type { Serde } from '../serde/serde';
import type { TimerKey } from '../serde/timer-key';
import type { EpochStore } from '../state/epoch-store';
import type { CurrentKey } from '../state/keyed/current-key';
import { TimerQueue } from '../state/keyed/timer-queue';
import type { TimeDomain, TimerService } from '../topology/processor-api';
import type { DueQueue, DueWork } from './due-queue';
import type { Processed } from './operator-node';
import { TimerTimestampError } from './processor-setup-errors';

/** What a processor does for its timers. */
export interface TimerHandlers {
  /** Loads the state of keys whose timers fire next, all at once. */
  requestState(key: unknown): void;
  loadRequested(): Promise<void> | undefined;
  fire(timestamp: number, key: unknown, domain: TimeDomain): Processed;
}

/** Timers whose state is loaded at once. */
const LOADED_AHEAD = 256;

/** The timers of one domain, as work that is due. */
class DueTimers implements DueWork {
  /** How many of the next timers have their state loaded. */
  private loaded = 0;

  constructor(
    readonly timers: TimerQueue,
    private readonly domain: TimeDomain,
    private readonly queue: DueQueue,
    private readonly handlers: TimerHandlers,
  ) {}

  get due(): number {
    return this.timers.due;
  }

  run(now: number): Processed {
    const { timers, handlers } = this;
    if (timers.earliest === undefined) return timers.load().then(() => this.queue.changed());
    if (this.loaded === 0) {
      const next = timers.upTo(now, LOADED_AHEAD);
      for (const { key } of next) handlers.requestState(key);
      this.loaded = next.length;
      const loading = handlers.loadRequested();
      if (loading !== undefined) return loading;
    }
    this.loaded--;
    const { timestamp, key } = timers.take();
    this.queue.changed();
    return handlers.fire(timestamp, key, this.domain);
  }
}

/** The timers of a processor. */
export class ProcessorTimers implements TimerService {
  private readonly eventTime: DueTimers;
  private readonly processingTime: DueTimers;

  constructor(
    private readonly node: string,
    store: EpochStore<unknown, unknown>,
    keySerde: Serde<unknown>,
    private readonly currentKey: CurrentKey,
    private readonly byStreamTime: DueQueue,
    private readonly byWallClock: DueQueue,
    handlers: TimerHandlers,
  ) {
    const timers = store as unknown as EpochStore<TimerKey, Buffer>;
    const queue = (domain: TimeDomain): TimerQueue => new TimerQueue(domain, timers, keySerde);
    this.eventTime = new DueTimers(queue('event-time'), 'event-time', byStreamTime, handlers);
    this.processingTime = new DueTimers(queue('processing-time'), 'processing-time', byWallClock, handlers);
  }

  /** Reads the earliest timers of both domains; from then on they are due. */
  async open(): Promise<void> {
    await this.eventTime.timers.load(true);
    await this.processingTime.timers.load(true);
    this.byStreamTime.add(this.eventTime);
    this.byWallClock.add(this.processingTime);
  }

  registerEventTimeTimer(timestamp: number): void {
    this.register(this.eventTime, this.byStreamTime, timestamp);
  }

  registerProcessingTimeTimer(timestamp: number): void {
    this.register(this.processingTime, this.byWallClock, timestamp);
  }

  deleteTimer(timestamp: number, domain: TimeDomain): void {
    const event = domain === 'event-time';
    const { timers } = event ? this.eventTime : this.processingTime;
    timers.delete(timestamp, this.currentKey.of('timers'));
    (event ? this.byStreamTime : this.byWallClock).changed();
  }

  private register({ timers }: DueTimers, queue: DueQueue, timestamp: number): void {
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw new TimerTimestampError(this.node, timestamp);
    timers.register(timestamp, this.currentKey.of('timers'));
    if (timestamp < queue.next) queue.changed();
  }
}
