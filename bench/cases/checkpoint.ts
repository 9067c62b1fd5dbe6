import path from 'node:path';
import { CheckpointWatch } from '../checkpoint-watch';
import type { Measurement } from '../comparison';
import { compare, round } from '../comparison';
import type { BenchContext } from '../context';
import { drain } from '../drain';
import type { Engine } from '../engines/engine';
import { millraceEngine } from '../engines/millrace';
import { createInput, fillTopic } from '../input';
import { numberOf } from '../java-tool';
import { probeLatency, WARM_UP_SECONDS } from '../latency-probe';
import { MeasuredProcess } from '../measured-process';
import { projectFolder } from '../project-folder';
import { rateFigures } from '../rate-figures';
import type { CaseResult } from '../report';
import { RunningEngine } from '../running-engine';

export interface CheckpointOptions {
  readonly keys: number;
  /** Of the throughput's input. */
  readonly records: number;
  readonly intervalMs: number;
  /** Of the latency. */
  readonly recordsPerSecond: number;
  readonly seconds: number;
  /** Size of the state whose bare cut is timed. */
  readonly cutMegabytes: number;
  readonly runs: number;
}

const CUTS = 15;

/** What checkpoints cost the processing: Millrace with them beside Millrace without, and the cut of a large state by itself. */
export async function benchCheckpoint(context: BenchContext, options: CheckpointOptions): Promise<CaseResult[]> {
  const { intervalMs } = options;
  const engines = [
    millraceEngine({ title: `Millrace, a checkpoint every ${intervalMs / 1000} s`, checkpoints: { intervalMs } }),
    millraceEngine({ name: 'peer', title: 'Millrace without checkpoints' }),
  ].filter(({ name }) => context.engines.some((wanted) => wanted.name === name));
  const both = { ...context, engines };
  return [
    ...(await throughput(both, options)),
    ...(await latency(both, options)),
    ...(await bareCut({ ...context, engines: context.engines.filter(takesCheckpoints) }, options)),
  ];
}

function takesCheckpoints({ name }: Engine): boolean {
  return name === 'millrace';
}

async function throughput(
  context: BenchContext,
  { keys, records, intervalMs, runs }: CheckpointOptions,
): Promise<CaseResult[]> {
  const input = await createInput(context, { records, keys, distinct: 0 });
  const results = await compare(context, {
    bench: 'checkpoint',
    case: `throughput, ${keys} keys`,
    runs,
    settings: { records, keys, intervalMs },
    measure: async (engine) => {
      let watch: CheckpointWatch | undefined;
      const beside = (running: RunningEngine): CheckpointWatch => (watch = new CheckpointWatch(running));
      const run = await drain(context, engine, input, takesCheckpoints(engine) ? { beside } : {});
      return { ...rateFigures(run), ...watch?.figures() };
    },
  });
  await context.cluster.deleteTopics(input.topic);
  return results;
}

async function latency(context: BenchContext, options: CheckpointOptions): Promise<CaseResult[]> {
  const { keys, recordsPerSecond, seconds, intervalMs, runs } = options;
  let number = 0;
  return compare(context, {
    bench: 'checkpoint',
    case: `latency, ${recordsPerSecond} records/s`,
    runs,
    settings: { recordsPerSecond, seconds, keys, intervalMs, warmUpSeconds: WARM_UP_SECONDS },
    measure: (engine) => latencyWithFullState(context, engine, `bench-${context.session}-live-${++number}`, options),
  });
}

/** Every key is in the state before the first record that counts. */
async function latencyWithFullState(
  context: BenchContext,
  engine: Engine,
  input: string,
  { keys, recordsPerSecond, seconds }: CheckpointOptions,
): Promise<Measurement> {
  await context.cluster.createTopic(input);
  await fillTopic(context, input, { seed: context.seed, records: keys, keys, distinct: keys });
  const running = await RunningEngine.start(context, engine, { topic: input });
  try {
    await running.watchCommits(({ records }) => records >= keys);
    const watch = takesCheckpoints(engine) ? new CheckpointWatch(running) : undefined;
    const figures = await probeLatency(context, {
      input,
      output: running.outputTopic,
      recordsPerSecond,
      seconds,
      keys,
      countsBefore: 1,
    }).finally(() => watch?.end());
    const { cpuSeconds } = running.process.usage();
    await running.process.stop();
    return { ...figures, cpu_seconds: round(cpuSeconds, 2), ...watch?.figures() };
  } finally {
    await running.remove();
    await context.cluster.deleteTopics(input);
  }
}

/** bench/micro/snapshot, in a process of its own: the hard links alone, while entries are written. */
function bareCut(context: BenchContext, { cutMegabytes }: CheckpointOptions): Promise<CaseResult[]> {
  const program = path.join(projectFolder, 'dist', 'bench', 'micro', 'snapshot.js');
  const args = [program, '--megabytes', String(cutMegabytes), '--snapshots', String(CUTS), '--writing'];
  return compare(context, {
    bench: 'checkpoint',
    case: `bare cut, ${cutMegabytes} MB`,
    runs: 1,
    settings: { megabytes: cutMegabytes, snapshots: CUTS },
    measure: async () => {
      let line: Readonly<Record<string, unknown>> = {};
      await new MeasuredProcess('snapshot', { command: process.execPath, args, env: {} }, (found) => {
        line = found;
      }).finished();
      return {
        cut_median_ms: numberOf(line, 'medianMs'),
        cut_max_ms: numberOf(line, 'maxMs'),
        files: numberOf(line, 'files'),
        megabytes: numberOf(line, 'megabytes'),
      };
    },
  });
}
