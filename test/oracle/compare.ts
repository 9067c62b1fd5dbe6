import { intendedDifferences, type IntendedDifference } from './differences';
import type { OutputRecord, Scenario, ScenarioResult } from './scenario';

export type Verdict = 'same' | 'different' | { readonly intended: readonly IntendedDifference[] };

/**
 * Whether two sides did the same: for each topic and key the same records, in the same order, each after the same step; and a
 * failure, if any, at the same step. Where they did not, whether all of it is intended.
 */
export function compare(scenario: Scenario, one: ScenarioResult, other: ScenarioResult): Verdict {
  if (same(one, other)) return 'same';
  const intended = intendedDifferences.filter(({ concerns }) => concerns(scenario));
  const rest = (result: ScenarioResult): ScenarioResult =>
    intended.reduce((left, { withoutIt }) => withoutIt(left, scenario), result);
  return intended.length > 0 && same(rest(one), rest(other)) ? { intended } : 'different';
}

function same(one: ScenarioResult, other: ScenarioResult): boolean {
  if (one.error?.step !== other.error?.step || one.outputs.length !== other.outputs.length) return false;
  const ones = byKey(one.outputs);
  const others = byKey(other.outputs);
  return ones.size === others.size && [...ones].every(([key, records]) => others.get(key) === records);
}

function byKey(outputs: readonly OutputRecord[]): Map<string, string> {
  const keys = new Map<string, string>();
  for (const { step, topic, key, value, timestamp } of outputs) {
    const of = JSON.stringify([topic, key]);
    keys.set(of, `${keys.get(of) ?? ''}${JSON.stringify([step, value, timestamp])}`);
  }
  return keys;
}
