import type { Measurement } from '../comparison';
import { compare } from '../comparison';
import type { BenchContext } from '../context';
import type { Sample } from '../drain';
import { drain } from '../drain';
import { createInput } from '../input';
import type { CaseResult } from '../report';

export interface MemoryOptions {
  readonly keys: number;
  /** After how many records of one run memory is compared, ascending. */
  readonly marks: readonly number[];
  readonly runs: number;
}

const MEAN_OVER_MS = 1000;

/** What comes behind the last mark: the second in which memory is looked at, and full queues until its end. */
const RECORDS_BEHIND = 500_000;

/**
 * Whether memory grows with the number of records: with keys at random from the first record on, so that their number grows too; and with
 * every key once before the records that are counted, so that the state stays as large as it is.
 */
export async function benchMemory(context: BenchContext, options: MemoryOptions): Promise<CaseResult[]> {
  return [
    ...(await compareMemory(context, options, `${options.keys} keys`, 0)),
    ...(await compareMemory(context, options, `${options.keys} keys, each once before`, options.keys)),
  ];
}

async function compareMemory(
  context: BenchContext,
  options: MemoryOptions,
  name: string,
  distinct: number,
): Promise<CaseResult[]> {
  const records = distinct + Math.max(...options.marks) + RECORDS_BEHIND;
  const input = await createInput(context, { records, keys: options.keys, distinct });
  const results = await compare(context, {
    bench: 'memory',
    case: name,
    runs: options.runs,
    settings: { records, keys: options.keys, distinct },
    measure: async (engine) => {
      const { samples } = await drain(context, engine, input);
      return Object.assign({}, ...options.marks.map((mark) => figuresAt(samples, mark, distinct))) as Measurement;
    },
  });
  await context.cluster.deleteTopics(input.topic);
  return results;
}

/** The mean over the second after the mark, because a single look meets garbage collection at a random moment; and the peak. */
function figuresAt(samples: readonly Sample[], mark: number, recordsBefore: number): Measurement {
  const at = samples.find((sample) => sample.records >= recordsBefore + mark);
  if (at === undefined) throw new Error(`no sample after ${recordsBefore + mark} records`);
  const after = samples.filter((sample) => sample.time >= at.time && sample.time < at.time + MEAN_OVER_MS);
  const mean = after.reduce((sum, sample) => sum + sample.usage.residentMegabytes, 0) / after.length;
  return {
    [`resident_mb_after_${mark}`]: Math.round(mean),
    [`peak_resident_mb_until_${mark}`]: Math.round(at.usage.peakResidentMegabytes),
  };
}
