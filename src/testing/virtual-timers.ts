import type { Timers } from '../processors/calls-in-flight';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Timers on a clock that moves only when it is told to. */
export class VirtualTimers implements Timers {
  private readonly timers = new Set<Timer>();

  constructor(private readonly now: () => number) {}

  after(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.now() + milliseconds, run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** When the next timer is due; undefined when there is none. */
  get nextAt(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.timers) if (next === undefined || at < next) next = at;
    return next;
  }

  /** Runs what is due, in the order in which it is due. */
  runDue(): void {
    const now = this.now();
    const due = [...this.timers].filter(({ at }) => at <= now).sort((one, other) => one.at - other.at);
    for (const timer of due) if (this.timers.delete(timer)) timer.run();
  }
}
