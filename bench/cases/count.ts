import type { Measurement } from '../comparison';
import { compare, round } from '../comparison';
import type { BenchContext } from '../context';
import type { DrainedRun } from '../drain';
import { drain } from '../drain';
import { createInput } from '../input';
import type { CaseResult } from '../report';

export interface CountOptions {
  readonly keys: readonly number[];
  readonly records: number;
  readonly runs: number;
}

/** How fast, with how much CPU and memory, the engines drain a full topic. */
export async function benchCount(context: BenchContext, options: CountOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const keys of options.keys) {
    const input = await createInput(context, { records: options.records, keys, distinct: 0 });
    results.push(
      ...(await compare(context, {
        bench: 'count',
        case: `${keys} keys`,
        runs: options.runs,
        settings: { records: options.records, keys },
        measure: async (engine) => figures(await drain(context, engine, input), options.records),
      })),
    );
    await context.cluster.deleteTopics(input.topic);
  }
  return results;
}

/**
 * The rate counts what was committed after the first commit, so that it holds neither the start of the process nor the way
 * into the group; the second rate holds both.
 */
function figures({ samples, startedAt, outputRecords }: DrainedRun, records: number): Measurement {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || first === last) {
    throw new Error('the run was over within one look at its commits: give it more --records');
  }
  const rate = (count: number, milliseconds: number): number => Math.round((count / milliseconds) * 1000);
  return {
    records_per_second: rate(last.records - first.records, last.time - first.time),
    records_per_second_from_process_start: rate(records, last.time - startedAt),
    cpu_seconds: round(last.usage.cpuSeconds, 2),
    peak_resident_mb: Math.round(last.usage.peakResidentMegabytes),
    output_records: outputRecords,
  };
}
