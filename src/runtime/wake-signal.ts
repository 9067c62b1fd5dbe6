/** Lets one loop sleep until somebody has something for it. A wake that comes while it is awake is kept for the next wait. */
export class WakeSignal {
  private woken = false;
  private resolve: (() => void) | undefined;

  readonly wake = (): void => {
    this.woken = true;
    this.resolve?.();
  };

  /** Resolves at the next wake, or after `timeoutMs`. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.woken && timeoutMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.resolve = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.resolve = undefined;
    this.woken = false;
  }
}

/** Lets sockets, timers and the database's threads report before the next slice of work. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
