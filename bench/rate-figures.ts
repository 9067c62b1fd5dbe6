import type { Measurement } from './comparison';
import { round } from './comparison';
import type { DrainedRun } from './drain';

/**
 * The rate counts what was committed after the first commit, so that it holds neither the start of the process nor the way
 * into the group; the second rate holds both.
 */
export function rateFigures({ samples, startedAt, outputRecords }: DrainedRun): Measurement {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || first === last) {
    throw new Error('the run was over within one look at its commits: give it more --records');
  }
  const rate = (count: number, milliseconds: number): number => Math.round((count / milliseconds) * 1000);
  return {
    records_per_second: rate(last.records - first.records, last.time - first.time),
    records_per_second_from_process_start: rate(last.records, last.time - startedAt),
    cpu_seconds: round(last.usage.cpuSeconds, 2),
    peak_resident_mb: Math.round(last.usage.peakResidentMegabytes),
    output_records: outputRecords,
  };
}
