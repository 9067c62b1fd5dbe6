import type { BenchContext } from './context';
import type { BenchTopology, Engine } from './engines/engine';
import type { Input } from './input';
import { checkOutput } from './output-check';
import type { ProcessUsage } from './process-usage';
import { RunningEngine } from './running-engine';

/** How far a run was, and what its process had used by then. */
export interface Sample {
  readonly time: number;
  /** Committed input records. */
  readonly records: number;
  readonly usage: ProcessUsage;
}

export interface DrainedRun {
  readonly startedAt: number;
  /** From the first commit to the last, about every 50 ms. */
  readonly samples: readonly Sample[];
  readonly outputRecords: number;
}

export interface DrainOptions {
  /** Default: the count. */
  readonly topology?: BenchTopology;
  /** Inputs beside the first one that must be processed to their ends too. */
  readonly others?: readonly Input[];
  /** Reads and checks what was written, and gives the number of records. Default: the counts of the input's keys. */
  readonly check?: (outputTopic: string) => Promise<number>;
  /** Begins to watch the engine; ended before the engine is stopped. */
  readonly beside?: (running: RunningEngine) => { end(): Promise<void> };
}

/** Lets an engine process full topics to their ends, and checks what it wrote. */
export async function drain(
  context: BenchContext,
  engine: Engine,
  input: Input,
  { topology = { name: 'count' }, others = [], check, beside }: DrainOptions = {},
): Promise<DrainedRun> {
  const running = await RunningEngine.start(context, engine, input, { topology });
  try {
    const watch = beside?.(running);
    const samples = await samplesUntil(running, [input, ...others]).finally(() => watch?.end());
    await running.process.stop();
    const outputRecords = await (check?.(running.outputTopic) ??
      checkOutput(context, running.outputTopic, input.expected));
    return { startedAt: running.process.startedAt, samples, outputRecords };
  } finally {
    await running.remove();
  }
}

/** Watches a process from its first commit of these inputs until it has committed all of them. */
export async function samplesUntil(running: RunningEngine, inputs: readonly Input[]): Promise<Sample[]> {
  const samples: Sample[] = [];
  const total = inputs.reduce((sum, { records }) => sum + records, 0);
  await running.watchCommits(
    ({ time, records }) => {
      if (records > 0) samples.push({ time, records, usage: running.process.usage() });
      return records >= total;
    },
    inputs.map(({ topic }) => topic),
  );
  return samples;
}
