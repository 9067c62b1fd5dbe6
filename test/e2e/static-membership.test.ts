import { CountingRun } from '../chaos/counting-run';
import { CompiledServices } from '../support/compiled-services';
import { SeededRandom } from '../support/seeded-random';
import { assigned, running } from '../support/service-fleet';
import type { ServiceProcess } from '../support/service-process';
import { sharedBrokers } from '../support/shared-broker';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 11_001);

const assignments = ({ log }: ServiceProcess): unknown[] => log.filter(assigned(0)).map(({ tasks }) => tasks);

describe(`static members (seed ${SEED})`, () => {
  let services: CompiledServices;
  let run: CountingRun;

  beforeAll(async () => {
    services = await CompiledServices.compile();
    run = await CountingRun.prepare({
      brokers: await sharedBrokers(),
      services,
      random: new SeededRandom(SEED),
      options: { sessionTimeoutMs: 20_000, rebalanceTimeoutMs: 20_000 },
    });
  });

  afterAll(async () => {
    await run.dispose();
    services.remove();
  });

  async function start(instance: string): Promise<ServiceProcess> {
    const service = run.fleet.start(instance, { options: { groupInstanceId: instance } });
    await service.until(assigned(1), { what: 'tasks' });
    await service.until(running, { what: 'the running state' });
    return service;
  }

  it('come back to their own tasks, killed or stopped, and the others do not even notice', async () => {
    await run.startFeeding(200);
    const first = await start('first');
    const other = await start('other');
    await run.untilProgress();
    const ofFirst = assignments(first).at(-1);
    const ofOther = assignments(other);

    await first.kill();
    expect(assignments(await start('first'))).toEqual([ofFirst]);
    await run.untilProgress(200);
    expect(await run.fleet.process('first').terminate()).toEqual({ code: 0, signal: null });
    expect(assignments(await start('first'))).toEqual([ofFirst]);
    await run.untilProgress(200);
    expect(assignments(other)).toEqual(ofOther);
    expect(await run.finish()).toMatchObject({ faults: [] });
  }, 120_000);
});
