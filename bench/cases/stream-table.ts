import type { Measurement } from '../comparison';
import { compare } from '../comparison';
import type { BenchContext } from '../context';
import { samplesUntil } from '../drain';
import type { Engine } from '../engines/engine';
import type { Input } from '../input';
import { createInput, fillTopic } from '../input';
import { SameOutput } from '../output-digest';
import { rateFigures } from '../rate-figures';
import type { CaseResult } from '../report';
import { RunningEngine } from '../running-engine';

export interface StreamTableOptions {
  readonly records: number;
  readonly rows: number;
  readonly runs: number;
}

/** Joins a stream with a table that is already there: filled by a first process, which ends before the stream begins. */
export async function benchStreamTable(context: BenchContext, options: StreamTableOptions): Promise<CaseResult[]> {
  const { records, rows, runs } = options;
  const table = await createInput(context, { records: rows, keys: rows, distinct: rows }, { name: 'table' });
  const same = new SameOutput('all');
  let number = 0;
  const results = await compare(context, {
    bench: 'stream-table',
    case: `inner join, ${rows} rows`,
    runs,
    settings: { records, rows },
    measure: (engine) => joinWithTable(context, engine, table, records, `stream-${++number}`, same),
  });
  await context.cluster.deleteTopics(table.topic);
  return results;
}

async function joinWithTable(
  context: BenchContext,
  engine: Engine,
  table: Input,
  records: number,
  name: string,
  same: SameOutput,
): Promise<Measurement> {
  const topic = `bench-${context.session}-${name}`;
  await context.cluster.createTopic(topic);
  const running = await RunningEngine.start(
    context,
    engine,
    { topic },
    { topology: { name: 'stream-table', otherInputTopic: table.topic } },
  );
  try {
    await samplesUntil(running, [table]);
    await running.process.stop();
    const seed = context.seed + 7;
    const stream = await fillTopic(context, topic, { records, keys: table.records, distinct: 0, seed });
    running.startAgain();
    const samples = await samplesUntil(running, [stream]);
    await running.process.stop();
    const outputRecords = await same.check(context, engine.title, running.outputTopic);
    return rateFigures({ startedAt: running.process.startedAt, samples, outputRecords });
  } finally {
    await running.remove();
    await context.cluster.deleteTopics(topic);
  }
}
