import { OffsetOutOfRangeError, partitionKey, readCommitted, TopicAdmin, type ClusterClient } from '../../src/kafka';
import { ConnectedClusters, newTopic } from './connected-cluster';
import { epochOf, readyProducer } from './epochs';
import { committedValues } from './read-values';

const clusters = new ConnectedClusters();
let cluster: ClusterClient;

beforeAll(async () => {
  cluster = await clusters.connect();
});
afterAll(() => clusters.close());

const fail = (): never => {
  throw new Error('nothing to read');
};

describe('readCommitted', () => {
  it('reads several partitions to their ends', async () => {
    const topic = await newTopic(cluster, 3);
    const producer = await readyProducer(cluster);
    const values = Array.from({ length: 3_000 }, (_, index) => ({ partition: index % 3, value: `${index}` }));
    await producer.commit(await epochOf(cluster, topic, values));
    producer.close();
    const read = new Map<number, number>();
    const positions = await readCommitted(
      cluster,
      [0, 1, 2].map((partition) => ({
        topic,
        partition,
        from: 0,
        to: 1_001,
        onBatch: (batch) => {
          while (batch.next()) read.set(partition, (read.get(partition) ?? 0) + 1);
        },
      })),
    );
    expect(read).toEqual(new Map([0, 1, 2].map((partition) => [partition, 1_000])));
    expect(positions).toEqual(new Map([0, 1, 2].map((partition) => [partitionKey(topic, partition), 1_001])));
  });

  it('sends nothing for ranges with nothing in them', async () => {
    const sending = jest.spyOn(cluster, 'sendTo');
    const before = performance.now();
    const positions = await readCommitted(
      cluster,
      Array.from({ length: 100 }, (_, partition) => ({ topic: 'anything', partition, from: 7, to: 7, onBatch: fail })),
    );
    expect(performance.now() - before).toBeLessThan(50);
    expect(positions.size).toBe(100);
    expect(sending).not.toHaveBeenCalled();
    sending.mockRestore();
  });

  it('is quick where only a transaction marker is left', async () => {
    const topic = await newTopic(cluster, 4);
    const producer = await readyProducer(cluster);
    await producer.commit(
      await epochOf(
        cluster,
        topic,
        [0, 1, 2, 3].map((partition) => ({ partition, value: 'v' })),
      ),
    );
    producer.close();
    const took: number[] = [];
    for (let round = 0; round < 5; round++) {
      const before = performance.now();
      await readCommitted(
        cluster,
        [0, 1, 2, 3].map((partition) => ({ topic, partition, from: 1, to: 2, onBatch: fail })),
      );
      took.push(performance.now() - before);
    }
    expect(Math.min(...took)).toBeLessThan(50);
  });

  it('reads no further while a batch is being worked on', async () => {
    const topic = await newTopic(cluster);
    const producer = await readyProducer(cluster);
    for (let round = 0; round < 3; round++) {
      await producer.commit(await epochOf(cluster, topic, [{ value: `${round}` }]));
    }
    producer.close();
    let working = 0;
    let batches = 0;
    await readCommitted(cluster, [
      {
        topic,
        partition: 0,
        from: 0,
        to: 6,
        onBatch: async () => {
          expect(++working).toBe(1);
          await new Promise(setImmediate);
          working--;
          batches++;
        },
      },
    ]);
    expect(batches).toBe(3);
  });

  it('fails with what its batch handler throws', async () => {
    const topic = await newTopic(cluster);
    const producer = await readyProducer(cluster);
    await producer.commit(await epochOf(cluster, topic, [{ value: 'v' }]));
    producer.close();
    const range = { topic, partition: 0, from: 0, to: 2 };
    await expect(readCommitted(cluster, [{ ...range, onBatch: fail }])).rejects.toThrow('nothing to read');
    await expect(readCommitted(cluster, [{ ...range, onBatch: async () => fail() }])).rejects.toThrow(
      'nothing to read',
    );
  });

  it('says so when the log was cut behind the position', async () => {
    const topic = await newTopic(cluster);
    const producer = await readyProducer(cluster);
    await producer.commit(await epochOf(cluster, topic, [{ value: 'a' }, { value: 'b' }]));
    producer.close();
    await new TopicAdmin(cluster).deleteRecords([{ topic, partition: 0, offset: 2 }]);
    const reading = readCommitted(cluster, [{ topic, partition: 0, from: 1, to: 3, onBatch: () => undefined }]);
    await expect(reading).rejects.toThrow(OffsetOutOfRangeError);
    await expect(reading).rejects.toMatchObject({ topic, partition: 0, offset: 1 });
  });

  it('ends early when it is told to', async () => {
    const topic = await newTopic(cluster);
    const stop = new AbortController();
    const reading = readCommitted(cluster, [{ topic, partition: 0, from: 0, to: 10, onBatch: () => undefined }], {
      signal: stop.signal,
    });
    stop.abort(new Error('the task was closed'));
    await expect(reading).rejects.toThrow('the task was closed');
  });

  // `max.message.bytes` aside, every broker recompresses as its topic says, with the codecs of Kafka itself.
  it.each(['gzip', 'snappy', 'lz4', 'zstd'])('reads %s as Kafka writes it', async (compression) => {
    const topic = await newTopic(cluster, 1, { 'compression.type': compression });
    const producer = await readyProducer(cluster);
    const values = Array.from({ length: 2_000 }, (_, index) => ({
      value: `value ${index % 50} ${'text '.repeat(20)}`,
    }));
    await producer.commit(await epochOf(cluster, topic, values));
    producer.close();
    expect(await committedValues(cluster, topic)).toEqual(values.map(({ value }) => value));
  });

  it.each(['gzip', 'snappy', 'lz4'] as const)(
    'reads what Kafka makes of the %s that is written here',
    async (compression) => {
      const topic = await newTopic(cluster, 1, { 'compression.type': 'uncompressed' });
      const producer = await readyProducer(cluster);
      const values = Array.from({ length: 2_000 }, (_, index) => ({
        value: `value ${index % 50} ${'text '.repeat(20)}`,
      }));
      await producer.commit(await epochOf(cluster, topic, values, { compression }));
      producer.close();
      expect(await committedValues(cluster, topic)).toEqual(values.map(({ value }) => value));
    },
  );
});
