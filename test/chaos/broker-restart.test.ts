import { CompiledServices } from '../support/compiled-services';
import { startBroker, type TestBroker } from '../support/kafka-broker';
import { SeededRandom } from '../support/seeded-random';
import { running } from '../support/service-fleet';
import { CountingRun } from './counting-run';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 10_001);

describe(`a broker that goes away under load (seed ${SEED})`, () => {
  const random = new SeededRandom(SEED);
  let broker: TestBroker;
  let services: CompiledServices;
  let run: CountingRun;

  beforeAll(async () => {
    broker = await startBroker({ own: true });
    services = await CompiledServices.compile();
  }, 180_000);

  beforeEach(async () => {
    run = await CountingRun.prepare({ brokers: broker.brokers, services, random: random.fork() });
    await run.startFeeding(200);
    for (const instance of ['first', 'second']) run.fleet.start(instance);
    for (const instance of ['first', 'second']) {
      await run.fleet.process(instance).until(running, { what: 'the running state' });
    }
    await run.untilProgress(200);
  }, 60_000);

  afterEach(() => run.dispose(), 60_000);

  afterAll(async () => {
    await broker.stop();
    services.remove();
  });

  it('restarted cleanly: the instances go on, and nothing is lost or doubled', async () => {
    await broker.restart();
    await run.untilProgress(200);
    expect(await run.finish()).toMatchObject({ faults: [] });
  }, 180_000);

  it('killed and started again: the instances go on, and nothing is lost or doubled', async () => {
    await broker.kill('SIGKILL');
    await broker.restart();
    await run.untilProgress(200);
    expect(await run.finish()).toMatchObject({ faults: [] });
  }, 180_000);

  it('frozen for longer than the session time-out: the instances join again, and nothing is lost or doubled', async () => {
    await broker.pause();
    await Promise.all(
      ['first', 'second'].map((instance) =>
        run.fleet.process(instance).until((line) => line['event'] === 'group.lost', { what: 'the lost membership' }),
      ),
    );
    await broker.resume();
    await run.untilProgress(200);
    expect(await run.finish()).toMatchObject({ faults: [] });
  }, 180_000);
});
