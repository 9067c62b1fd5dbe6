import type { Measurement } from '../comparison';
import { compare } from '../comparison';
import type { BenchContext } from '../context';
import type { Engine } from '../engines/engine';
import type { Input } from '../input';
import { createInput } from '../input';
import { checkOutput } from '../output-check';
import type { CaseResult } from '../report';
import { RunningEngine } from '../running-engine';

export interface RestartOptions {
  /** How many keys the state holds when the process is killed. */
  readonly keys: readonly number[];
  readonly runs: number;
}

/** Records behind those that fill the state; the process is killed among them. */
const RECORDS_AFTER_FILLING = 500_000;
/** How far behind the filling, so that every partition's keys are in the state. */
const KILL_AFTER_SHARE = 0.1;

/** How soon an engine processes again after SIGKILL in the middle of its work, on the state directory it left. */
export async function benchRestart(context: BenchContext, options: RestartOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const keys of options.keys) {
    const input = await createInput(context, { records: keys + RECORDS_AFTER_FILLING, keys, distinct: keys });
    results.push(
      ...(await compare(context, {
        bench: 'restart',
        case: `${keys} keys`,
        runs: options.runs,
        settings: { records: input.records, keys },
        measure: (engine) => killAndRestart(context, engine, input),
      })),
    );
    await context.cluster.deleteTopics(input.topic);
  }
  return results;
}

async function killAndRestart(context: BenchContext, engine: Engine, input: Input): Promise<Measurement> {
  const keys = input.expected.length;
  const killAt = (keys + RECORDS_AFTER_FILLING * KILL_AFTER_SHARE) / input.records;
  const ends = await context.cluster.endOffsets(input.topic);
  const running = await RunningEngine.start(context, engine, input, { marksFirstRecord: true });
  try {
    await running.watchCommits(({ committed }) =>
      ends.every((end, partition) => (committed[partition] ?? 0) >= end * killAt),
    );
    await running.process.kill();
    // So that the session time-out of the dead member, equal for both, is not part of what follows.
    await running.groupIsEmpty();

    let killedAt: number | undefined;
    running.startAgain();
    const [firstRecord, firstCommit] = await Promise.all([
      running.event('first-record'),
      running.watchCommits(({ records }) => records > (killedAt ??= records)),
    ]);
    if (killedAt === input.records)
      throw new Error('everything was committed before the kill: nothing to process again');
    await running.watchCommits(({ records }) => records >= input.records);

    const events = running.eventsSoFar();
    const assigned = events.findLast((event) => event.kind === 'assigned' && event.time <= firstRecord.time);
    if (assigned === undefined) throw new Error(`${engine.title} did not say when it was assigned partitions`);
    const restored = events.filter((event) => event.kind === 'restored');
    await running.process.stop();
    await checkOutput(context, running.outputTopic, input.expected);
    return {
      assignment_to_first_record_ms: firstRecord.time - assigned.time,
      assignment_to_all_restored_ms: Math.max(assigned.time, ...restored.map((event) => event.time)) - assigned.time,
      process_start_to_first_commit_ms: firstCommit.time - running.process.startedAt,
      restored_records: restored.reduce((sum, event) => sum + event.records, 0),
    };
  } finally {
    await running.remove();
  }
}
