import { InvalidArgumentError, type Command } from 'commander';
import { checkSavepointId } from '../checkpoint/checkpoint-id';
import type { RequestedCheckpoint } from '../checkpoint/checkpoint-requests';
import { ConfigError } from '../config/config-error';
import { loadConfig } from '../config/load-config';
import type { MillraceConfig } from '../config/millrace-config';
import { createLogger } from '../logging/create-logger';
import type { Logger } from '../logging/logger';
import { addConfigFlags, givenFlags } from './config-flags';
import { EXIT } from './exit-codes';
import { describeCause } from './module-errors';

/** Asks the running application for a checkpoint, waits until it is complete, and returns its id. */
export type RequestCheckpoint = (
  config: MillraceConfig,
  wanted: Omit<RequestedCheckpoint, 'applicationId'>,
  logger: Logger,
) => Promise<string>;

export interface RequestCommandEnvironment {
  readonly process: NodeJS.Process;
  readonly requestCheckpoint: RequestCheckpoint;
}

const NOTES = `
Takes the same configuration file, environment and flags as \`millrace run\`, and uses the application id and what says how to reach Kafka.
The id is printed when it is complete. Exit codes: 0 done; 1 failed, or no instance answered; 2 wrong command line or configuration.`;

interface RequestOptions {
  readonly config?: string;
  readonly answerTimeoutMs: number;
  readonly drain?: boolean;
  readonly full?: boolean;
}

/** Adds what asks a running application for something, through its control topic. */
export function addRequestCommands(
  program: Command,
  groups: { readonly checkpoints: Command; readonly savepoint: Command },
  environment: RequestCommandEnvironment,
  finish: (exitCode: number) => void,
): void {
  const add = (group: Command, name: string, description: string): Command =>
    addConfigFlags(
      group
        .command(name)
        .description(description)
        .option('--config <file>', 'configuration file, YAML or JSON (env: MILLRACE_CONFIG)')
        .option('--answer-timeout-ms <n>', 'how long to wait until it is begun', milliseconds, 60_000),
    ).addHelpText('after', NOTES);
  const run = (
    command: Command,
    options: RequestOptions,
    wanted: Pick<RequestedCheckpoint, 'kind' | 'id' | 'thenStop'>,
  ): Promise<void> => request(command, environment, options, wanted).then(finish);

  const trigger = add(groups.checkpoints, 'trigger', 'Have the running application take a checkpoint now.').option(
    '--full',
    'write all files anew; share none with checkpoints before',
  );
  trigger.action((options: RequestOptions) =>
    run(trigger, options, { kind: 'checkpoint', id: undefined, thenStop: false }),
  );

  const create = add(groups.savepoint, 'create', 'Have the running application take a savepoint.')
    .argument('[id]', 'what to call it; chosen for you where it is missing', savepointId)
    .option('--full', 'write all files anew; share none with checkpoints before');
  create.action((id: string | undefined, options: RequestOptions) =>
    run(create, options, { kind: 'savepoint', id, thenStop: false }),
  );

  const stop = add(
    program,
    'stop',
    'Stop all instances of the application with a savepoint: nothing is processed after it.',
  )
    .requiredOption('--savepoint [id]', 'what to call the savepoint; chosen for you where it is missing', savepointId)
    .option('--drain', 'read nothing new, and take the savepoint when all that is on its way is processed');
  stop.action((options: RequestOptions & { readonly savepoint: string | true }) => {
    const id = options.savepoint === true ? undefined : options.savepoint;
    return run(stop, options, { kind: 'savepoint', id, thenStop: true });
  });
}

async function request(
  command: Command,
  { process, requestCheckpoint }: RequestCommandEnvironment,
  { config: configFile, answerTimeoutMs, drain, full }: RequestOptions,
  wanted: Pick<RequestedCheckpoint, 'kind' | 'id' | 'thenStop'>,
): Promise<number> {
  const config = loadConfig({ flags: givenFlags(command), environment: process.env, configFile });
  const destination = { write: (line: string) => void process.stderr.write(line), isTTY: process.stderr.isTTY };
  const logger = createLogger({ level: config.logLevel, format: config.logFormat, destination });
  try {
    const id = await requestCheckpoint(config, { ...wanted, drain, full, answerTimeoutMs }, logger);
    process.stdout.write(`${id}\n`);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    process.stderr.write(`${describeCause(error)}\n`);
    return EXIT.failed;
  }
}

function milliseconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a number of milliseconds is needed.');
  return value;
}

function savepointId(id: string): string {
  try {
    checkSavepointId(id);
  } catch (error) {
    throw new InvalidArgumentError(describeCause(error));
  }
  return id;
}
