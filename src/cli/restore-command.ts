import type { Command } from 'commander';
import { CheckpointCatalog } from '../checkpoint/checkpoint-catalog';
import type { RestoreOptions, RestoreProgress } from '../runtime/rewind';
import type { RestorePlan } from '../runtime/rewind-plan';
import { NO_STORE, type OpenSnapshotStore } from './checkpoint-commands';
import { EXIT } from './exit-codes';
import { addRunArguments, runKafkaCommand } from './kafka-command';
import { restoreReport } from './rewind-report';

export interface RestoreCommandEnvironment {
  readonly process: NodeJS.Process;
  readonly openSnapshotStore: OpenSnapshotStore;
  readonly restoreApplication: (options: RestoreOptions) => Promise<RestorePlan>;
}

interface RestoreFlags {
  readonly config?: string;
  readonly from: string;
  readonly as?: string;
  readonly allowNonRestoredState?: boolean;
  readonly replaceUnfinished?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const NOTES = `
State, offsets and what was on its way are put back to what they were; what the application wrote to its output topics since then stays, and is
written again. Stop every instance first; with --as the application may run. If it dies, run it again: until it has come to its end, no
instance starts. Takes the same configuration file, environment and flags as \`millrace run\`.

Exit codes: 0 done; 1 refused or failed, the last line says why; 2 wrong command line, configuration or topology.`;

/** Adds `millrace restore`. */
export function addRestoreCommand(
  program: Command,
  { process, openSnapshotStore, restoreApplication }: RestoreCommandEnvironment,
  finish: (exitCode: number) => void,
): void {
  const command = addRunArguments(
    program
      .command('restore')
      .description('Put a stopped application back to a checkpoint or savepoint, or make a new one of it.'),
  )
    .requiredOption('--from <id>', 'the checkpoint or savepoint')
    .option(
      '--as <application-id>',
      'make a new application of this id, and leave the one that it was taken of as it is',
    )
    .option('--allow-non-restored-state', 'leave out what cannot be restored, as of stores that the topology lost')
    .option('--replace-unfinished', 'take the place of another restore that did not come to its end')
    .option('--dry-run', 'say what would change, and change nothing; reads all of it')
    .option('--json', 'print JSON')
    .addHelpText('after', NOTES);
  command.action(async (modules: string[], flags: RestoreFlags) => {
    const { from, as, allowNonRestoredState, replaceUnfinished, dryRun = false } = flags;
    const exitCode = await runKafkaCommand(command, modules, flags.config, process, async (parts) => {
      const store = await openSnapshotStore(parts.config);
      if (store === undefined) {
        process.stderr.write(`${NO_STORE}\n`);
        return EXIT.usage;
      }
      try {
        const catalog = new CheckpointCatalog(store, parts.config.applicationId, parts.logger);
        const plan = await restoreApplication({
          ...parts,
          store,
          metadata: await catalog.read(from),
          as,
          allowNonRestoredState,
          replaceUnfinished,
          dryRun,
          onProgress: progressOn(process.stderr),
        });
        process.stdout.write(
          flags.json === true ? `${JSON.stringify(plan, undefined, 2)}\n` : restoreReport(plan, dryRun),
        );
        return EXIT.ok;
      } finally {
        store.close();
      }
    });
    finish(exitCode);
  });
}

const STEPS: Readonly<Record<RestoreProgress['step'], string>> = {
  checked: 'Nothing stands against it',
  marked: 'No instance starts from here on',
  emptied: 'The changelogs are empty',
  state: 'State written',
  channel: 'What was on its way written',
  committed: 'Offsets committed',
  done: 'Done',
};

/** A line for each step, on a terminal. */
function progressOn(stream: NodeJS.WriteStream): (progress: RestoreProgress) => void {
  if (!stream.isTTY) return () => undefined;
  return ({ step, completed, total }) => {
    const count = completed === undefined ? '' : `: ${completed}/${total} partitions`;
    const isOpen = completed !== undefined && completed !== total;
    stream.write(`\r${`${STEPS[step]}${count}`.padEnd(60)}${isOpen ? '' : '\n'}`);
  };
}
