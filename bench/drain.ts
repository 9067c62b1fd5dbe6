import type { BenchContext } from './context';
import type { Engine } from './engines/engine';
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

/** Lets an engine process a full topic to its end, and checks what it wrote. */
export async function drain(context: BenchContext, engine: Engine, input: Input): Promise<DrainedRun> {
  const running = await RunningEngine.start(context, engine, input);
  try {
    const samples: Sample[] = [];
    await running.watchCommits(({ time, records }) => {
      if (records > 0) samples.push({ time, records, usage: running.process.usage() });
      return records >= input.records;
    });
    await running.process.stop();
    const outputRecords = await checkOutput(context, running.outputTopic, input.expected);
    return { startedAt: running.process.startedAt, samples, outputRecords };
  } finally {
    await running.remove();
  }
}
