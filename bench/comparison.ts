import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BenchContext } from './context';
import { summarizeProfiles } from './cpu-profile';
import type { Engine, EngineName } from './engines/engine';
import { millraceEngine } from './engines/millrace';
import type { CaseResult } from './report';
import { resultsFolder } from './report';
import { median } from './statistics';

/** Figures of one run, by metric. */
export type Measurement = Readonly<Record<string, number>>;

export interface Comparison {
  readonly bench: string;
  readonly case: string;
  readonly runs: number;
  /** Beside the engines' own settings. */
  readonly settings: Readonly<Record<string, string | number>>;
  readonly measure: (engine: Engine) => Promise<Measurement>;
}

/** Runs the engines in turn, A B A B, and gives the median of each metric beside all its runs. */
export async function compare(context: BenchContext, comparison: Comparison): Promise<CaseResult[]> {
  const rounds: Partial<Record<EngineName, Measurement>>[] = [];
  for (let number = 1; number <= comparison.runs; number++) {
    const round: Partial<Record<EngineName, Measurement>> = {};
    for (const engine of context.engines) {
      const measurement = await comparison.measure(engine);
      round[engine.name] = measurement;
      const figures = Object.entries(measurement).map(([metric, value]) => `${metric} ${value.toLocaleString('en')}`);
      context.log(`${comparison.case}, run ${number}, ${engine.title}: ${figures.join(', ')}`);
    }
    rounds.push(round);
  }
  if (context.profiles) await saveProfile(context, comparison);
  const metrics = Object.keys(Object.values(rounds[0] ?? {})[0] ?? {});
  return metrics.map((metric) => {
    const valuesOf = (engine: EngineName): number[] => rounds.flatMap((round) => round[engine]?.[metric] ?? []);
    const medianOf = (engine: EngineName): number | null => {
      const values = valuesOf(engine);
      return values.length === 0 ? null : median(values);
    };
    const millrace = medianOf('millrace');
    const peer = medianOf('peer');
    return {
      bench: comparison.bench,
      case: comparison.case,
      metric,
      millrace,
      peer,
      ratio: millrace === null || peer === null || peer === 0 ? null : round(millrace / peer, 3),
      runs: rounds.map((each) => ({ millrace: each.millrace?.[metric] ?? null, peer: each.peer?.[metric] ?? null })),
      time: new Date().toISOString(),
      seed: context.seed,
      machine: context.machine,
      settings: {
        ...comparison.settings,
        ...Object.fromEntries(context.engines.map((engine) => [engine.name, engine.settings])),
      },
    };
  });
}

async function saveProfile(context: BenchContext, comparison: Comparison): Promise<void> {
  const name = `${comparison.bench}-${comparison.case.replaceAll(/\W+/g, '-')}-profile`;
  const folder = path.join(context.folder, name);
  await comparison.measure(millraceEngine({ nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${folder}`] }));
  const summary = summarizeProfiles(folder);
  const file = path.join(resultsFolder, `${name}.txt`);
  await mkdir(resultsFolder, { recursive: true });
  await writeFile(file, summary);
  context.log(`\n${summary}saved in ${path.relative(process.cwd(), file)}`);
}

/** Keeps so many decimals. */
export function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
