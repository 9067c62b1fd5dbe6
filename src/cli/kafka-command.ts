import type { Command } from 'commander';
import { ConfigError } from '../config/config-error';
import { loadConfig } from '../config/load-config';
import type { MillraceConfig } from '../config/millrace-config';
import type { OptionDescription } from '../config/option-list';
import { createLogger } from '../logging/create-logger';
import type { Logger } from '../logging/logger';
import type { Topology } from '../topology/graph';
import { addConfigFlags, givenFlags } from './config-flags';
import { EXIT } from './exit-codes';
import { loadTopology } from './load-topology';
import {
  describeCause,
  TopologyBuildError,
  TopologyModuleInvalidError,
  TopologyModuleLoadError,
} from './module-errors';

/** What an action that changes a stopped application works with. */
export interface KafkaCommandParts {
  readonly config: MillraceConfig;
  readonly topology: Topology;
  readonly logger: Logger;
}

const USED = new Set([
  'applicationId',
  'brokers',
  'clientId',
  'stateDir',
  'replicationFactor',
  'logLevel',
  'logFormat',
]);

/** Adds what `millrace run` takes too: modules, the configuration file, all flags; those are shown that matter here. */
export function addRunArguments(command: Command): Command {
  const withFile = command
    .argument('<modules...>', 'as for run')
    .option('--config <file>', 'configuration file, YAML or JSON (env: MILLRACE_CONFIG)');
  return addConfigFlags(withFile, isUsed);
}

function isUsed({ name }: OptionDescription): boolean {
  return USED.has(name) || /^(ssl|sasl|checkpoint(Store|S3|Encryption))/.test(name);
}

/**
 * Loads configuration and topology and runs an action, and returns the exit code. What fails is said on standard error, where the log
 * goes too: standard output is for what was asked for.
 */
export async function runKafkaCommand(
  command: Command,
  modules: readonly string[],
  configFile: string | undefined,
  process: NodeJS.Process,
  action: (parts: KafkaCommandParts) => Promise<number>,
): Promise<number> {
  const config = loadConfig({ flags: givenFlags(command), environment: process.env, configFile });
  const destination = { write: (line: string) => void process.stderr.write(line), isTTY: process.stderr.isTTY };
  const logger = createLogger({ level: config.logLevel, format: config.logFormat, destination });
  const topology = await loadTopology(modules);
  try {
    return await action({ config, topology, logger });
  } catch (error) {
    if (isUsageError(error)) throw error;
    process.stderr.write(`${describeCause(error)}\n`);
    return EXIT.failed;
  }
}

function isUsageError(error: unknown): boolean {
  return [ConfigError, TopologyModuleLoadError, TopologyModuleInvalidError, TopologyBuildError].some(
    (type) => error instanceof type,
  );
}
