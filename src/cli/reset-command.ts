import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ResetOptions, ResetPlan, ResetPosition } from '../runtime/reset';
import type { OpenSnapshotStore } from './checkpoint-commands';
import { EXIT } from './exit-codes';
import { addRunArguments, runKafkaCommand } from './kafka-command';
import { resetReport } from './rewind-report';

export interface ResetCommandEnvironment {
  readonly process: NodeJS.Process;
  readonly openSnapshotStore: OpenSnapshotStore;
  readonly resetApplication: (options: ResetOptions) => Promise<ResetPlan>;
}

interface ResetFlags {
  readonly config?: string;
  readonly toLatest?: boolean;
  readonly toDatetime?: number;
  readonly deleteInternalTopics?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const NOTES = `
Stop every instance first. Changelogs are emptied, so that the state of every machine becomes unusable by itself; that of this machine is
deleted. Stores without a changelog keep their state on other machines: delete their state directories. Output topics stay as they are. If
it dies, run it again: no instance with a changelog starts until it has come to its end. Takes the same configuration file, environment and flags as
\`millrace run\`.

Exit codes: 0 done; 1 refused or failed, the last line says why; 2 wrong command line, configuration or topology.`;

/** Adds `millrace reset`. */
export function addResetCommand(
  program: Command,
  { process, openSnapshotStore, resetApplication }: ResetCommandEnvironment,
  finish: (exitCode: number) => void,
): void {
  const command = addRunArguments(
    program
      .command('reset')
      .description('Put a stopped application back to its beginning: no state, its source topics read from the start.'),
  )
    .addOption(
      new Option('--to-earliest', 'read source topics from their start (the default)').conflicts([
        'toLatest',
        'toDatetime',
      ]),
    )
    .addOption(new Option('--to-latest', 'read source topics from their end').conflicts(['toDatetime']))
    .addOption(
      new Option(
        '--to-datetime <time>',
        'read source topics from the first record of a time, such as 2026-11-21T22:00:00Z',
      ).argParser(parseTime),
    )
    .option(
      '--delete-internal-topics',
      'delete all internal topics instead of emptying changelogs; the state of other machines must then be deleted by hand',
    )
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', NOTES);
  command.action(async (modules: string[], flags: ResetFlags) => {
    const { deleteInternalTopics, dryRun = false } = flags;
    const exitCode = await runKafkaCommand(command, modules, flags.config, process, async (parts) => {
      const store = await openSnapshotStore(parts.config);
      try {
        const plan = await resetApplication({ ...parts, store, to: positionOf(flags), deleteInternalTopics, dryRun });
        process.stdout.write(
          flags.json === true ? `${JSON.stringify(plan, undefined, 2)}\n` : resetReport(plan, dryRun),
        );
        return EXIT.ok;
      } finally {
        store?.close();
      }
    });
    finish(exitCode);
  });
}

function positionOf({ toLatest, toDatetime }: ResetFlags): ResetPosition {
  if (toDatetime !== undefined) return toDatetime;
  return toLatest === true ? 'latest' : 'earliest';
}

function parseTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError('Give a time in ISO 8601, such as 2026-11-21T22:00:00Z.');
  return time;
}
