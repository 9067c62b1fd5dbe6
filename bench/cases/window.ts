import { compare } from '../comparison';
import type { BenchContext } from '../context';
import { drain } from '../drain';
import { createInput } from '../input';
import { SameOutput } from '../output-digest';
import { rateFigures } from '../rate-figures';
import type { CaseResult } from '../report';

export interface WindowOptions {
  readonly records: number;
  readonly keys: number;
  readonly runs: number;
}

const WINDOW_MS = 10_000;
const GRACE_MS = 5_000;
/** A million records are 100 s, hence ten windows. */
const TIME = { firstTimestamp: Date.UTC(2026, 0, 1), microsBetween: 100 };

/** Counts by key in tumbling windows. */
export async function benchWindow(context: BenchContext, options: WindowOptions): Promise<CaseResult[]> {
  const { records, keys, runs } = options;
  const input = await createInput(context, { records, keys, distinct: 0 }, { time: TIME });
  // Kafka Streams merges updates of a key: the last count of each window of each key must be the same.
  const same = new SameOutput('last');
  const results = await compare(context, {
    bench: 'window',
    case: `tumbling count, ${keys} keys`,
    runs,
    settings: { records, keys, windowMs: WINDOW_MS, graceMs: GRACE_MS },
    measure: async (engine) =>
      rateFigures(
        await drain(context, engine, input, {
          topology: { name: 'window', windowMs: WINDOW_MS, graceMs: GRACE_MS },
          check: (outputTopic) => same.check(context, engine.title, outputTopic),
        }),
      ),
  });
  await context.cluster.deleteTopics(input.topic);
  return results;
}
