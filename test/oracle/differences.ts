import type { Scenario, ScenarioResult } from './scenario';

/** Where Millrace means to do something else than Kafka Streams. */
export interface IntendedDifference {
  readonly name: string;
  /** What each does, and why Millrace does it. Goes into the documentation as it is. */
  readonly reason: string;
  readonly concerns: (scenario: Scenario) => boolean;
  /** Takes out of a result what differs on purpose, and nothing else. It is applied to both sides' results. */
  readonly withoutIt: (result: ScenarioResult, scenario: Scenario) => ScenarioResult;
}

export const intendedDifferences: readonly IntendedDifference[] = [];
