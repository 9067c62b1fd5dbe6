import { Command } from 'commander';
import { loadConfig } from '../config/load-config';
import { createLogger } from '../logging/create-logger';
import { describe } from '../topology/describe';
import { describeMermaid } from '../topology/describe-mermaid';
import type { CreateApplication } from './application';
import { addCheckpointCommands, type OpenSnapshotStore } from './checkpoint-commands';
import { addConfigFlags, givenFlags } from './config-flags';
import { EXIT } from './exit-codes';
import { loadTopology } from './load-topology';
import { addRequestCommands, type RequestCheckpoint } from './request-commands';
import { addResetCommand, type ResetCommandEnvironment } from './reset-command';
import { addRestoreCommand, type RestoreCommandEnvironment } from './restore-command';
import { RestoreBar } from './restore-bar';
import { runApplication } from './run-application';

export interface ProgramEnvironment extends RestoreCommandEnvironment, ResetCommandEnvironment {
  readonly process: NodeJS.Process;
  readonly createApplication: CreateApplication;
  readonly openSnapshotStore: OpenSnapshotStore;
  readonly requestCheckpoint: RequestCheckpoint;
  readonly version: string;
}

const RUN_NOTES = `
Every option can also be set in the environment and, by its name in camelCase, in the configuration file.
Flags win over the environment, the environment over the file, the file over the defaults.

Exit codes: 0 stopped by SIGTERM or SIGINT, after a commit; 1 failed, the last log line says why;
2 wrong command line, configuration or topology; 130 or 143 stopped by a second signal, without a commit.`;

/** Builds the commands. Each action sets the exit code through `finish`. */
export function createProgram(given: ProgramEnvironment, finish: (exitCode: number) => void): Command {
  const { process, createApplication, openSnapshotStore, requestCheckpoint, version } = given;
  const program = new Command('millrace')
    .description('Kafka-native stream processing for TypeScript.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => process.stdout.write(text),
      writeErr: (text) => process.stderr.write(text),
    });

  const run = program
    .command('run')
    .description('Run topology modules as a member of a consumer group, until a signal.')
    .argument(
      '<modules...>',
      'JavaScript or TypeScript files whose default export is a topology, or a function (builder) => void',
    )
    .option('--config <file>', 'configuration file, YAML or JSON (env: MILLRACE_CONFIG)')
    .addHelpText('after', RUN_NOTES);
  addConfigFlags(run).action(async (modules: string[], { config: configFile }: { config?: string }) => {
    const config = loadConfig({ flags: givenFlags(run), environment: process.env, configFile });
    const topology = await loadTopology(modules);
    const { logLevel: level, logFormat: format } = config;
    const bar = await RestoreBar.open(process, format);
    const logger = createLogger({ level, format, ...(bar && { destination: bar.logDestination }) });
    finish(await runApplication(topology, config, logger, createApplication, process, bar?.onRestore));
    bar?.close();
  });

  program
    .command('describe')
    .description('Show the subtopologies, sources, stores and internal topics of topology modules.')
    .argument('<modules...>', 'as for run')
    .option('--mermaid', 'as a Mermaid flowchart')
    .action(async (modules: string[], { mermaid = false }: { mermaid?: boolean }) => {
      const topology = await loadTopology(modules);
      process.stdout.write(`${mermaid ? describeMermaid(topology) : describe(topology)}\n`);
      finish(EXIT.ok);
    });

  const environment = { process, openSnapshotStore };
  const checkpoints = program.command('checkpoints').description('Look at the checkpoints of an application.');
  addCheckpointCommands(checkpoints, 'checkpoint', environment, finish);
  const savepoint = program
    .command('savepoint')
    .description('Look at the savepoints of an application, and delete them.');
  addCheckpointCommands(savepoint, 'savepoint', environment, finish);
  addRequestCommands(program, { checkpoints, savepoint }, { process, requestCheckpoint }, finish);
  addRestoreCommand(program, given, finish);
  addResetCommand(program, given, finish);

  return program;
}
