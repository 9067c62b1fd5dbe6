import type { Logger } from '../logging/logger';

/** State of a task that is being restored: from one partition of a changelog, or from the files of a checkpoint. */
export interface RunningRestore {
  readonly task: string;
  /** A changelog topic's partition, or a checkpoint. */
  readonly from: string;
  readonly unit: 'bytes' | 'records';
  readonly total: number;
  /** So far. */
  readonly done: number;
  /** It has come to its end, or was given up. */
  readonly isOver: boolean;
}

/** Is told of each restore when it begins, and may look at it whenever it likes. */
export type RestoreListener = (restore: RunningRestore) => void;

export interface RestoreProgressParts {
  readonly task: string;
  readonly from: string;
  readonly unit: 'bytes' | 'records';
  readonly total: number;
  readonly logger: Logger;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  readonly listener?: RestoreListener | undefined;
}

/** Short restores say nothing; long ones something this often. */
const SAY_EVERY_MS = 5_000;

/** Tells people how far a long restore is, and how fast it goes. */
export class RestoreProgress implements RunningRestore {
  private restored = 0;
  private ended = false;
  private readonly beganAt: number;
  private saidAt: number;

  constructor(private readonly parts: RestoreProgressParts) {
    this.beganAt = this.saidAt = parts.now();
    parts.listener?.(this);
  }

  get task(): string {
    return this.parts.task;
  }

  get from(): string {
    return this.parts.from;
  }

  get unit(): 'bytes' | 'records' {
    return this.parts.unit;
  }

  get total(): number {
    return this.parts.total;
  }

  get done(): number {
    return this.restored;
  }

  get isOver(): boolean {
    return this.ended;
  }

  get remaining(): number {
    return Math.max(0, this.parts.total - this.restored);
  }

  advance(by: number): void {
    this.restored += by;
    const { task, from, unit, total, logger, now } = this.parts;
    const at = now();
    if (at - this.saidAt < SAY_EVERY_MS || this.restored >= total) return;
    this.saidAt = at;
    const percent = Math.floor((100 * this.restored) / total);
    const perSecond = Math.round((1_000 * this.restored) / (at - this.beganAt));
    logger.info(
      { event: 'restoring', task, from, unit, done: this.restored, total, percent, perSecond },
      `Restoring task ${task} from ${from}: ${percent} % of ${total} ${unit}, ${perSecond} a second`,
    );
  }

  /** Whatever became of it. */
  end(): void {
    this.ended = true;
  }
}
