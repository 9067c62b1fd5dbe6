import type { TopologyError } from './errors';
import type { Suppression } from './suppression';
import { IllegalWindowError } from './window-errors';
import type { WindowDefinition } from './window-operators';

const LENGTH = 'a whole number of milliseconds from 1 up';
const DURATION = 'a whole number of milliseconds from 0 up';

/** Reports what is wrong with a window's times. JavaScript callers may also have left some out. */
export function checkWindow(node: string, window: WindowDefinition, report: (problem: TopologyError) => void): void {
  const check = (what: string, value: number, least: number): void => {
    if (isWhole(value, least)) return;
    report(new IllegalWindowError(node, what, value, least === 0 ? DURATION : LENGTH));
  };
  check('the grace', window.graceMs, 0);
  switch (window.type) {
    case 'tumbling':
      return check('the window size', window.sizeMs, 1);
    case 'hopping':
      check('the window size', window.sizeMs, 1);
      check('the advance', window.advanceMs, 1);
      if (window.advanceMs > window.sizeMs) {
        const allowed = `one of at most the window's size, ${window.sizeMs}, or records would be in no window`;
        report(new IllegalWindowError(node, 'the advance', window.advanceMs, allowed));
      }
      return;
    case 'sliding':
      return check('the time difference', window.timeDifferenceMs, 0);
    case 'session':
      return check('the inactivity gap', window.inactivityGapMs, 1);
  }
}

/** Reports what is wrong with the times and limits of a `suppress`. */
export function checkSuppression(
  node: string,
  { until, ms, maxRecords, maxBytes }: Suppression<unknown>,
  report: (problem: TopologyError) => void,
): void {
  if (until === 'time-limit' && !isWhole(ms, 0)) {
    report(new IllegalWindowError(node, 'the time limit', ms, DURATION));
  }
  if (maxRecords !== undefined && !isWhole(maxRecords, 0)) {
    report(new IllegalWindowError(node, 'the limit of records', maxRecords, 'a whole number from 0 up'));
  }
  if (maxBytes !== undefined && !isWhole(maxBytes, 0)) {
    report(new IllegalWindowError(node, 'the limit of bytes', maxBytes, 'a whole number from 0 up'));
  }
}

function isWhole(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}
