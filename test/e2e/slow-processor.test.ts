import { CompiledServices } from '../support/compiled-services';
import { fleetWithTopics, type FleetWithTopics } from '../support/fleet-topics';
import { followTopic, testKafka } from '../support/kafka-clients';
import { assigned } from '../support/service-fleet';
import { sharedBrokers } from '../support/shared-broker';
import { metricsOf } from '../support/service-metrics';
import type { TopicFollower } from '../support/topic-follower';

const RECORDS = 600;
const VALUE_BYTES = 2_000;
const RECORDS_PER_SEND = 2;
const MILLISECONDS = 10;
const QUEUE_BYTES = 64 * 1024;
const FETCH_BYTES = 16 * 1024;

/** In small batches: a queue is only as fine as the batches that come. */
async function produceInSmallBatches(
  brokers: readonly string[],
  topic: string,
  values: readonly string[],
): Promise<void> {
  const producer = testKafka(brokers).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    for (let start = 0; start < values.length; start += RECORDS_PER_SEND) {
      const messages = values
        .slice(start, start + RECORDS_PER_SEND)
        .map((value, index) => ({ key: `key-${index}`, value }));
      await producer.send({ topic, messages });
    }
  } finally {
    await producer.disconnect();
  }
}

describe('a processor that is slower than its input', () => {
  let brokers: string[];
  let services: CompiledServices;
  let application: FleetWithTopics;
  let results: TopicFollower;

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
    application = await fleetWithTopics({
      brokers,
      services,
      topology: 'slow',
      partitions: 2,
      parameters: { milliseconds: String(MILLISECONDS) },
      options: { inputBufferMaxBytes: QUEUE_BYTES, fetchMaxBytes: FETCH_BYTES, httpPort: 0 },
    });
    results = await followTopic(brokers, application.output);
  }, 60_000);

  afterAll(async () => {
    await results.stop();
    await application.fleet.dispose();
    services.remove();
  });

  it('stays in the group, commits in between, and holds a bounded queue', async () => {
    const values = Array.from({ length: RECORDS }, (_, index) => String(index).padEnd(VALUE_BYTES, '.'));
    await produceInSmallBatches(brokers, application.input, values);
    const service = application.fleet.start('only');

    // A record always waits on the processor, and still there are moments for a commit.
    await results.until(() => results.records.length > 0, { what: 'the first results' });
    expect(results.records.length).toBeLessThan(RECORDS / 2);
    const queued = (await metricsOf(service)).get('millrace_queue_bytes');

    await results.until(() => results.records.length >= RECORDS, { what: 'all results' });
    expect(results.records).toHaveLength(RECORDS);
    expect(queued).toBeGreaterThan(0);
    expect(queued).toBeLessThanOrEqual(QUEUE_BYTES + 2 * FETCH_BYTES);
    expect(service.log.filter(assigned(0))).toHaveLength(1);
    expect(await service.terminate()).toEqual({ code: 0, signal: null });
  }, 60_000);

  it('ends on SIGTERM without waiting for what is queued, and goes on from there', async () => {
    const values = Array.from({ length: RECORDS }, (_, index) => `again ${index}`);
    await produceInSmallBatches(brokers, application.input, values);
    const service = application.fleet.start('only');
    await results.until(() => results.records.length > RECORDS, { what: 'the first new results' });
    expect(await service.terminate(10_000)).toEqual({ code: 0, signal: null });
    expect(results.records.length).toBeLessThan(2 * RECORDS);

    application.fleet.start('only');
    await results.until(() => results.records.length >= 2 * RECORDS, { what: 'all results' });
    const again = results.records.map(({ value }) => value!.toString()).filter((value) => value.startsWith('again'));
    expect(again.sort()).toEqual(values.sort());
    expect(await application.fleet.process('only').terminate()).toEqual({ code: 0, signal: null });
  }, 60_000);
});
