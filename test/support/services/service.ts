// A service under test, in a process of its own. It runs as `millrace run` does, and can be told to die, or to freeze, at a failpoint.
import { existsSync, readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { runApplication } from '../../../src/cli/run-application';
import { resolveConfig } from '../../../src/config/millrace-config';
import { createLogger } from '../../../src/logging/create-logger';
import type { FailpointHook } from '../../../src/runtime/failpoints';
import { Millrace } from '../../../src/runtime/millrace';
import { StreamsBuilder } from '../../../src/topology/streams-builder';
import type { SelfSignal, ServiceSettings, TestTopology } from './service-settings';

const STDOUT = 1;

/** Says that it reached the point, in a line that is out before the signal is. */
function signalAt(wanted: SelfSignal | { readonly file: string }): FailpointHook {
  let visits = 0;
  return (reached) => {
    const told = 'file' in wanted ? selfSignalIn(wanted.file) : wanted;
    if (told === undefined || reached !== told.point || ++visits !== told.visit) return;
    const { point, visit, signal } = told;
    writeSync(STDOUT, `${JSON.stringify({ event: 'self_signal', point, visit, signal })}\n`);
    process.kill(process.pid, signal);
  };
}

function selfSignalIn(file: string): SelfSignal | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SelfSignal) : undefined;
}

async function main(): Promise<number> {
  const settings = JSON.parse(process.argv[2] ?? '') as ServiceSettings;
  const { default: describe } = createRequire(__filename)(path.join(__dirname, settings.topology)) as {
    default: TestTopology<Readonly<Record<string, string>>>;
  };
  const builder = new StreamsBuilder();
  describe(builder, settings.parameters);
  const config = resolveConfig(settings.options);
  const logger = createLogger({ level: config.logLevel, format: 'json' });
  const failpoint = settings.selfSignal === undefined ? undefined : signalAt(settings.selfSignal);
  const create = async (
    ...[topology, , dependencies]: Parameters<Parameters<typeof runApplication>[3]>
  ): Promise<Millrace> => new Millrace(topology, config, { ...dependencies, failpoint });
  return runApplication(builder.build(), config, logger, create, process);
}

void main().then((code) => process.exit(code));
