import type { WrongStep } from './counts-reader';
import { number } from './progress-display';

/** What was found in `word-counts` beside what is in the text. */
export interface Verdict {
  readonly passed: boolean;
  readonly lines: readonly string[];
}

const ROWS = 10;

/** Compares every word, and says what was found. */
export function compareCounts(
  found: ReadonlyMap<string, number>,
  wrongSteps: readonly WrongStep[],
  expected: ReadonlyMap<string, number>,
): Verdict {
  const words = [...new Set([...expected.keys(), ...found.keys()])];
  const different = words.filter((word) => found.get(word) !== expected.get(word));
  const mostFrequent = [...expected].sort(([, a], [, b]) => b - a).map(([word]) => word);
  const occurrences = sum(expected);
  const passed = different.length === 0 && wrongSteps.length === 0;
  return {
    passed,
    lines: [
      ...table(different.length > 0 ? different.slice(0, ROWS) : mostFrequent.slice(0, ROWS), found, expected),
      different.length === 0
        ? `All ${number(expected.size)} words are equal: ${number(occurrences)} occurrences, none missing, none counted twice.`
        : `${number(different.length)} of ${number(words.length)} words DIFFER; the first are above.`,
      wrongSteps.length === 0
        ? `Each of the ${number(sum(found))} updates that a read_committed consumer saw was one more than the update before it.`
        : `${number(wrongSteps.length)} updates are WRONG, the first: ${wrongSteps.slice(0, ROWS).map(describeStep).join('; ')}.`,
    ],
  };
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function table(
  words: readonly string[],
  found: ReadonlyMap<string, number>,
  expected: ReadonlyMap<string, number>,
): string[] {
  const row = (word: string, millrace: string, independent: string, equal: string): string =>
    `  ${word.padEnd(20)} ${millrace.padStart(12)} ${independent.padStart(18)}   ${equal}`.trimEnd();
  return [
    row('word', 'word-counts', 'independent count', ''),
    ...words.map((word) => {
      const [millrace, independent] = [found.get(word) ?? 0, expected.get(word) ?? 0];
      return row(word, number(millrace), number(independent), millrace === independent ? 'equal' : 'DIFFERENT');
    }),
  ];
}

function describeStep({ word, before, found, partition, offset }: WrongStep): string {
  return `'${word}' went from ${before} to ${found} (partition ${partition}, offset ${offset})`;
}
