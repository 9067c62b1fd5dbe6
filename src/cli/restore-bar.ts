import type { LogDestination } from '../logging/create-logger';
import type { LogFormat } from '../logging/logger';
import type { RestoreListener } from '../runtime/restore-progress';
import { RestoreTotals } from './restore-totals';

/** Draws text in place of what it drew before. */
interface Overwrite {
  (text: string): void;
  clear(): void;
}

const DRAW_EVERY_MS = 100;

/**
 * Shows on the terminal how far restores are, below the log. Log lines have to be written through it: they take its place, and it is drawn
 * again below them.
 */
export class RestoreBar {
  private readonly totals = new RestoreTotals(() => performance.now());
  private timer: NodeJS.Timeout | undefined;
  private isDrawn = false;

  private constructor(
    private readonly overwrite: Overwrite,
    private readonly log: NodeJS.WriteStream,
  ) {}

  /** Undefined where people would not see it as it is meant: standard error is no terminal with a width, or the log is for programs. */
  static async open({ stdout, stderr }: NodeJS.Process, format: LogFormat): Promise<RestoreBar | undefined> {
    if (!stderr.isTTY || !(stderr.columns > 0) || format === 'json' || (format === 'auto' && !stdout.isTTY))
      return undefined;
    const { createLogUpdate } = await import('log-update');
    // A hidden cursor would stay hidden when the process is killed.
    return new RestoreBar(createLogUpdate(stderr, { showCursor: true }), stdout);
  }

  readonly onRestore: RestoreListener = (restore) => {
    this.totals.add(restore);
    this.timer ??= setInterval(() => this.draw(), DRAW_EVERY_MS);
  };

  /** Where the log is to be written. */
  get logDestination(): LogDestination {
    return {
      isTTY: this.log.isTTY,
      write: (line) => {
        if (this.isDrawn) this.overwrite.clear();
        this.log.write(line);
        if (this.isDrawn) this.draw();
      },
    };
  }

  private draw(): void {
    const lines = this.totals.lines();
    if (lines.length === 0) return this.close();
    this.isDrawn = true;
    this.overwrite(lines.join('\n'));
  }

  /** Takes it away, until another restore begins. */
  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    if (this.isDrawn) this.overwrite.clear();
    this.isDrawn = false;
  }
}
