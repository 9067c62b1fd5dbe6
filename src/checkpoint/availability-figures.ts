import type { Availability } from './availability';
import type { ControlMessage } from './control-messages';
import type { MemberRegister } from './member-register';

/** Processes whose end was counted are remembered, so many: they are told of by all who notice. */
const ENDS_KEPT = 1_000;

/** Adds up what the members of an application say of failures and recoveries. Each instance has one, and hears all. */
export class AvailabilityFigures {
  private readonly ended = new Set<string>();
  private figures: Availability;
  /** What was counted before this instance began is in it. */
  private isContinued = false;

  constructor(
    private readonly register: MemberRegister,
    /** Milliseconds since 1970. */
    since: number,
  ) {
    this.figures = { since, failures: 0, replayedRecords: 0 };
  }

  /** @returns whether it told of a failure that was not counted before */
  heard(message: ControlMessage): boolean {
    const { failures, replayedRecords } = this.figures;
    switch (message.type) {
      case 'failure':
        if (!this.isNew(message.members)) return false;
        this.figures = { ...this.figures, failures: failures + 1 };
        return true;
      case 'replayed':
        this.figures = { ...this.figures, replayedRecords: replayedRecords + message.records };
        return false;
      case 'recovered':
        this.figures = { ...this.figures, lastRecovery: message.recovery };
        return false;
      case 'completed':
        if (message.availability !== undefined) this.agreeWith(message.availability);
        return false;
      default:
        return false;
    }
  }

  /** Goes on from what was known when this instance began. */
  continueFrom(before: Availability): void {
    if (this.isContinued) return;
    this.isContinued = true;
    const { failures, replayedRecords, lastRecovery = before.lastRecovery } = this.figures;
    this.figures = {
      since: before.since,
      failures: before.failures + failures,
      replayedRecords: before.replayedRecords + replayedRecords,
      lastRecovery,
    };
  }

  get current(): Availability {
    return this.figures;
  }

  /** Who coordinates knows of all that this instance heard, but for what was said while the checkpoint was being completed. */
  private agreeWith({ since, failures, replayedRecords, lastRecovery }: Availability): void {
    this.isContinued = true;
    const own = this.figures;
    this.figures = {
      since: Math.min(own.since, since),
      failures: Math.max(own.failures, failures),
      replayedRecords: Math.max(own.replayedRecords, replayedRecords),
      lastRecovery: own.lastRecovery ?? lastRecovery,
    };
  }

  private isNew(members: readonly string[] | undefined): boolean {
    if (members === undefined) return true;
    const processes = members.map((member) => this.register.processOf(member));
    const isNew = !processes.some((process) => this.ended.has(process));
    for (const process of [...processes, ...members]) this.ended.add(process);
    for (const oldest of this.ended) {
      if (this.ended.size <= ENDS_KEPT) break;
      this.ended.delete(oldest);
    }
    return isNew;
  }
}
