import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Machine } from './machine';
import { projectFolder } from './project-folder';

/** One line of bench/results: one metric of one case, both engines. */
export interface CaseResult {
  readonly bench: string;
  readonly case: string;
  /** Ends with its unit. */
  readonly metric: string;
  /** The median of all runs; null where the engine did not run. */
  readonly millrace: number | null;
  readonly peer: number | null;
  /** Millrace's divided by the peer's. */
  readonly ratio: number | null;
  readonly runs: readonly { readonly millrace: number | null; readonly peer: number | null }[];
  readonly time: string;
  readonly seed: number;
  readonly machine: Machine;
  readonly settings: Readonly<Record<string, unknown>>;
}

export const resultsFolder = path.join(projectFolder, 'bench', 'results');

/** Appends JSON lines to bench/results/<bench>.jsonl. */
export function saveResults(results: readonly CaseResult[]): void {
  mkdirSync(resultsFolder, { recursive: true });
  for (const result of results) {
    appendFileSync(path.join(resultsFolder, `${result.bench}.jsonl`), `${JSON.stringify(result)}\n`);
  }
}

/** The medians as a table for people. */
export function formatTable(results: readonly CaseResult[], peerTitle = 'Kafka Streams'): string {
  const number = (value: number | null): string => (value === null ? '-' : value.toLocaleString('en'));
  const rows = [
    ['case', 'metric', 'Millrace', peerTitle, 'ratio'],
    ...results.map((result) => [
      result.case,
      result.metric,
      number(result.millrace),
      number(result.peer),
      number(result.ratio),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}
