import type { TimedValue } from '../../serde/timed-value';
import type { EpochStore } from '../epoch-store';
import type { TimeToLive } from './time-to-live';

type Timed = TimedValue<unknown> | readonly TimedValue<unknown>[];

/** Entries of one round. A round is one scan and at most one read, so it must not be small. */
const ROUND_ENTRIES = 500;

/**
 * Goes through a store with a time to live again and again, and removes what has expired: a few entries for each record, done in
 * rounds. It scans the database only; what is not in it yet was written just now.
 */
export class ExpiredCleanup {
  private credit = 0;
  private position: Buffer | undefined;

  constructor(
    private readonly store: EpochStore<unknown, Timed>,
    private readonly ttl: TimeToLive,
    private readonly entriesPerRecord: number,
  ) {}

  /** A record was processed. A promise when a round is due. */
  recordProcessed(): Promise<void> | undefined {
    this.credit += this.entriesPerRecord;
    if (this.credit < ROUND_ENTRIES) return undefined;
    const entries = this.credit;
    this.credit = 0;
    return this.round(entries);
  }

  private async round(entries: number): Promise<void> {
    const { store } = this;
    const expired: unknown[] = [];
    let left = entries;
    let ended = true;
    for await (const [stored, key, value] of store.written(this.position)) {
      this.position = stored;
      if (this.hasExpired(value)) expired.push(key);
      if (--left === 0) {
        ended = false;
        break;
      }
    }
    if (ended) this.position = undefined;
    for (const key of expired) store.request(key);
    await store.loadRequested();
    for (const key of expired) {
      const entry = store.lookup(key) ?? (await store.load(key));
      // It may have been written since.
      if (entry.value !== undefined && this.hasExpired(entry.value)) store.delete(key);
    }
  }

  private hasExpired(value: Timed): boolean {
    if (isList(value)) return value.every(({ at }) => this.ttl.hasExpired(at));
    return this.ttl.hasExpired(value.at);
  }
}

function isList(value: Timed): value is readonly TimedValue<unknown>[] {
  return Array.isArray(value);
}
