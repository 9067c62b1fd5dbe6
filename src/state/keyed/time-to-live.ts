import type { StateTtl } from '../../topology/state-descriptors';

/** The clocks that state may live by, in milliseconds since 1970. */
export interface StateClocks {
  readonly streamTime: number;
  readonly wallClock: () => number;
}

/** Says what has expired. */
export class TimeToLive {
  readonly prolongedByReads: boolean;
  readonly showsExpired: boolean;

  constructor(
    private readonly ttl: StateTtl,
    private readonly clocks: StateClocks,
  ) {
    this.prolongedByReads = ttl.update === 'on-read-and-write';
    this.showsExpired = ttl.visibility === 'return-expired-if-not-cleaned-up';
  }

  now(): number {
    return this.ttl.time === 'event-time' ? this.clocks.streamTime : this.clocks.wallClock();
  }

  hasExpired(at: number): boolean {
    return at + this.ttl.ms <= this.now();
  }
}
