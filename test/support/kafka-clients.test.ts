import { createTopics, followTopic, lastValues, produce, readTopic, testKafka } from './kafka-clients';
import { uniqueName } from './kafka-names';
import { sharedBrokers } from './shared-broker';

describe('readTopic', () => {
  let brokers: string[];
  beforeAll(async () => {
    brokers = await sharedBrokers();
  });

  it('returns every record by partition and offset, with key, value, headers and timestamp', async () => {
    const topic = uniqueName('read');
    await createTopics(brokers, { topic, partitions: 2 });
    await produce(brokers, topic, [
      { partition: 1, key: 'k', value: 'second partition', headers: { h: 'v' }, timestamp: 1_700_000_000_000 },
      { partition: 0, key: null, value: 'a' },
      { partition: 0, key: 'k', value: null },
    ]);

    const records = await readTopic(brokers, topic);

    expect(
      records.map(({ partition, offset, key, value }) => [partition, offset, key?.toString(), value?.toString()]),
    ).toEqual([
      [0, 0, undefined, 'a'],
      [0, 1, 'k', undefined],
      [1, 0, 'k', 'second partition'],
    ]);
    expect(records[2]).toMatchObject({
      timestamp: 1_700_000_000_000,
      headers: [{ key: 'h', value: Buffer.from('v') }],
    });
  });

  it('returns nothing for an empty topic', async () => {
    const topic = uniqueName('empty');
    await createTopics(brokers, { topic, partitions: 3 });

    await expect(readTopic(brokers, topic)).resolves.toEqual([]);
  });

  it('reads to the end of a topic whose last records were aborted, and leaves those out unless told otherwise', async () => {
    const topic = uniqueName('aborted');
    await createTopics(brokers, { topic, partitions: 1 });
    const producer = testKafka(brokers).producer({
      transactionalId: uniqueName('writer'),
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const committed = await producer.transaction();
    await committed.send({ topic, messages: [{ key: 'a', value: 'kept' }] });
    await committed.commit();
    const aborted = await producer.transaction();
    await aborted.send({ topic, messages: [{ key: 'a', value: 'dropped' }] });
    await aborted.abort();
    await producer.disconnect();

    expect((await readTopic(brokers, topic)).map(({ value }) => value?.toString())).toEqual(['kept']);
    const everything = await readTopic(brokers, topic, { isolation: 'read_uncommitted' });
    expect(everything.map(({ value }) => value?.toString())).toEqual(['kept', 'dropped']);
  });

  it('leaves out aborted transactions that ended in another order than they began', async () => {
    const topic = uniqueName('overlapping');
    await createTopics(brokers, { topic, partitions: 1 });
    const [first, second] = await Promise.all([openTransaction(brokers), openTransaction(brokers)]);
    await first.send(topic, 'of the first');
    await second.send(topic, 'of the second');
    await second.abort();
    await first.abort();
    await produce(brokers, topic, [{ value: 'kept' }]);

    expect((await readTopic(brokers, topic)).map(({ value }) => value?.toString())).toEqual(['kept']);
  });

  it('waits for an open transaction, and says how far it came when that does not end', async () => {
    const topic = uniqueName('open');
    await createTopics(brokers, { topic, partitions: 1 });
    const producer = testKafka(brokers).producer({
      transactionalId: uniqueName('writer'),
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const open = await producer.transaction();
    await open.send({ topic, messages: [{ key: 'a', value: 'late' }] });

    await expect(readTopic(brokers, topic, { timeoutMs: 1_500 })).rejects.toThrow(
      /not seen within 1500 ms\. 0 records read/,
    );
    const reading = readTopic(brokers, topic);
    await open.commit();

    expect((await reading).map(({ value }) => value?.toString())).toEqual(['late']);
    await producer.disconnect();
  });
});

/** A transaction of a producer of its own, which ends with it. */
async function openTransaction(brokers: readonly string[]): Promise<{
  send: (topic: string, value: string) => Promise<unknown>;
  abort: () => Promise<void>;
}> {
  const producer = testKafka(brokers).producer({
    transactionalId: uniqueName('writer'),
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  return {
    send: (topic, value) => transaction.send({ topic, messages: [{ value }] }),
    abort: async () => {
      await transaction.abort();
      await producer.disconnect();
    },
  };
}

describe('followTopic', () => {
  it('sees records that are written after it began', async () => {
    const brokers = await sharedBrokers();
    const topic = uniqueName('follow');
    await createTopics(brokers, { topic, partitions: 1 });
    const follower = await followTopic(brokers, topic);
    await produce(brokers, topic, [
      { key: 'a', value: '1' },
      { key: 'b', value: '1' },
      { key: 'a', value: '2' },
      { key: 'b', value: null },
    ]);

    await follower.until(() => follower.records.length === 4, { what: 'four records' });

    expect(lastValues(follower.records)).toEqual(new Map([['a', '2']]));
    await follower.stop();
  });
});
