import type { Logger } from '../logging/logger';

export interface RestoreProgressParts {
  readonly task: string;
  /** Where from: a changelog topic's partition, or a checkpoint. */
  readonly from: string;
  readonly unit: 'bytes' | 'records';
  readonly total: number;
  readonly logger: Logger;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
}

/** Short restores say nothing; long ones something this often. */
const SAY_EVERY_MS = 5_000;

/** Tells people how far a long restore is, and how fast it goes. */
export class RestoreProgress {
  private done = 0;
  private readonly beganAt: number;
  private saidAt: number;

  constructor(private readonly parts: RestoreProgressParts) {
    this.beganAt = this.saidAt = parts.now();
  }

  get remaining(): number {
    return Math.max(0, this.parts.total - this.done);
  }

  advance(by: number): void {
    this.done += by;
    const { task, from, unit, total, logger, now } = this.parts;
    const at = now();
    if (at - this.saidAt < SAY_EVERY_MS || this.done >= total) return;
    this.saidAt = at;
    const percent = Math.floor((100 * this.done) / total);
    const perSecond = Math.round((1_000 * this.done) / (at - this.beganAt));
    logger.info(
      { event: 'restoring', task, from, unit, done: this.done, total, percent, perSecond },
      `Restoring task ${task} from ${from}: ${percent} % of ${total} ${unit}, ${perSecond} a second`,
    );
  }
}
