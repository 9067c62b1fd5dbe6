import { setTimeout as pause } from 'node:timers/promises';
import type { Measurement } from './comparison';
import { round } from './comparison';
import type { RunningEngine } from './running-engine';
import { median } from './statistics';

/** Checkpoints are further apart, so that no look finds two new ones. */
const LOOK_AGAIN_MS = 1000;
const MEGABYTE = 2 ** 20;

/** What the checkpoints of a running Millrace cost, as its log and its metrics say it. */
export class CheckpointWatch {
  private readonly ending = new AbortController();
  private readonly done: Promise<void>;
  private readonly pauses = new PauseSeries();
  private fullBytes = 0;

  constructor(private readonly running: RunningEngine) {
    this.done = this.watch();
    // Whoever ends it hears of a failure.
    this.done.catch(() => undefined);
  }

  /** To be called while the engine runs. */
  async end(): Promise<void> {
    this.ending.abort();
    await this.done;
  }

  /** @throws Error when not one checkpoint was completed, so that nothing was measured */
  figures(): Measurement {
    const completed = this.running.eventsOf('checkpoint-completed');
    const [first, ...later] = completed.map(({ storedBytes }) => storedBytes);
    if (first === undefined) throw new Error('no checkpoint was completed in the run: make it longer');
    const durations = completed.map(({ milliseconds }) => milliseconds);
    return {
      checkpoints: completed.length,
      longest_commit_pause_ms: round(this.pauses.longestSeconds * 1000, 1),
      checkpoint_median_ms: median(durations),
      checkpoint_max_ms: Math.max(...durations),
      first_checkpoint_stored_mb: round(first / MEGABYTE, 1),
      ...(later.length === 0 ? {} : { later_checkpoints_stored_mb: round(median(later) / MEGABYTE, 1) }),
      newest_checkpoint_full_mb: round(this.fullBytes / MEGABYTE, 1),
    };
  }

  private async watch(): Promise<void> {
    const { port } = await this.running.event('http-server');
    const { signal } = this.ending;
    while (!signal.aborted) {
      await pause(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      // Once more at the end.
      this.look(await fetchMetrics(port));
    }
  }

  private look(text: string): void {
    const name = 'millrace_snapshot_pause_seconds';
    this.pauses.seen(sample(text, `${name}_count`), sample(text, `${name}_sum`));
    this.fullBytes = sample(text, 'millrace_checkpoint_bytes{extent="full"}');
  }
}

/** The longest of the values of a histogram, from its count and sum, looked at often enough to see each value by itself. */
export class PauseSeries {
  private count = 0;
  private sum = 0;
  longestSeconds = 0;

  /** Values that came together count as their mean each. */
  seen(count: number, sum: number): void {
    if (count > this.count) {
      this.longestSeconds = Math.max(this.longestSeconds, (sum - this.sum) / (count - this.count));
    }
    this.count = count;
    this.sum = sum;
  }
}

async function fetchMetrics(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(10_000) });
  return response.text();
}

/** 0 where there is none yet. */
function sample(text: string, name: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}
