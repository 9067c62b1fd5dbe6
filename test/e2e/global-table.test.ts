import { CompiledServices } from '../support/compiled-services';
import { fleetWithTopics, type FleetWithTopics } from '../support/fleet-topics';
import { createTopics, followTopic, produce } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { running } from '../support/service-fleet';
import type { ServiceProcess } from '../support/service-process';
import { sharedBrokers } from '../support/shared-broker';
import type { TopicFollower } from '../support/topic-follower';

const ROWS = 5_000;

/** Records that a service read into its global tables before its tasks ran. */
function recordsRead({ log }: ServiceProcess): unknown {
  return log.find((line) => line['event'] === 'global_tables_read')?.['records'];
}

describe('a global table', () => {
  let brokers: string[];
  let services: CompiledServices;
  let application: FleetWithTopics;
  let rows: string;
  let follower: TopicFollower;
  let service: ServiceProcess;

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
    rows = uniqueName('rows');
    await createTopics(brokers, { topic: rows, partitions: 3 });
    application = await fleetWithTopics({
      brokers,
      services,
      topology: 'enriching',
      partitions: 2,
      parameters: { rows },
    });
    await produce(
      brokers,
      rows,
      Array.from({ length: ROWS }, (_, row) => ({ key: `row-${row}`, value: `${row}` })),
    );
    follower = await followTopic(brokers, application.output);
  }, 120_000);

  afterAll(async () => {
    await follower.stop();
    await application.fleet.dispose();
    services.remove();
  });

  const values = (): string[] => follower.records.map(({ value }) => String(value));

  async function untilValue(value: string): Promise<void> {
    await follower.until(() => values().includes(value), { what: value, timeoutMs: 30_000 });
  }

  it('is read to the end, all partitions, before the first record is processed, and followed from then on', async () => {
    const wanted = Array.from({ length: 100 }, (_, index) => `row-${index * 37}`);
    await produce(
      brokers,
      application.input,
      wanted.map((value, index) => ({ key: `${index}`, value })),
    );
    service = application.fleet.start('only');
    await service.until(running, { what: 'the running state' });
    expect(recordsRead(service)).toBe(ROWS);
    await follower.until(() => follower.records.length === wanted.length, { what: 'all results', timeoutMs: 30_000 });
    expect(new Set(values())).toEqual(new Set(wanted.map((value) => `${value}=${value.slice(4)}`)));

    await produce(brokers, rows, [
      { key: 'row-1', value: 'changed' },
      { key: 'row-2', value: null },
    ]);
    // The table follows on its own: asked often enough, it answers with what is new.
    for (let attempt = 0; !values().includes('row-1=changed') || !values().includes('row-2=null'); attempt++) {
      const before = follower.records.length;
      await produce(brokers, application.input, [
        { key: `again-${attempt}`, value: 'row-1' },
        { key: `again-${attempt}`, value: 'row-2' },
      ]);
      await follower.until(() => follower.records.length >= before + 2, { what: 'answers', timeoutMs: 30_000 });
    }
  }, 120_000);

  it('goes on after a SIGKILL where it was, on the state that is on the disk', async () => {
    await service.kill();
    await produce(brokers, rows, [{ key: 'row-3', value: 'meanwhile' }]);
    service = application.fleet.start('only');
    await service.until(running, { what: 'the running state' });
    expect(recordsRead(service)).toBe(1);
    await produce(brokers, application.input, [
      { key: 'after', value: 'row-3' },
      { key: 'after', value: 'row-4' },
    ]);
    await untilValue('row-3=meanwhile');
    await untilValue('row-4=4');
    await service.kill();
  }, 120_000);

  it('is read anew where its state is gone', async () => {
    service = application.fleet.start('other');
    await service.until(running, { what: 'the running state' });
    expect(recordsRead(service)).toBe(ROWS + 3);
    await service.terminate();
  }, 120_000);
});
