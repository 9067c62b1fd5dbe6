import { intendedDifferences } from './differences';
import type { BothOutputs, IntendedDifference } from './differences/intended-difference';
import type { OutputRecord, Scenario, ScenarioResult } from './scenario';

export type Verdict = 'same' | 'different' | { readonly intended: readonly IntendedDifference[] };

/**
 * Whether two sides did the same: for each topic and key the same records, in the same order, each after the same step; and a
 * failure, if any, at the same step. Where they did not, whether all of it is intended.
 */
export function compare(scenario: Scenario, kafka: ScenarioResult, millrace: ScenarioResult): Verdict {
  if (kafka.error?.step !== millrace.error?.step) return 'different';
  const both: BothOutputs = { kafka: kafka.outputs, millrace: millrace.outputs };
  if (same(both)) return 'same';
  const intended = intendedDifferences.filter(({ comparison }) => comparison?.concerns(scenario) === true);
  const explains = (differences: readonly IntendedDifference[]): boolean =>
    same(differences.reduce((left, { comparison }) => comparison!.without(left, scenario), both));
  // One alone, if it can be: what is not needed takes nothing out.
  const sufficient = [...intended.map((one) => [one]), intended].find(explains);
  return sufficient === undefined ? 'different' : { intended: sufficient };
}

function same({ kafka, millrace }: BothOutputs): boolean {
  if (kafka.length !== millrace.length) return false;
  const expected = byKey(kafka);
  const given = byKey(millrace);
  return expected.size === given.size && [...expected].every(([key, records]) => given.get(key) === records);
}

function byKey(outputs: readonly OutputRecord[]): Map<string, string> {
  const keys = new Map<string, string>();
  for (const { step, topic, key, value, timestamp } of outputs) {
    const of = JSON.stringify([topic, key]);
    keys.set(of, `${keys.get(of) ?? ''}${JSON.stringify([step, value, timestamp])}`);
  }
  return keys;
}
