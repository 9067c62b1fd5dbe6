#!/usr/bin/env node
import { createRequire } from 'node:module';
import { CommanderError } from 'commander';
import type { ResetOptions, ResetPlan } from '../runtime/reset';
import type { RestoreOptions } from '../runtime/rewind';
import type { RestorePlan } from '../runtime/rewind-plan';
import type { CreateApplication } from './application';
import { EXIT } from './exit-codes';
import type { OpenSnapshotStore } from './checkpoint-commands';
import { limitHeapGrowth } from './heap-growth';
import { describeCause } from './module-errors';
import { createProgram } from './program';
import type { RequestCheckpoint } from './request-commands';

/** The runtime is loaded only to run: help, describe and wrong options need neither Kafka's client nor RocksDB. */
const createApplication: CreateApplication = async (topology, config, dependencies) => {
  limitHeapGrowth();
  const { Millrace } = await import('../runtime/millrace.js');
  return new Millrace(topology, config, dependencies);
};

const openSnapshotStore: OpenSnapshotStore = async (config) => {
  const { createSnapshotStore } = await import('../checkpoint/create-snapshot-store.js');
  return createSnapshotStore(config);
};

const requestCheckpoint: RequestCheckpoint = async (...request) => {
  const { requestFromApplication } = await import('../runtime/request-checkpoint.js');
  return requestFromApplication(...request);
};

const rewinding = {
  restoreApplication: async (options: RestoreOptions): Promise<RestorePlan> =>
    (await import('../runtime/rewind.js')).restoreApplication(options),
  resetApplication: async (options: ResetOptions): Promise<ResetPlan> =>
    (await import('../runtime/reset.js')).resetApplication(options),
};

async function main(): Promise<number> {
  const { version } = createRequire(__filename)('millrace/package.json') as { version: string };
  let exitCode: number = EXIT.ok;
  const commands = { createApplication, openSnapshotStore, requestCheckpoint, ...rewinding };
  const program = createProgram({ process, ...commands, version }, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(process.argv);
    return exitCode;
  } catch (error) {
    // commander has already written its own message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    process.stderr.write(`${describeCause(error)}\n`);
    return EXIT.usage;
  }
}

void main().then((exitCode) => process.exit(exitCode));
