import type { Command } from 'commander';
import { CheckpointNotFoundError } from '../checkpoint/catalog-errors';
import { CheckpointCatalog } from '../checkpoint/checkpoint-catalog';
import { kindOfId, type CheckpointKind } from '../checkpoint/checkpoint-id';
import { SnapshotDamagedError } from '../checkpoint/errors';
import type { SnapshotStore } from '../checkpoint/snapshot-store';
import type { VerifyProgress } from '../checkpoint/verify-checkpoint';
import { ConfigError } from '../config/config-error';
import { loadConfig } from '../config/load-config';
import type { MillraceConfig } from '../config/millrace-config';
import type { OptionDescription } from '../config/option-list';
import { createLogger } from '../logging/create-logger';
import * as report from './checkpoint-report';
import { addConfigFlags, givenFlags } from './config-flags';
import { EXIT } from './exit-codes';
import { describeCause } from './module-errors';
import { readableBytes } from './readable-units';

/** Opens the snapshot store that the configuration names; undefined when it names none. */
export type OpenSnapshotStore = (config: MillraceConfig) => Promise<SnapshotStore | undefined>;

export interface CheckpointCommandEnvironment {
  readonly process: NodeJS.Process;
  readonly openSnapshotStore: OpenSnapshotStore;
}

/** What the commands look at of the options of an action. */
interface CommandOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly deep?: boolean;
  readonly applicationStopped?: boolean;
}

type Action = (catalog: CheckpointCatalog, id: string, options: CommandOptions) => Promise<number>;

const NOTES = `
Takes the same configuration file, environment and flags as \`millrace run\`, and uses the application id and what says where snapshots are
kept. Exit codes: 0 done; 1 failed, not there, or damaged; 2 wrong command line or configuration.`;

export const NO_STORE =
  'The configuration says nowhere where snapshots are kept: give checkpointStore (--checkpoint-store, MILLRACE_CHECKPOINT_STORE).';

/**
 * Adds what looks at the checkpoints or savepoints of an application and deletes them, under `group`. Needs the snapshot store only: no
 * Kafka, and no topology.
 */
export function addCheckpointCommands(
  group: Command,
  kind: CheckpointKind,
  { process, openSnapshotStore }: CheckpointCommandEnvironment,
  finish: (exitCode: number) => void,
): void {
  const write = (text: string): void => void process.stdout.write(text);
  const writeJson = (value: unknown): void => write(`${JSON.stringify(value, undefined, 2)}\n`);

  const run = async (command: Command, id: string, options: CommandOptions, action: Action): Promise<void> => {
    const config = loadConfig({
      flags: givenFlags(command),
      environment: process.env,
      configFile: options.config,
      unused: { brokers: 'localhost:9092' },
    });
    // What is asked for goes to standard output; what is to be told besides goes to the other.
    const destination = { write: (line: string) => void process.stderr.write(line), isTTY: process.stderr.isTTY };
    const logger = createLogger({ level: config.logLevel, format: config.logFormat, destination });
    try {
      const store = await openSnapshotStore(config);
      if (store === undefined) {
        process.stderr.write(`${NO_STORE}\n`);
        return finish(EXIT.usage);
      }
      try {
        finish(await action(new CheckpointCatalog(store, config.applicationId, logger), id, options));
      } finally {
        store.close();
      }
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      process.stderr.write(`${describeCause(error)}\n`);
      finish(EXIT.failed);
    }
  };

  const add = (name: string, description: string): Command =>
    addConfigFlags(
      group
        .command(name)
        .description(description)
        .option('--config <file>', 'configuration file, YAML or JSON (env: MILLRACE_CONFIG)')
        .option('--json', 'print JSON'),
      isUsed,
    ).addHelpText('after', NOTES);

  /** The other kind has commands of its own, and is not there for these. */
  const ofKind =
    (action: Action): Action =>
    (catalog, id, options) => {
      if (kindOfId(id) !== kind) throw new CheckpointNotFoundError(id, catalog.applicationId, catalog.description);
      return action(catalog, id, options);
    };

  const list = add('list', `List the ${kind}s of an application, the newest first.`);
  list.action((options: CommandOptions) =>
    run(list, '', options, async (catalog) => {
      const entries = (await catalog.list()).filter((entry) => entry.kind === kind);
      const failed = (await catalog.failures()).filter((each) => each.kind === kind);
      if (options.json === true) writeJson([...entries.map(report.entryAsJson), ...failed.map(report.failedAsJson)]);
      else if (entries.length + failed.length > 0) write(report.listReport(entries, failed));
      else write(`No ${kind}s of application '${catalog.applicationId}' in ${catalog.description}.\n`);
      return EXIT.ok;
    }),
  );

  const show = add('show', `Show what a ${kind} consists of, and what it cost.`).argument('<id>', `of the ${kind}`);
  show.action((id: string, options: CommandOptions) =>
    run(
      show,
      id,
      options,
      ofKind(async (catalog) => {
        const metadata = await catalog.read(id);
        if (options.json === true) writeJson(report.metadataAsJson(metadata));
        else write(report.showReport(metadata));
        return EXIT.ok;
      }),
    ),
  );

  const verify = add('verify', `Look whether all files of a ${kind} are there.`)
    .argument('<id>', `of the ${kind}`)
    .option('--deep', 'read every file, and compare its checksum');
  verify.action((id: string, options: CommandOptions) =>
    run(
      verify,
      id,
      options,
      ofKind(async (catalog) => {
        const { deep = false, json = false } = options;
        try {
          const metadata = await catalog.read(id);
          const found = await catalog.verify(metadata, { deep, onProgress: progressOn(process.stderr) });
          const sound = found.problems.length === 0;
          if (json) writeJson({ id, sound, deep, ...found });
          else write(report.verifyReport(id, found, deep));
          return sound ? EXIT.ok : EXIT.failed;
        } catch (error) {
          if (!json || !(error instanceof SnapshotDamagedError)) throw error;
          writeJson({
            id,
            sound: false,
            deep,
            files: 0,
            bytes: 0,
            problems: [{ object: error.object, problem: error.damage }],
          });
          return EXIT.failed;
        }
      }),
    ),
  );

  const remove = add('delete', `Delete a ${kind}, and the files that no other shares.`)
    .argument('<id>', `of the ${kind}`)
    .option(
      '--application-stopped',
      'delete the files of the newest one too, which a running application may be sharing',
    );
  remove.action((id: string, options: CommandOptions) =>
    run(
      remove,
      id,
      options,
      ofKind(async (catalog) => {
        const deletion = await catalog.delete(id, { applicationStopped: options.applicationStopped === true });
        if (options.json === true) writeJson(deletion);
        else write(report.deletionReport(deletion));
        return EXIT.ok;
      }),
    ),
  );
}

function isUsed({ name }: OptionDescription): boolean {
  return name === 'applicationId' || name.startsWith('checkpoint') || name === 'logLevel' || name === 'logFormat';
}

/** A line that is written over, on a terminal. */
function progressOn(stream: NodeJS.WriteStream): (progress: VerifyProgress) => void {
  if (!stream.isTTY) return () => undefined;
  return ({ files, filesDone, bytes, bytesDone }) => {
    const line = `${filesDone}/${files} files, ${readableBytes(bytesDone)} of ${readableBytes(bytes)}`;
    stream.write(`\r${line.padEnd(60)}${filesDone === files ? '\n' : ''}`);
  };
}
