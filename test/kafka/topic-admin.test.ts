import {
  LogWriter,
  partitionKey,
  TopicAdmin,
  TopicMissingError,
  TransactionalProducer,
  type ClusterClient,
} from '../../src/kafka';
import { BrokerResponseError } from '../../src/kafka/errors';
import { NO_HEADERS } from '../../src/serde/record';
import { uniqueName } from '../support/kafka-names';
import { ConnectedClusters, newTopic } from './connected-cluster';
import { epochOf, readyProducer, untilMarkersAreWritten } from './epochs';

const clusters = new ConnectedClusters();
let cluster: ClusterClient;
let admin: TopicAdmin;

beforeAll(async () => {
  cluster = await clusters.connect();
  admin = new TopicAdmin(cluster);
});
afterAll(() => clusters.close());

describe('TopicAdmin', () => {
  it('creates topics with their settings, usable when it resolves', async () => {
    const name = uniqueName('compacted');
    await admin.createTopics([
      { name, partitions: 4, replicationFactor: -1, configs: { 'cleanup.policy': 'compact' } },
    ]);
    expect(await admin.describeTopics([name])).toEqual(new Map([[name, { partitions: 4 }]]));
    const configs = (await admin.topicConfigs([name])).get(name);
    expect(configs?.get('cleanup.policy')).toBe('compact');
    expect(configs?.get('max.message.bytes')).toBe('1048588');
  });

  it('leaves a topic that exists as it is', async () => {
    const name = await newTopic(cluster, 2);
    await admin.createTopics([{ name, partitions: 8, replicationFactor: -1, configs: {} }]);
    expect((await admin.describeTopics([name])).get(name)).toEqual({ partitions: 2 });
  });

  it('says which topic could not be created, and why', async () => {
    const name = uniqueName('bad');
    const creation = admin.createTopics([{ name, partitions: 1, replicationFactor: -1, configs: { 'no.such': 'x' } }]);
    await expect(creation).rejects.toThrow(BrokerResponseError);
    await expect(creation).rejects.toThrow(new RegExp(`topic '${name}' with INVALID_CONFIG: .*no\\.such`));
  });

  it('describes a topic that does not exist as undefined, and has no settings of it', async () => {
    const name = uniqueName('missing');
    expect(await admin.describeTopics([name])).toEqual(new Map([[name, undefined]]));
    await expect(admin.topicConfigs([name])).rejects.toThrow(TopicMissingError);
  });

  it('lists where a partition begins and ends, before and after records were deleted', async () => {
    const topic = await newTopic(cluster, 2);
    const producer = await readyProducer(cluster);
    await producer.commit(
      await epochOf(
        cluster,
        topic,
        ['a', 'b', 'c'].map((value) => ({ partition: 1, value })),
      ),
    );
    await untilMarkersAreWritten(producer);
    producer.close();
    const at = { topic, partition: 1 };
    const key = partitionKey(topic, 1);
    const afterThreeRecordsAndAMarker = 4;

    expect((await admin.listOffsets([at], 'earliest')).get(key)).toBe(0);
    expect((await admin.listOffsets([at], 'latest')).get(key)).toBe(afterThreeRecordsAndAMarker);
    await admin.deleteRecords([{ ...at, offset: 2 }]);
    const gone = { ...at, offset: 1 };
    await admin.deleteRecords([gone]);
    expect(await admin.listOffsets([at, { topic, partition: 0 }], 'earliest')).toEqual(
      new Map([
        [key, 2],
        [partitionKey(topic, 0), 0],
      ]),
    );
  });

  it('deletes topics, which are gone when it resolves and can be made anew', async () => {
    const [one, other] = [await newTopic(cluster), await newTopic(cluster, 3)];
    await admin.deleteTopics([one, other, uniqueName('missing')]);
    expect([...(await admin.describeTopics([one, other])).values()]).toEqual([undefined, undefined]);
    await admin.createTopics([{ name: other, partitions: 1, replicationFactor: -1, configs: {} }]);
    expect((await admin.describeTopics([other])).get(other)).toEqual({ partitions: 1 });
  });

  it('changes settings and takes changes back, leaving others as they are', async () => {
    const name = await newTopic(cluster, 1, { 'retention.ms': '60000' });
    const setting = async (key: string) => (await admin.topicConfigs([name])).get(name)?.get(key);
    await admin.alterConfigs([{ name, configs: { 'cleanup.policy': 'compact,delete' } }]);
    expect(await setting('cleanup.policy')).toBe('compact,delete');
    expect(await setting('retention.ms')).toBe('60000');
    await admin.alterConfigs([{ name, configs: { 'cleanup.policy': undefined, 'retention.ms': undefined } }]);
    expect(await setting('cleanup.policy')).toBe('delete');
    expect(await setting('retention.ms')).toBe('604800000');
  });

  it('says which setting cannot be changed', async () => {
    const name = await newTopic(cluster);
    const change = admin.alterConfigs([{ name, configs: { 'cleanup.policy': 'sometimes' } }]);
    await expect(change).rejects.toThrow(new RegExp(`topic '${name}' with INVALID_CONFIG: .*sometimes`));
  });

  it('finds the first record of a time', async () => {
    const topic = await newTopic(cluster, 2);
    const writer = await LogWriter.open(cluster);
    const at = (timestamp: number) => ({ timestamp, key: null, value: Buffer.from('v'), headers: NO_HEADERS });
    await writer.write({ topic, partition: 0 }, [at(10), at(20), at(30)]);
    writer.close();
    const partitions = [0, 1].map((partition) => ({ topic, partition }));
    expect([...(await admin.offsetsAt(partitions, 15)).entries()].sort()).toEqual([
      [partitionKey(topic, 0), 1],
      [partitionKey(topic, 1), undefined],
    ]);
  });

  it('waits until open transactions have ended', async () => {
    const topic = await newTopic(cluster);
    const partitions = [{ topic, partition: 0 }];
    const producer = new TransactionalProducer({
      cluster,
      transactionalId: uniqueName('tx'),
      transactionTimeoutMs: 3_000,
      beforeEnd: () => {
        throw new Error('stays open');
      },
    });
    await producer.init();
    await expect(producer.commit(await epochOf(cluster, topic, [{ value: 'a' }]))).rejects.toThrow();
    producer.close();
    const key = partitionKey(topic, 0);
    expect((await admin.listOffsets(partitions, 'latest-committed')).get(key)).toBe(0);
    await admin.untilTransactionsEnd(partitions, 20_000);
    expect((await admin.listOffsets(partitions, 'latest-committed')).get(key)).toBeGreaterThan(0);
  });
});
