import { compare } from '../comparison';
import type { BenchContext } from '../context';
import { drain } from '../drain';
import { createInput } from '../input';
import { rateFigures } from '../rate-figures';
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
        measure: async (engine) => rateFigures(await drain(context, engine, input)),
      })),
    );
    await context.cluster.deleteTopics(input.topic);
  }
  return results;
}
