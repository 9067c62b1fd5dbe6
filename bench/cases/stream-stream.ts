import { compare } from '../comparison';
import type { BenchContext } from '../context';
import { drain } from '../drain';
import { createInput } from '../input';
import { SameOutput } from '../output-digest';
import { rateFigures } from '../rate-figures';
import type { CaseResult } from '../report';

export interface StreamStreamOptions {
  /** On each side. */
  readonly records: number;
  readonly keys: number;
  readonly runs: number;
}

const WINDOW_MS = 1_000;
/** Longer than the input: whatever comes first, nothing is late, and the results are the same. */
const GRACE_MS = 600_000;
/** Half a million records on each side are 100 s. */
const TIME = { firstTimestamp: Date.UTC(2026, 0, 1), microsBetween: 200 };

/** Joins two streams within a second. */
export async function benchStreamStream(context: BenchContext, options: StreamStreamOptions): Promise<CaseResult[]> {
  const { records, keys, runs } = options;
  const shape = { records, keys, distinct: 0 };
  const left = await createInput(context, shape, { name: 'left', time: TIME });
  const right = await createInput(context, shape, { name: 'right', seed: context.seed + 7, time: TIME });
  const same = new SameOutput('all');
  const results = await compare(context, {
    bench: 'stream-stream',
    case: `inner join, ${keys} keys`,
    runs,
    settings: { records, keys, windowMs: WINDOW_MS, graceMs: GRACE_MS },
    measure: async (engine) =>
      rateFigures(
        await drain(context, engine, left, {
          topology: {
            name: 'stream-stream',
            otherInputTopic: right.topic,
            windowMs: WINDOW_MS,
            graceMs: GRACE_MS,
          },
          others: [right],
          check: (outputTopic) => same.check(context, engine.title, outputTopic),
        }),
      ),
  });
  await context.cluster.deleteTopics(left.topic);
  await context.cluster.deleteTopics(right.topic);
  return results;
}
