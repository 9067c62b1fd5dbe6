import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { resolveConfig } from '../../src/config/millrace-config';
import { silentLogger } from '../../src/logging/logger';
import type { Failpoint } from '../../src/runtime/failpoints';
import { requestFromApplication } from '../../src/runtime/request-checkpoint';
import { CompiledServices } from '../support/compiled-services';
import { fleetWithTopics, untilResults, type FleetWithTopics } from '../support/fleet-topics';
import { produce, readTopic } from '../support/kafka-clients';
import { SeededRandom } from '../support/seeded-random';
import { running } from '../support/service-fleet';
import type { LogLine } from '../support/service-process';
import { sharedBrokers } from '../support/shared-broker';
import { sequenceFaults } from './counting-check';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 13_001);
/** More changelog records than are read without looking for a checkpoint. */
const KEYS = 11_000;
/** Counted behind the checkpoint. */
const TAIL = 4_000;
const SIGKILLED = { code: null, signal: 'SIGKILL' };

const about =
  (event: string) =>
  (line: LogLine): boolean =>
    line['event'] === event;

describe(`SIGKILLs while a task is recovered from a checkpoint (seed ${SEED})`, () => {
  const random = new SeededRandom(SEED);
  let brokers: string[];
  let services: CompiledServices;
  let store: string;
  let application: FleetWithTopics;
  const counts = new Map<string, number>();

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
    store = mkdtempSync(path.join(tmpdir(), 'millrace-checkpoints-'));
    application = await fleetWithTopics({
      ...{ brokers, services, topology: 'per-key-count', partitions: 1 },
      options: { checkpointStore: store, checkpointTrigger: 'on-demand' },
    });
    const { fleet } = application;
    fleet.start('only');
    await count(KEYS);
    const config = resolveConfig({ applicationId: fleet.applicationId, brokers });
    const wanted = { kind: 'checkpoint' as const, id: undefined, thenStop: false, answerTimeoutMs: 30_000 };
    await requestFromApplication(config, wanted, silentLogger);
    await count(TAIL);
  }, 120_000);

  afterAll(async () => {
    await application.fleet.dispose();
    rmSync(store, { recursive: true });
    services.remove();
  });

  /** One record more for each of the first keys, and all of them counted. */
  async function count(keys: number): Promise<void> {
    const { input } = application;
    const names = Array.from({ length: keys }, (_, key) => `key-${key}`);
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    await produce(
      brokers,
      input,
      names.map((key) => ({ key, value: '' })),
    );
    const results = [...counts.values()].reduce((sum, one) => sum + one, 0);
    await untilResults(brokers, application, results);
  }

  it.each<{ point: Failpoint; isInstalledAgain: boolean }>([
    { point: 'during-download', isInstalledAgain: true },
    { point: 'during-install', isInstalledAgain: true },
    { point: 'after-install', isInstalledAgain: false },
    { point: 'during-restore', isInstalledAgain: false },
  ])(
    '$point: the next start recovers, reads no more of the changelog than is missing, and the counts go on',
    async ({ point, isInstalledAgain }) => {
      const { fleet, output } = application;
      await fleet.process('only').kill();
      rmSync(fleet.stateDirectory('only'), { recursive: true });
      // Files come in a few pieces, and the changelog behind them in one batch or more.
      const visit = point === 'during-download' ? random.between(1, 3) : 1;
      const victim = fleet.start('only', { selfSignal: { point, visit, signal: 'SIGKILL' } });
      expect(await victim.end()).toEqual(SIGKILLED);
      expect(victim.log.some(about('checkpoint_installed'))).toBe(point === 'during-restore');
      expect(victim.log.some(running)).toBe(false);

      const again = fleet.start('only');
      await again.until(running, { what: 'the running state', timeoutMs: 60_000 });
      expect(again.log.some(about('checkpoint_installed'))).toBe(isInstalledAgain);
      const restored = again.log.filter(about('restored')).map(({ records }) => records as number);
      for (const records of restored) expect(records).toBeLessThan(KEYS);
      const problems = again.log.filter(({ event }) =>
        ['state_damaged', 'state_wiped', 'checkpoint_unusable'].includes(String(event)),
      );
      expect(problems).toEqual([]);

      await count(100);
      const faults = sequenceFaults('count', await readTopic(brokers, output), counts, ({ key, value }) => [
        key!.toString(),
        value!.toString(),
      ]);
      expect(faults).toEqual([]);
    },
    120_000,
  );
});
