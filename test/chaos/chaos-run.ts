import { setTimeout as pause } from 'node:timers/promises';
import type { MillraceOptions } from '../../src/config/millrace-config';
import { CompiledServices } from '../support/compiled-services';
import { SeededRandom } from '../support/seeded-random';
import { running } from '../support/service-fleet';
import { CountingRun, type CountingVerdict } from './counting-run';

export interface ChaosOptions {
  readonly brokers: readonly string[];
  readonly seed: number;
  readonly kills: number;
  /** 1 to 3. */
  readonly instances: number;
  readonly linesPerSecond: number;
  readonly options?: Partial<MillraceOptions>;
  readonly log: (line: string) => void;
}

/**
 * Kills random instances of the counting topology at random moments while lines flow in, and freezes or stops some between; lets
 * the rest finish, and says whether outputs and state are those of a run without failures.
 */
export async function runChaos(chaos: ChaosOptions): Promise<CountingVerdict> {
  const { brokers, seed, instances, linesPerSecond, options, log } = chaos;
  const random = new SeededRandom(seed);
  const services = await CompiledServices.compile();
  const run = await CountingRun.prepare({
    brokers,
    services,
    random: random.fork(),
    ...(options === undefined ? {} : { options }),
  });
  try {
    await run.startFeeding(linesPerSecond);
    const names = Array.from({ length: instances }, (_, index) => `instance-${index + 1}`);
    for (const name of names) run.fleet.start(name);
    for (let kill = 1; kill <= chaos.kills; kill++) {
      if (random.chance(0.15)) await freezeOne(run, names, random, log);
      if (random.chance(0.15)) await stopOne(run, names, random, log);
      await killOne(run, names, random, (line) => log(`kill ${kill} of ${chaos.kills}: ${line}`));
    }
    log('no more kills; waiting for the rest of the results');
    const verdict = await run.finish();
    log(`${await run.abortedOutputs()} outputs of aborted transactions are in the log`);
    return verdict;
  } finally {
    await run.dispose();
    services.remove();
  }
}

type Log = (line: string) => void;

/** At a random moment of a life, its start and its recovery included. */
async function killOne(
  { fleet, counts }: CountingRun,
  names: readonly string[],
  random: SeededRandom,
  log: Log,
): Promise<void> {
  const name = random.pick(names);
  const atWork = random.chance(0.7);
  if (atWork) await fleet.process(name).until(running, { what: 'the running state', timeoutMs: 60_000 });
  await pause(random.between(0, 1_500));
  fleet.throwIfEnded();
  await fleet.process(name).kill();
  const away = random.chance(0.5) ? 0 : random.between(0, 1_500);
  log(
    `${name} ${atWork ? 'at work' : 'at any moment'}, ${counts.records.length} results until then, away for ${away} ms`,
  );
  await pause(away);
  fleet.start(name);
}

/** Perhaps for longer than its session time-out: others have its tasks then, and it does not know. */
async function freezeOne(
  { fleet }: CountingRun,
  names: readonly string[],
  random: SeededRandom,
  log: Log,
): Promise<void> {
  const name = random.pick(names);
  const milliseconds = random.between(500, 4_000);
  log(`${name} frozen for ${milliseconds} ms`);
  fleet.process(name).freeze();
  await pause(milliseconds);
  fleet.process(name).thaw();
}

async function stopOne(
  { fleet }: CountingRun,
  names: readonly string[],
  random: SeededRandom,
  log: Log,
): Promise<void> {
  const name = random.pick(names);
  await fleet.process(name).until(running, { what: 'the running state', timeoutMs: 60_000 });
  const { code } = await fleet.process(name).terminate();
  if (code !== 0) throw new Error(`${name} ended with ${code} after SIGTERM`);
  log(`${name} stopped by SIGTERM`);
  fleet.start(name);
}
