import type { OutputRecord, Scenario } from '../scenario';

/** What each side gave. */
export interface BothOutputs {
  readonly kafka: readonly OutputRecord[];
  readonly millrace: readonly OutputRecord[];
}

/** Where Millrace means to do something else than Kafka Streams. */
export interface IntendedDifference {
  readonly name: string;
  /** What each does, and why Millrace does it. */
  readonly reason: string;
  /** A small case of it. A test sees that both sides still differ there. */
  readonly example: Scenario;
  /** How to compare generated scenarios all the same. Without it, no kind of scenario leads to the difference. */
  readonly comparison?: {
    readonly concerns: (scenario: Scenario) => boolean;
    /** Takes out what differs on purpose, and nothing else: what is left must be equal. */
    readonly without: (both: BothOutputs, scenario: Scenario) => BothOutputs;
  };
}
