import {
  emptyCompactedTopics,
  LogWriter,
  partitionKey,
  TopicAdmin,
  type ClusterClient,
  type TopicPartition,
} from '../../src/kafka';
import { BrokerResponseError } from '../../src/kafka/errors';
import { NO_HEADERS } from '../../src/serde/record';
import { ConnectedClusters, newTopic } from './connected-cluster';
import { committedValues } from './read-values';

const clusters = new ConnectedClusters();
let cluster: ClusterClient;
let admin: TopicAdmin;

beforeAll(async () => {
  cluster = await clusters.connect();
  admin = new TopicAdmin(cluster);
});
afterAll(() => clusters.close());

const record = (key: string) => ({ timestamp: 5, key: Buffer.from(key), value: Buffer.from(key), headers: NO_HEADERS });

async function write(partition: TopicPartition, ...keys: string[]): Promise<void> {
  const writer = await LogWriter.open(cluster);
  await writer.write(partition, keys.map(record));
  writer.close();
}

async function bounds({ topic, partition }: TopicPartition): Promise<[start: number, end: number]> {
  const key = partitionKey(topic, partition);
  const at = [{ topic, partition }];
  return [(await admin.listOffsets(at, 'earliest')).get(key)!, (await admin.listOffsets(at, 'latest')).get(key)!];
}

describe('emptyCompactedTopics', () => {
  it('is needed because Kafka deletes no records of a compacted topic', async () => {
    const topic = await newTopic(cluster, 1, { 'cleanup.policy': 'compact' });
    await write({ topic, partition: 0 }, 'a');
    await expect(admin.deleteRecords([{ topic, partition: 0, offset: 1 }])).rejects.toThrow(BrokerResponseError);
  });

  it('has logs begin behind every position that anyone can have, and what is written later is all there is', async () => {
    const topic = await newTopic(cluster, 2, { 'cleanup.policy': 'compact' });
    const [used, unused] = [0, 1].map((partition) => ({ topic, partition })) as [TopicPartition, TopicPartition];
    await write(used, 'a', 'b', 'c');
    await emptyCompactedTopics(cluster, admin, [used, unused]);
    expect(await bounds(used)).toEqual([4, 4]);
    expect(await bounds(unused)).toEqual([1, 1]);

    await write(used, 'd');
    expect(await committedValues(cluster, topic, 0, 4)).toEqual(['d']);
  });

  it('leaves the topics compacted as they were, with no settings of their own for deletion', async () => {
    const topic = await newTopic(cluster, 1, { 'cleanup.policy': 'compact' });
    const before = (await admin.topicConfigs([topic])).get(topic)!;
    await emptyCompactedTopics(cluster, admin, [{ topic, partition: 0 }]);
    const after = (await admin.topicConfigs([topic])).get(topic)!;
    expect(after.get('cleanup.policy')).toBe('compact');
    expect([...after]).toEqual([...before]);
  });

  it('can be called again', async () => {
    const at = { topic: await newTopic(cluster, 1, { 'cleanup.policy': 'compact' }), partition: 0 };
    await emptyCompactedTopics(cluster, admin, [at]);
    await emptyCompactedTopics(cluster, admin, [at]);
    expect(await bounds(at)).toEqual([2, 2]);
  });
});
