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
  let both: BothOutputs = { kafka: kafka.outputs, millrace: millrace.outputs };
  if (same(both)) return 'same';
  const intended = intendedDifferences.filter(({ comparison }) => comparison?.concerns(scenario) === true);
  for (const { comparison } of intended) both = comparison!.without(both, scenario);
  return intended.length > 0 && same(both) ? { intended } : 'different';
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
