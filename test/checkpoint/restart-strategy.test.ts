import fc from 'fast-check';
import {
  exponentialDelay,
  failureRate,
  fixedDelay,
  noRestart,
  type RestartDecision,
  type RestartStrategy,
} from '../../src/checkpoint/restart-strategy';

/** Failures, each so long after the one before. */
const gaps = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 50 });

function decisions(strategy: RestartStrategy, after: readonly number[]): { now: number; decision: RestartDecision }[] {
  let now = 0;
  return after.map((gap) => {
    now += gap;
    return { now, decision: strategy.decide(now) };
  });
}

function delayOf(decision: RestartDecision): number {
  if ('giveUp' in decision) throw new Error(`it gave up: ${decision.giveUp}`);
  return decision.restartAfterMs;
}

const middle = (): number => 0.5;

describe('the restart strategy', () => {
  it('none gives up at once', () => {
    expect(noRestart().decide(0)).toEqual({ giveUp: 'the restart strategy is none' });
  });

  it('fixed-delay restarts as often as it may, whenever that is, then never again', () => {
    fc.assert(
      fc.property(gaps, fc.nat(20), fc.nat(60_000), (after, attempts, delayMs) => {
        const made = decisions(fixedDelay({ attempts, delayMs }), after).map(({ decision }) => decision);
        made.forEach((decision, index) => {
          if (index < attempts) expect(decision).toEqual({ restartAfterMs: delayMs });
          else expect(decision).toEqual({ giveUp: 'no attempt is left' });
        });
      }),
    );
  });

  describe('failure-rate', () => {
    it('gives up exactly when the interval before a failure, that one included, holds more failures than it may', () => {
      const numbers = { maxFailures: fc.integer({ min: 1, max: 5 }), intervalMs: fc.integer({ min: 1, max: 30_000 }) };
      fc.assert(
        fc.property(gaps, fc.record(numbers), (after, options) => {
          const made = decisions(failureRate({ ...options, delayMs: 7 }), after);
          for (const { now, decision } of made) {
            // All failures with the same time were not yet known at the first of them.
            const known = made.slice(0, made.findIndex((each) => each.decision === decision) + 1);
            const recent = known.filter((each) => now - each.now < options.intervalMs).length;
            if (recent <= options.maxFailures) expect(decision).toEqual({ restartAfterMs: 7 });
            else expect(decision).toEqual({ giveUp: `there were ${recent} failures within ${options.intervalMs} ms` });
          }
        }),
      );
    });
  });

  it('failure-rate forgets a failure when its interval is over, and not before', () => {
    const decide = (gap: number): RestartDecision =>
      decisions(failureRate({ maxFailures: 1, intervalMs: 1_000, delayMs: 7 }), [0, gap])[1]!.decision;
    expect(decide(999)).toEqual({ giveUp: 'there were 2 failures within 1000 ms' });
    expect(decide(1_000)).toEqual({ restartAfterMs: 7 });
  });

  describe('exponential-delay', () => {
    const numbers = { initialMs: 1_000, maxMs: 10_000, multiplier: 2, resetAfterMs: 60_000, jitter: 0 };

    it('waits ever longer, up to the most', () => {
      const made = decisions(exponentialDelay(numbers, middle), [0, 1_001, 2_001, 4_001, 8_001, 10_001]);
      expect(made.map(({ decision }) => delayOf(decision))).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    });

    it('begins anew when it went well for long enough, not counting the delay', () => {
      const strategy = exponentialDelay(numbers, middle);
      expect(delayOf(strategy.decide(0))).toBe(1_000);
      expect(delayOf(strategy.decide(60_999))).toBe(2_000);
      expect(delayOf(strategy.decide(60_999 + 62_000))).toBe(1_000);
    });

    it('never gives up, and stays within its limits whatever happens', () => {
      const options = fc.record({
        initialMs: fc.integer({ min: 1, max: 5_000 }),
        maxMs: fc.integer({ min: 5_000, max: 100_000 }),
        multiplier: fc.double({ min: 1, max: 10, noNaN: true }),
        resetAfterMs: fc.nat(20_000),
        jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      });
      const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
      fc.assert(
        fc.property(gaps, options, fc.array(random, { minLength: 50, maxLength: 50 }), (after, each, drawn) => {
          let draws = 0;
          for (const { decision } of decisions(
            exponentialDelay(each, () => drawn[draws++]!),
            after,
          )) {
            const delay = delayOf(decision);
            expect(delay).toBeGreaterThanOrEqual(each.initialMs * (1 - each.jitter));
            expect(delay).toBeLessThanOrEqual(each.maxMs);
          }
          expect(draws).toBe(after.length);
        }),
      );
    });

    it('moves each delay by its jitter, and no further, without moving the next one', () => {
      const draws = [0, 0.999_999, 0.5];
      const strategy = exponentialDelay({ ...numbers, jitter: 0.1 }, () => draws.shift()!);
      const made = decisions(strategy, [0, 1, 1]).map(({ decision }) => delayOf(decision));
      expect(made[0]).toBe(900);
      expect(made[1]).toBeCloseTo(2_200, 1);
      expect(made[2]).toBe(4_000);
    });
  });

  it('describes itself with its numbers', () => {
    expect(noRestart().description).toBe('none');
    expect(fixedDelay({ attempts: 3, delayMs: 100 }).description).toBe('fixed-delay (attempts: 3, delay: 100 ms)');
  });
});
