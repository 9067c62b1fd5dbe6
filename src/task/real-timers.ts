import type { Timers } from '../processors/calls-in-flight';

/** The timers of the process. */
export const realTimers: Timers = {
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};
