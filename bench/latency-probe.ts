import type { Measurement } from './comparison';
import { round } from './comparison';
import type { BenchContext } from './context';
import { numberOf, runJavaTool } from './java-tool';

export const WARM_UP_SECONDS = 10;

export interface LatencyProbe {
  readonly input: string;
  readonly output: string;
  readonly recordsPerSecond: number;
  /** Measured, after the warm-up. */
  readonly seconds: number;
  readonly keys: number;
  /** How often every key was counted before. Default: never. */
  readonly countsBefore?: number;
}

/** Produces at a steady rate to a running count, and tells how long its effects took to a read_committed consumer. */
export async function probeLatency(context: BenchContext, probe: LatencyProbe): Promise<Measurement> {
  const { input, output, recordsPerSecond, seconds, keys, countsBefore = 0 } = probe;
  const found = await runJavaTool(context.classPath, 'LatencyProbe', {
    brokers: context.cluster.brokers.join(','),
    input,
    output,
    rate: recordsPerSecond,
    seconds,
    'warm-up-seconds': WARM_UP_SECONDS,
    keys,
    seed: context.seed,
    'counts-before': countsBefore,
  });
  return {
    p50_ms: round(numberOf(found, 'p50Micros') / 1000, 1),
    p99_ms: round(numberOf(found, 'p99Micros') / 1000, 1),
    max_ms: round(numberOf(found, 'maxMicros') / 1000, 1),
  };
}
