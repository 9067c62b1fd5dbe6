import { CompiledServices } from '../support/compiled-services';
import { fleetWithTopics, type FleetWithTopics } from '../support/fleet-topics';
import { createTopics, followTopic, testKafka } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { sharedBrokers } from '../support/shared-broker';
import type { TopicFollower } from '../support/topic-follower';

const RECORDS = 3_000;
const VALUE = 'x'.repeat(100);

describe('a task with two input topics', () => {
  const other = uniqueName('other');
  let brokers: string[];
  let services: CompiledServices;
  let application: FleetWithTopics;
  let results: TopicFollower;

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
    await createTopics(brokers, { topic: other, partitions: 1 });
    application = await fleetWithTopics({
      brokers,
      services,
      topology: 'two-inputs',
      partitions: 1,
      parameters: { other },
      // Many fetches, which come as they will.
      options: { inputBufferMaxBytes: 64 * 1024, fetchMaxBytes: 16 * 1024 },
    });
    results = await followTopic(brokers, application.output);
  }, 60_000);

  afterAll(async () => {
    await results.stop();
    await application.fleet.dispose();
    services.remove();
  });

  async function send(topic: string, times: readonly number[]): Promise<void> {
    const producer = testKafka(brokers).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    for (let start = 0; start < times.length; start += 100) {
      const part = times.slice(start, start + 100);
      const messages = part.map((time) => ({ key: String(time), value: VALUE, timestamp: String(time) }));
      await producer.send({ topic, messages });
    }
    await producer.disconnect();
  }

  const seen = (): number[] => results.records.map(({ key }) => Number(key!.toString()));

  it('processes what both have in the order of the timestamps, and does not wait for one that has nothing', async () => {
    const times = Array.from({ length: RECORDS }, (_, index) => index + 1);
    // In runs of different lengths, so that now one topic is ahead and now the other.
    const isOther = (time: number): boolean => Math.floor(time / 700) % 2 === 1 || time % 5 === 0;
    await send(
      application.input,
      times.filter((time) => !isOther(time)),
    );
    await send(other, times.filter(isOther));
    application.fleet.start('only');
    await results.until(() => results.records.length >= RECORDS, { what: 'all results' });
    expect(seen()).toEqual(times);

    await send(other, [RECORDS + 1]);
    await results.until(() => results.records.length > RECORDS, { what: 'the result of one topic alone' });
    expect(seen()).toEqual([...times, RECORDS + 1]);
    expect(await application.fleet.process('only').terminate()).toEqual({ code: 0, signal: null });
  }, 60_000);
});
