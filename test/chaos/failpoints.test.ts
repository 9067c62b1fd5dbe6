import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Failpoint } from '../../src/runtime/failpoints';
import { CompiledServices } from '../support/compiled-services';
import { SeededRandom } from '../support/seeded-random';
import { running } from '../support/service-fleet';
import { sharedBrokers } from '../support/shared-broker';
import { CountingRun } from './counting-run';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 7_001);
const DEATHS = 3;
const SIGKILLED = { code: null, signal: 'SIGKILL' };

describe(`SIGKILLs at the most telling moments (seed ${SEED})`, () => {
  const random = new SeededRandom(SEED);
  let services: CompiledServices;
  let run: CountingRun;

  beforeAll(async () => {
    services = await CompiledServices.compile();
  });

  beforeEach(async () => {
    run = await CountingRun.prepare({ brokers: await sharedBrokers(), services, random: random.fork() });
  });

  afterEach(() => run.dispose());

  afterAll(() => services.remove());

  const moments: Failpoint[] = [
    'before-commit',
    'before-transaction-end',
    'after-transaction-before-state-write',
    'after-state-write',
  ];
  const cases = moments.flatMap((point) => [
    { point, company: 'alone', others: [] as string[] },
    { point, company: 'with another instance alive', others: ['other'] },
  ]);

  it.each(cases)(
    '$point, $company: nothing is lost or doubled',
    async ({ point, others }) => {
      for (const other of others) run.fleet.start(other);
      await run.startFeeding(200);
      for (let death = 1; death <= DEATHS; death++) {
        const visit = random.between(1, 8);
        const victim = run.fleet.start('victim', { selfSignal: { point, visit, signal: 'SIGKILL' } });
        expect(await victim.end()).toEqual(SIGKILLED);
      }
      run.fleet.start('victim');
      await run.untilProgress();
      expect(await run.finish()).toMatchObject({ faults: [] });
    },
    120_000,
  );

  it.each([
    { company: 'alone', others: [] as string[] },
    { company: 'with another instance alive', others: ['other'] },
  ])(
    'during restore, $company: it goes on from there, and nothing is lost or doubled',
    async ({ others }) => {
      for (const other of others) run.fleet.start(other);
      await run.write(500);
      run.fleet.start('victim');
      await run.untilAllCounted();
      await run.fleet.process('victim').kill();
      await run.startFeeding(200);
      for (let death = 1; death <= DEATHS; death++) {
        // Each of its tasks has something to restore then; what an earlier death left may be complete.
        rmSync(path.join(run.fleet.stateDirectory('victim')), { recursive: true });
        const visit = random.between(1, 3);
        const victim = run.fleet.start('victim', { selfSignal: { point: 'during-restore', visit, signal: 'SIGKILL' } });
        expect(await victim.end()).toEqual(SIGKILLED);
      }
      run.fleet.start('victim');
      expect(await run.finish()).toMatchObject({ faults: [] });
    },
    120_000,
  );

  it('during a rebalance, as the one that gives up tasks: nothing is lost or doubled', async () => {
    await run.startFeeding(200);
    for (let death = 1; death <= DEATHS; death++) {
      const victim = run.fleet.start('victim', {
        selfSignal: { point: 'during-rebalance', visit: 1, signal: 'SIGKILL' },
      });
      await victim.until(running, { what: 'the running state' });
      await run.untilProgress();
      const joining = run.fleet.start(`joining-${death}`);
      expect(await victim.end()).toEqual(SIGKILLED);
      await joining.until(running, { what: 'the running state' });
      await joining.terminate();
    }
    run.fleet.start('victim');
    expect(await run.finish()).toMatchObject({ faults: [] });
  }, 120_000);
});
