import { CompiledServices } from '../support/compiled-services';
import { createTopics, followTopic, produce, readTopic } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { ServiceFleet } from '../support/service-fleet';
import { sharedBrokers } from '../support/shared-broker';
import { RESULT_BYTES } from '../support/services/expanding';

const RESULTS = 20_000;

describe('epochs and batches at the limits of a broker', () => {
  let brokers: string[];
  let services: CompiledServices;
  let fleet: ServiceFleet;
  let topics: { input: string; output: string };

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
  });

  async function prepare(topology: string, outputConfig: Record<string, string>): Promise<void> {
    const applicationId = uniqueName(topology);
    topics = { input: `${applicationId}-in`, output: `${applicationId}-out` };
    await createTopics(
      brokers,
      { topic: topics.input, partitions: 1 },
      { topic: topics.output, partitions: 3, config: outputConfig },
    );
    fleet = new ServiceFleet({ services, brokers, applicationId, topology, parameters: topics });
  }

  afterEach(() => fleet.dispose());

  afterAll(() => services.remove());

  it(`one record with ${(RESULTS * RESULT_BYTES) / 1e6} MB of results is one transaction, also when the first try is killed`, async () => {
    await prepare('expanding', {});
    await produce(brokers, topics.input, [{ key: 'a', value: String(RESULTS) }]);
    const victim = fleet.start('only', {
      selfSignal: { point: 'before-transaction-end', visit: 1, signal: 'SIGKILL' },
    });
    expect(await victim.end()).toMatchObject({ signal: 'SIGKILL' });

    const service = fleet.start('only');
    const follower = await followTopic(brokers, topics.output);
    try {
      await follower.until(() => follower.records.length >= RESULTS, { what: 'all results' });
    } finally {
      await follower.stop();
    }
    expect(await service.terminate()).toEqual({ code: 0, signal: null });
    const results = await readTopic(brokers, topics.output);
    expect(results).toHaveLength(RESULTS);
    expect(new Set(results.map(({ key }) => key!.toString())).size).toBe(RESULTS);
    const written = await readTopic(brokers, topics.output, { isolation: 'read_uncommitted' });
    expect(written).toHaveLength(2 * RESULTS);
  }, 120_000);

  it('a topic that takes less than maxBatchBytes stops the service, with the topic and what to change', async () => {
    await prepare('parsing', { 'max.message.bytes': '20000' });
    await produce(brokers, topics.input, [{ key: 'a', value: '{"size":30000}' }]);
    const service = fleet.start('only');
    expect(await service.end()).toEqual({ code: 1, signal: null });
    const { msg } = service.log.at(-1)!;
    expect(msg).toContain(`'${topics.output}'`);
    expect(msg).toContain('max.message.bytes');
    expect(msg).toContain('maxBatchBytes');
  }, 60_000);
});
