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
  readonly concerns: (scenario: Scenario) => boolean;
  /** Takes out what differs on purpose, and nothing else: what is left must be equal. */
  readonly without: (both: BothOutputs, scenario: Scenario) => BothOutputs;
}
