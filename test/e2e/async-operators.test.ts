import { CompiledServices } from '../support/compiled-services';
import { fleetWithTopics, type FleetWithTopics } from '../support/fleet-topics';
import { followTopic, produce } from '../support/kafka-clients';
import { sharedBrokers } from '../support/shared-broker';
import { metricsOf } from '../support/service-metrics';
import type { TopicFollower } from '../support/topic-follower';

const RECORDS = 2_000;
const KEYS = 20;
const PARTITIONS = 2;
const MILLISECONDS = 20;
const CONCURRENCY = 50;

/** The counts of each key in the order in which they came. */
function countsByKey({ records }: TopicFollower): Map<string, number[]> {
  const counts = new Map<string, number[]>();
  for (const { key, value } of records) {
    const ofKey = counts.get(key!.toString()) ?? [];
    counts.set(key!.toString(), [...ofKey, Number(value!.toString())]);
  }
  return counts;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe.each([
  ['each record', 'records'],
  ['the count of each record, so that commits wait for answers', 'counts'],
])('a topology that asks another service about %s', (_, about) => {
  let brokers: string[];
  let services: CompiledServices;
  let application: FleetWithTopics;
  let results: TopicFollower;

  const produceRecords = (): Promise<void> =>
    produce(
      brokers,
      application.input,
      Array.from({ length: RECORDS }, (_, index) => ({ key: `key-${index % KEYS}`, value: String(index) })),
    );

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
    application = await fleetWithTopics({
      brokers,
      services,
      topology: 'asking',
      partitions: PARTITIONS,
      parameters: { milliseconds: String(MILLISECONDS), concurrency: String(CONCURRENCY), about },
      options: { httpPort: 0 },
    });
    results = await followTopic(brokers, application.output);
  }, 60_000);

  afterAll(async () => {
    await results.stop();
    await application.fleet.dispose();
    services.remove();
  });

  it('has many answers under way at a time, and commits meanwhile', async () => {
    await produceRecords();
    const service = application.fleet.start('only');
    await results.until(() => results.records.length > 0, { what: 'the first answers' });
    const startedAt = performance.now();
    const before = results.records.length;
    await results.until(() => results.records.length >= RECORDS, { what: 'all answers' });
    const perSecond = ((RECORDS - before) * 1_000) / (performance.now() - startedAt);
    // One at a time could not do more than this.
    const oneByOne = (PARTITIONS * 1_000) / MILLISECONDS;
    expect(perSecond).toBeGreaterThan(3 * oneByOne);
    expect(countsByKey(results)).toEqual(
      new Map(Array.from({ length: KEYS }, (_, key) => [`key-${key}`, upTo(RECORDS / KEYS)])),
    );
    const metrics = await metricsOf(service);
    expect(metrics.get('millrace_async_timeouts_total') ?? 0).toBe(0);
    expect(await service.terminate()).toEqual({ code: 0, signal: null });
  }, 60_000);

  it('counts each answer once after a SIGKILL while many are under way', async () => {
    const expected = 2 * RECORDS;
    await produceRecords();
    const victim = application.fleet.start('only');
    await results.until(() => results.records.length > RECORDS, { what: 'the first new answers' });
    await victim.kill();
    expect(results.records.length).toBeLessThan(expected);

    const service = application.fleet.start('only');
    await results.until(() => results.records.length >= expected, { what: 'all answers', timeoutMs: 30_000 });
    expect(await service.terminate()).toEqual({ code: 0, signal: null });
    expect(countsByKey(results)).toEqual(
      new Map(Array.from({ length: KEYS }, (_, key) => [`key-${key}`, upTo(expected / KEYS)])),
    );
  }, 60_000);
});
