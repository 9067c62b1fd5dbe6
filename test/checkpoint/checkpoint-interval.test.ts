import fc from 'fast-check';
import {
  averageCost,
  bestInterval,
  meanTimeBetweenFailures,
  PRIOR_TIME_BETWEEN_FAILURES_MS,
} from '../../src/checkpoint/checkpoint-interval';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const bounds = { minMs: 1, maxMs: Number.MAX_SAFE_INTEGER };
const milliseconds = fc.integer({ min: 1, max: 30 * 24 * HOUR });

/** Time lost to checkpoints and to work that is done again, for each millisecond of work. Young's first order model. */
const loss = (intervalMs: number, costMs: number, betweenMs: number): number =>
  costMs / intervalMs + intervalMs / (2 * betweenMs);

describe('the adaptive interval', () => {
  it('is what Young says', () => {
    expect(bestInterval(2_000, 24 * HOUR, bounds)).toBeCloseTo(Math.sqrt(2 * 2_000 * 24 * HOUR));
    expect(bestInterval(2_000, 86.4 * HOUR, bounds) / MINUTE).toBeCloseTo(18.59, 1);
  });

  it('loses less than any other interval', () => {
    fc.assert(
      fc.property(
        milliseconds,
        milliseconds,
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        (cost, between, factor) => {
          fc.pre(cost < between / 2);
          const best = bestInterval(cost, between, bounds);
          expect(loss(best * factor, cost, between)).toBeGreaterThanOrEqual(loss(best, cost, between) * (1 - 1e-9));
        },
      ),
    );
  });

  it('is never longer than the time between failures', () => {
    fc.assert(
      fc.property(milliseconds, milliseconds, (cost, between) => {
        expect(bestInterval(cost, between, bounds)).toBeLessThanOrEqual(between);
      }),
    );
  });

  it('stays within its bounds', () => {
    fc.assert(
      fc.property(fc.nat(), milliseconds, milliseconds, milliseconds, (cost, between, a, b) => {
        const limits = { minMs: Math.min(a, b), maxMs: Math.max(a, b) };
        const interval = bestInterval(cost, between, limits);
        expect(interval).toBeGreaterThanOrEqual(limits.minMs);
        expect(interval).toBeLessThanOrEqual(limits.maxMs);
      }),
    );
  });

  it('grows with the cost, and shrinks with the rate of failures', () => {
    expect(bestInterval(4_000, HOUR, bounds)).toBeCloseTo(2 * bestInterval(1_000, HOUR, bounds));
    expect(bestInterval(1_000, HOUR, bounds)).toBeCloseTo(2 * bestInterval(1_000, HOUR / 4, bounds));
  });
});

describe('the average cost', () => {
  it('is that of the first checkpoint, then between the average and the latest, nearer to the average', () => {
    expect(averageCost(undefined, 700)).toBe(700);
    expect(averageCost(1_000, 2_000)).toBe(1_300);
  });

  it('comes to a cost that stays', () => {
    let average = 10_000;
    for (let count = 0; count < 40; count++) average = averageCost(average, 500);
    expect(average).toBeCloseTo(500, -1);
  });
});

describe('the mean time between failures', () => {
  it('is a day when nobody has looked yet, and longer the longer none was seen', () => {
    expect(meanTimeBetweenFailures({ failures: 0, observedMs: 0 })).toBe(PRIOR_TIME_BETWEEN_FAILURES_MS);
    expect(meanTimeBetweenFailures({ failures: 0, observedMs: 48 * HOUR })).toBe(72 * HOUR);
  });

  it('comes to what is seen', () => {
    const failures = 1_000;
    expect(meanTimeBetweenFailures({ failures, observedMs: failures * HOUR }) / HOUR).toBeCloseTo(1, 1);
  });
});
