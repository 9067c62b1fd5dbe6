import type { FailureCounter, SkipReason } from '../../../src/task/record-failures';

/** Counts as the metrics do: `<topic> <reason>` to a number. */
export class CountedFailures implements FailureCounter {
  readonly skipped: Record<string, number> = {};
  readonly deadLettered: Record<string, number> = {};

  recordSkipped(topic: string, reason: SkipReason): void {
    count(this.skipped, `${topic} ${reason}`);
  }

  recordDeadLettered(topic: string, reason: SkipReason): void {
    count(this.deadLettered, `${topic} ${reason}`);
  }
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
