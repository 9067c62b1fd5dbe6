import type { OutputRecord, Scenario, ScenarioResult } from './scenario';

/** A scenario and what one or several sides made of it, for people. */
export function show(scenario: Scenario, results: Readonly<Record<string, ScenarioResult>>): string {
  const lines = scenario.graph.map((step) => `  ${JSON.stringify(step)}`);
  const sides = Object.entries(results);
  scenario.steps.forEach((step, index) => {
    lines.push(
      'advance' in step
        ? `step ${index}: wall clock + ${step.advance} ms`
        : `step ${index}: ${step.topic} ${step.key} = ${step.value} at ${step.timestamp}`,
    );
    const shown = sides.map(([side, { outputs, error }]) => {
      const here = outputs.filter((record) => record.step === index).map(showRecord);
      if (error?.step === index) here.push(`FAILS: ${error.message}`);
      return [side, here.join(' | ')] as const;
    });
    const [first] = shown;
    if (first !== undefined && shown.every(([, text]) => text === first[1])) {
      if (first[1] !== '') lines.push(`    -> ${first[1]}`);
    } else {
      for (const [side, text] of shown) lines.push(`    ${side} -> ${text === '' ? '(nothing)' : text}`);
    }
  });
  return lines.join('\n');
}

function showRecord({ topic, key, value, timestamp }: OutputRecord): string {
  return `${topic} ${key} = ${value} at ${timestamp}`;
}
