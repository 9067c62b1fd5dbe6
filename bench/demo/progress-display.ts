import type { ServiceMetrics } from './service-metrics';

/** What the display shows of one moment. */
export interface Progress {
  readonly service: string;
  /** Undefined while no process answers. */
  readonly metrics: ServiceMetrics | undefined;
  readonly recordsPerSecond: number;
  readonly countedWords: number;
  readonly writtenWords: number;
  /** The most frequent words and their counts, the first one first. */
  readonly topWords: readonly (readonly [string, number])[];
}

/** Shows the demo's progress while it runs. */
export interface ProgressDisplay {
  /** Something happened: a line that stays. */
  say(line: string): void;
  show(progress: Progress): void;
  /** Takes the progress away; the lines stay. */
  end(): void;
}

/** How often a line of progress is written where nothing can be overwritten. */
const PLAIN_INTERVAL_MS = 2_000;

const BAR_WIDTH = 40;

/** A display that overwrites itself on a terminal, and writes a line now and then anywhere else. */
export async function createDisplay(output: NodeJS.WriteStream, now: () => number): Promise<ProgressDisplay> {
  if (!output.isTTY) return new PlainDisplay(output, now);
  const { createLogUpdate } = await import('log-update');
  return new LiveDisplay(output, createLogUpdate(output));
}

class LiveDisplay implements ProgressDisplay {
  private last: Progress | undefined;

  constructor(
    private readonly output: NodeJS.WriteStream,
    private readonly overwrite: ((text: string) => void) & { clear(): void; done(): void },
  ) {}

  say(line: string): void {
    this.overwrite.clear();
    this.output.write(`${line}\n`);
    if (this.last !== undefined) this.show(this.last);
  }

  show(progress: Progress): void {
    this.last = progress;
    this.overwrite(`\n${describe(progress).join('\n')}`);
  }

  end(): void {
    this.overwrite.clear();
    this.overwrite.done();
    this.last = undefined;
  }
}

class PlainDisplay implements ProgressDisplay {
  private nextAt = 0;

  constructor(
    private readonly output: NodeJS.WriteStream,
    private readonly now: () => number,
  ) {}

  say(line: string): void {
    this.output.write(`${line}\n`);
  }

  show(progress: Progress): void {
    if (this.now() < this.nextAt) return;
    this.nextAt = this.now() + PLAIN_INTERVAL_MS;
    const { countedWords, writtenWords, topWords } = progress;
    const top = topWords.slice(0, 3).map(wordAndCount).join(', ');
    this.say(
      `  ${number(countedWords)} of ${number(writtenWords)} words counted${top && ` (${top})`}; ${describeService(progress)}`,
    );
  }

  end(): void {
    // Its lines stay.
  }
}

function describe(progress: Progress): string[] {
  const { countedWords, writtenWords, topWords } = progress;
  const filled = Math.round(BAR_WIDTH * Math.min(1, countedWords / Math.max(1, writtenWords)));
  return [
    `  service    ${describeService(progress)}`,
    `  words      ${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${number(countedWords)} of ${number(writtenWords)}`,
    `  top words  ${topWords.map(wordAndCount).join('  ')}`,
  ];
}

function describeService({ service, metrics, recordsPerSecond }: Progress): string {
  if (metrics === undefined) return service;
  const { recordsIn, commits, lag } = metrics;
  return `${service}: ${number(recordsIn)} records in, ${number(recordsPerSecond)}/s, ${number(commits)} commits, lag ${number(lag)}`;
}

function wordAndCount([word, count]: readonly [string, number]): string {
  return `${word} ${number(count)}`;
}

/** Whole, with a comma between thousands. */
export function number(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
