import { compare, round } from '../comparison';
import type { BenchContext } from '../context';
import { probeLatency, WARM_UP_SECONDS } from '../latency-probe';
import type { CaseResult } from '../report';
import { RunningEngine } from '../running-engine';

export interface LatencyOptions {
  readonly recordsPerSecond: number;
  readonly seconds: number;
  readonly runs: number;
}

const KEYS = 10_000;

/** How long after a record is due a read_committed consumer sees its effect, at a rate that both engines keep up with. */
export async function benchLatency(context: BenchContext, options: LatencyOptions): Promise<CaseResult[]> {
  let number = 0;
  return compare(context, {
    bench: 'latency',
    case: `${options.recordsPerSecond} records/s`,
    runs: options.runs,
    settings: { ...options, keys: KEYS, warmUpSeconds: WARM_UP_SECONDS },
    measure: async (engine) => {
      const input = { topic: `bench-${context.session}-live-${++number}` };
      await context.cluster.createTopic(input.topic);
      const running = await RunningEngine.start(context, engine, input);
      try {
        await running.event('assigned');
        const latency = await probeLatency(context, {
          ...options,
          input: input.topic,
          output: running.outputTopic,
          keys: KEYS,
        });
        const { cpuSeconds } = running.process.usage();
        await running.process.stop();
        return { ...latency, cpu_seconds: round(cpuSeconds, 2) };
      } finally {
        await running.remove();
        await context.cluster.deleteTopics(input.topic);
      }
    },
  });
}
