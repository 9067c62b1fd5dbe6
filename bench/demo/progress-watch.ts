import { setTimeout as pause } from 'node:timers/promises';
import type { CountsReader } from './counts-reader';
import type { IndependentCount } from './independent-count';
import type { ProgressDisplay } from './progress-display';
import { fetchMetrics } from './service-metrics';
import type { WordCountService } from './word-count-service';

export interface Watched {
  readonly display: ProgressDisplay;
  readonly service: WordCountService;
  readonly reader: CountsReader;
  readonly written: IndependentCount;
}

const INTERVAL_MS = 500;
const TOP_WORDS = 6;

/** Looks at everything twice a second, and shows it. */
export class ProgressWatch {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(private readonly watched: Watched) {}

  start(): void {
    this.running = this.watch();
  }

  /** Takes the progress off the display. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    this.watched.display.end();
  }

  private async watch(): Promise<void> {
    const { display, service, reader, written } = this.watched;
    const { signal } = this.stopping;
    let before = { at: performance.now(), recordsIn: 0 };
    while (!signal.aborted) {
      const { metricsPort } = service;
      const metrics = metricsPort === undefined ? undefined : await fetchMetrics(metricsPort);
      const now = { at: performance.now(), recordsIn: metrics?.recordsIn ?? 0 };
      const recordsPerSecond = (Math.max(0, now.recordsIn - before.recordsIn) * 1000) / (now.at - before.at);
      before = now;
      display.show({
        service: service.describe(),
        metrics,
        recordsPerSecond,
        countedWords: reader.total,
        writtenWords: written.total,
        topWords: mostFrequent(reader.counts, TOP_WORDS),
      });
      await pause(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

function mostFrequent(counts: ReadonlyMap<string, number>, howMany: number): [string, number][] {
  const top: [string, number][] = [];
  for (const [word, count] of counts) {
    if (top.length === howMany && count <= top[howMany - 1]![1]) continue;
    top.push([word, count]);
    top.sort(([, a], [, b]) => b - a);
    top.length = Math.min(top.length, howMany);
  }
  return top;
}
