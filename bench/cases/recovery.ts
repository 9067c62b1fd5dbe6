import { resolveConfig } from '../../src/config/millrace-config';
import { silentLogger } from '../../src/logging/logger';
import { requestFromApplication } from '../../src/runtime/request-checkpoint';
import type { Measurement } from '../comparison';
import { compare, round } from '../comparison';
import type { BenchContext } from '../context';
import type { Engine, EngineName } from '../engines/engine';
import { millraceEngine } from '../engines/millrace';
import { GrowingInput } from '../growing-input';
import { checkOutput } from '../output-check';
import type { CaseResult } from '../report';
import { RunningEngine } from '../running-engine';

export interface RecoveryOptions {
  readonly keys: number;
  /** Input records before the disk is lost, which is about what the changelogs hold then. */
  readonly records: number;
  /** How many of them come after the checkpoint. */
  readonly tail: number;
  /** How often each engine loses its disk. */
  readonly runs: number;
}

/** What waits for an engine when it comes back. */
const RECORDS_PER_LOSS = 20_000;
/** Less of its changelog than this restored, and Kafka has compacted it meanwhile: then the comparison is off. */
const WHOLE_CHANGELOG = 0.95;
const MEGABYTE = 2 ** 20;

/** How soon an engine processes again on an empty disk: from a checkpoint and the changelog's tail, or from the whole changelog. */
export async function benchRecovery(context: BenchContext, options: RecoveryOptions): Promise<CaseResult[]> {
  const { keys, records, tail, runs } = options;
  if (records - tail < keys) throw new Error('--records without --tail must be at least --keys: every key comes once');
  const engines = context.engines.map((each) =>
    each.name === 'millrace' ? millraceEngine({ checkpoints: 'on-demand' }) : each,
  );
  const input = await GrowingInput.create(context, 'input', keys);
  const filled = new Map<EngineName, RunningEngine>();
  try {
    await input.add({ records: records - tail, distinct: keys });
    // Millrace comes first: its checkpoint is taken before the tail is written.
    for (const engine of engines) {
      const running = await RunningEngine.start(context, engine, input, { marksFirstRecord: true });
      filled.set(engine.name, running);
      if (engine.name === 'millrace') {
        await untilAllCommitted(running, input);
        await takeCheckpoint(context, running);
      }
      if (input.records < records) await input.add({ records: tail, distinct: 0 });
      await untilAllCommitted(running, input);
      await running.process.stop();
      context.log(`${engine.title} has processed ${input.records.toLocaleString('en')} records`);
    }

    const losses = new Map<EngineName, number>();
    const results = await compare(
      { ...context, engines },
      {
        bench: 'recovery',
        case: `${keys} keys, ${records} records`,
        runs,
        settings: { keys, records, tail, recordsPerLoss: RECORDS_PER_LOSS },
        measure: async (engine) => {
          const number = (losses.get(engine.name) ?? 0) + 1;
          losses.set(engine.name, number);
          // Once a round: what waits for one engine waits for the other.
          const wanted = records + number * RECORDS_PER_LOSS;
          if (input.records < wanted) await input.add({ records: RECORDS_PER_LOSS, distinct: 0 });
          return loseDiskAndRecover(context, engine, filled.get(engine.name)!, input);
        },
      },
    );

    // Each key once more, so that the recovered count of each is seen.
    await input.add({ records: keys, distinct: keys });
    for (const [, running] of filled) {
      running.startAgain();
      await untilAllCommitted(running, input);
      await running.process.stop();
      await checkOutput(context, running.outputTopic, input.expected);
    }
    context.log(`the counts of all ${keys.toLocaleString('en')} keys are exact`);
    return results;
  } finally {
    for (const running of filled.values()) await running.remove();
    await context.cluster.deleteTopics(input.topic);
  }
}

async function loseDiskAndRecover(
  context: BenchContext,
  engine: Engine,
  running: RunningEngine,
  input: GrowingInput,
): Promise<Measurement> {
  // So that the session time-out of the last process, equal for both, is not part of what follows.
  await running.groupIsEmpty();
  await running.loseState();
  const changelog = await context.cluster.endOffsets(`${running.applicationId}-counts-changelog`);
  const changelogRecords = changelog.reduce((sum, end) => sum + end, 0);

  running.startAgain();
  const { startedAt } = running.process;
  const firstRecord = await running.event('first-record');
  await untilAllCommitted(running, input);
  const assigned = running.eventsOf('assigned').findLast(({ time }) => time <= firstRecord.time);
  if (assigned === undefined) throw new Error(`${engine.title} did not say when it was assigned partitions`);
  const restored = running.eventsOf('restored');
  const installed = running.eventsOf('checkpoint-installed');
  await running.process.stop();

  const restoredRecords = restored.reduce((sum, { records }) => sum + records, 0);
  if (engine.name === 'peer' && restoredRecords < changelogRecords * WHOLE_CHANGELOG) {
    throw new Error(`${engine.title} restored ${restoredRecords} of ${changelogRecords} records: Kafka compacted some`);
  }
  if (engine.name === 'millrace' && installed.length === 0) {
    throw new Error('no task began from the checkpoint: the changelogs are too short, give it more --records');
  }
  return {
    assignment_to_first_record_ms: firstRecord.time - assigned.time,
    process_start_to_first_record_ms: firstRecord.time - startedAt,
    assignment_to_all_restored_ms:
      Math.max(assigned.time, ...[...restored, ...installed].map(({ time }) => time)) - assigned.time,
    restored_records: restoredRecords,
    changelog_records: changelogRecords,
    ...(engine.name === 'millrace'
      ? { checkpoint_mb: round(installed.reduce((sum, { bytes }) => sum + bytes, 0) / MEGABYTE, 1) }
      : {}),
  };
}

async function untilAllCommitted(running: RunningEngine, input: GrowingInput): Promise<void> {
  await running.watchCommits(({ records }) => records >= input.records);
}

async function takeCheckpoint(context: BenchContext, { applicationId }: RunningEngine): Promise<void> {
  const config = resolveConfig({ applicationId, brokers: [...context.cluster.brokers] });
  const wanted = { kind: 'checkpoint', id: undefined, thenStop: false, answerTimeoutMs: 60_000 } as const;
  const id = await requestFromApplication(config, wanted, silentLogger);
  context.log(`Millrace has completed ${id}`);
}
