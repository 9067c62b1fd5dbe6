import { CompiledServices } from '../support/compiled-services';
import { fleetWithTopics, type FleetWithTopics } from '../support/fleet-topics';
import { followTopic, testKafka } from '../support/kafka-clients';
import { sharedBrokers } from '../support/shared-broker';
import type { TopicFollower } from '../support/topic-follower';

describe('timers by the wall clock', () => {
  let brokers: string[];
  let services: CompiledServices;
  let application: FleetWithTopics;
  let results: TopicFollower;

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
    application = await fleetWithTopics({ brokers, services, topology: 'reminders', partitions: 1 });
    results = await followTopic(brokers, application.output);
  }, 60_000);

  afterAll(async () => {
    await results.stop();
    await application.fleet.dispose();
    services.remove();
  });

  async function send(key: string, value: string, timestamp: number): Promise<void> {
    const producer = testKafka(brokers).producer({ allowAutoTopicCreation: false });
    await producer.connect();
    await producer.send({ topic: application.input, messages: [{ key, value, timestamp: String(timestamp) }] });
    await producer.disconnect();
  }

  const answersTo = (key: string): string[] =>
    results.records.filter((record) => record.key?.toString() === key).map(({ value }) => value!.toString());

  it('fire while no records come, and once also when the service was dead at their time', async () => {
    application.fleet.start('only');
    await send('soon', '300', 50_000);
    await results.until(() => answersTo('soon').length === 2, { what: 'the reminder' });
    expect(answersTo('soon')).toEqual(['at 50000', 'reminded']);

    await send('later', '2000', 50_000);
    await results.until(() => answersTo('later').length === 1, { what: 'the answer' });
    await application.fleet.process('only').kill();
    application.fleet.start('only');
    await results.until(() => answersTo('later').length === 2, { what: 'the reminder after the restart' });

    // Its own time is before that of the records that another process has committed.
    await send('last', '0', 20_000);
    await results.until(() => answersTo('last').length === 2, { what: 'the last reminder' });
    expect(answersTo('last')).toEqual(['at 50000', 'reminded']);
    expect(answersTo('later')).toEqual(['at 50000', 'reminded']);
    expect(await application.fleet.process('only').terminate()).toEqual({ code: 0, signal: null });
  }, 60_000);
});
