import { MillraceError } from '../errors/millrace-error';

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** As long as Kafka Streams' task.timeout.ms. */
const GIVE_UP_AFTER_MS = 300_000;

/** Commits failed for so long that the thread gives up. Nothing that was processed meanwhile is visible. */
export class CommitsKeepFailingError extends MillraceError {
  readonly code = 'COMMITS_KEEP_FAILING';

  constructor(failures: number, forMs: number, cause: unknown) {
    const last = cause instanceof Error ? cause.message : String(cause);
    super(
      `${failures} commits failed in a row, for ${Math.round(forMs / 1000)} s. The last one: ${last} Look at the brokers, then start again: it goes on from the last commit.`,
      { cause },
    );
  }
}

/** Counts failed commits in a row: the first is retried at once, the next ones after longer and longer pauses. */
export class CommitFailures {
  private inARow = 0;
  private since = 0;

  constructor(private readonly now: () => number) {}

  succeeded(): void {
    this.inARow = 0;
  }

  /**
   * @returns how long to wait before the next try, in milliseconds
   * @throws CommitsKeepFailingError when it went on for too long
   */
  failed(cause: unknown): number {
    const now = this.now();
    if (this.inARow === 0) this.since = now;
    this.inARow++;
    if (now - this.since > GIVE_UP_AFTER_MS) throw new CommitsKeepFailingError(this.inARow, now - this.since, cause);
    return this.inARow === 1 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.inARow - 2));
  }
}
