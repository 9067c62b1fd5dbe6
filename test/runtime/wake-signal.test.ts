import { WakeSignal } from '../../src/runtime/wake-signal';

/** Longer than any test may take: a wait that is not woken fails the test. */
const FOREVER_MS = 3_600_000;

describe('WakeSignal', () => {
  it('ends a wait', async () => {
    const signal = new WakeSignal();
    const waiting = signal.wait(FOREVER_MS);
    signal.wake();
    await waiting;
  });

  it('keeps a wake that comes before the wait', async () => {
    const signal = new WakeSignal();
    signal.wake();
    signal.wake();
    await signal.wait(FOREVER_MS);
  });

  it('keeps it for one wait only', async () => {
    jest.useFakeTimers();
    try {
      const signal = new WakeSignal();
      signal.wake();
      await signal.wait(FOREVER_MS);
      let over = false;
      const second = signal.wait(1000).then(() => (over = true));
      await jest.advanceTimersByTimeAsync(999);
      expect(over).toBe(false);
      await jest.advanceTimersByTimeAsync(1);
      await second;
    } finally {
      jest.useRealTimers();
    }
  });

  it('does not wait where there is no time for it', async () => {
    const signal = new WakeSignal();
    await signal.wait(0);
    await signal.wait(-5);
  });
});
