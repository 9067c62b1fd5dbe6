import { randomUUID } from 'node:crypto';
import { timeBetweenFailures, type Availability, type Recovery } from '../checkpoint/availability';
import { AvailabilityFigures } from '../checkpoint/availability-figures';
import type { ControlMessage, FailureKind } from '../checkpoint/control-messages';
import { MemberRegister } from '../checkpoint/member-register';
import type { Logger } from '../logging/logger';
import type { MillraceMetrics } from '../metrics/metrics';

/** What is known of a process that ended by a failure. */
export interface EndOfProcess {
  /** Which members of the group it was. */
  readonly members: readonly string[];
  /** Its last sign of life, in milliseconds since 1970. */
  readonly lastSeenAt: number;
}

/**
 * How often the application fails, how long it is away and how much it does twice: tells the other instances what happens here, and
 * hears what happens there. Without a control topic an instance knows of itself only.
 */
export class ApplicationAvailability {
  /** Tells the members of one process from those of another. */
  readonly process = randomUUID();
  private readonly register = new MemberRegister();
  private readonly figures: AvailabilityFigures;
  private say: (message: ControlMessage) => void = (message) => void this.heard(message);

  constructor(
    private readonly metrics: MillraceMetrics,
    /** Milliseconds since 1970. */
    private readonly wallClock: () => number,
  ) {
    this.figures = new AvailabilityFigures(this.register, wallClock());
  }

  /** From now on all instances hear of it, this one included. */
  tellAll(send: (message: ControlMessage) => void): void {
    this.say = send;
  }

  /** Something of this instance failed. */
  failed(kind: FailureKind): void {
    this.metrics.failures.inc({ kind });
    this.say({ type: 'failure', kind });
  }

  /**
   * The process before this one was killed.
   *
   * @param areTasksLeftAlone - else others got them, and told of it
   */
  wasKilled({ members, lastSeenAt }: EndOfProcess, areTasksLeftAlone: boolean): void {
    const kind = 'instance-killed';
    this.metrics.failures.inc({ kind });
    if (areTasksLeftAlone) this.say({ type: 'failure', kind, members: [...members], since: lastSeenAt });
  }

  /** The group gave this instance tasks of a member that had not left it. */
  lost(member: string): void {
    this.say({ type: 'failure', kind: 'instance-killed', members: [member] });
  }

  replayed(records: number): void {
    this.metrics.replayedRecords.inc(records);
    this.say({ type: 'replayed', records });
  }

  /** A stream thread recovered. */
  recovered(recovery: Recovery, logger: Logger): void {
    const { recovery: seconds } = this.metrics;
    seconds.observe({ phase: 'detect' }, recovery.detectMs / 1000);
    seconds.observe({ phase: 'restore' }, recovery.restoreMs / 1000);
    seconds.observe({ phase: 'catch-up' }, recovery.catchUpMs / 1000);
    const detectMs = Math.round(recovery.detectMs);
    const restoreMs = Math.round(recovery.restoreMs);
    const catchUpMs = Math.round(recovery.catchUpMs);
    logger.info(
      { event: 'recovered', detectMs, restoreMs, catchUpMs },
      `Recovered from a failure: ${detectMs} ms to detect it, ${restoreMs} ms to restore, ${catchUpMs} ms to catch up`,
    );
    this.say({ type: 'recovered', recovery: { detectMs, restoreMs, catchUpMs } });
  }

  /** Members that had these tasks, and are not in the group any more. */
  formerOwners(tasks: readonly string[], living: readonly string[]): readonly string[] {
    return [...this.register.ownersOf(tasks)].filter((member) => !living.includes(member));
  }

  /** How a member ended, in milliseconds since 1970. Undefined for one that said nothing. */
  endOf(member: string): { readonly failed: boolean; readonly at: number } | undefined {
    return this.register.endOf(member);
  }

  /** @returns whether it told of a failure that was not known yet */
  heard(message: ControlMessage): boolean {
    this.register.heard(message, this.wallClock());
    const isFailure = this.figures.heard(message);
    if (isFailure || message.type === 'completed') this.measure();
    return isFailure;
  }

  continueFrom(before: Availability): void {
    this.figures.continueFrom(before);
    this.measure();
  }

  get current(): Availability {
    return this.figures.current;
  }

  private measure(): void {
    this.metrics.timeBetweenFailures.set(timeBetweenFailures(this.current, this.wallClock()) / 1000);
  }
}
