import { ClusterTopicLookup, TopicAdmin, TopicMissingError, type ClusterClient } from '../../src/kafka';
import { BrokerResponseError } from '../../src/kafka/errors';
import { uniqueName } from '../support/kafka-names';
import { ConnectedClusters, newTopic } from './connected-cluster';

const clusters = new ConnectedClusters();
let cluster: ClusterClient;

beforeAll(async () => {
  cluster = await clusters.connect();
});
afterAll(() => clusters.close());

describe('ClusterTopicLookup', () => {
  it('tells how many partitions a topic has and how large its batches may be', async () => {
    const lookup = new ClusterTopicLookup(cluster, new TopicAdmin(cluster));
    const topic = await newTopic(cluster, 3, { 'max.message.bytes': '4321' });
    expect(await lookup.partitionCount(topic)).toBe(3);
    expect(await lookup.maxMessageBytes(topic)).toBe(4321);
  });

  it('names a topic that does not exist', async () => {
    const lookup = new ClusterTopicLookup(cluster, new TopicAdmin(cluster));
    await expect(lookup.maxMessageBytes(uniqueName('missing'))).rejects.toThrow(TopicMissingError);
  });

  it('does without the limit where reading the settings of the topic is not allowed', async () => {
    const TOPIC_AUTHORIZATION_FAILED = 29;
    const admin = new TopicAdmin(cluster);
    jest
      .spyOn(admin, 'topicConfigs')
      .mockRejectedValue(new BrokerResponseError(TOPIC_AUTHORIZATION_FAILED, 'DescribeConfigs'));
    expect(await new ClusterTopicLookup(cluster, admin).maxMessageBytes('orders')).toBeUndefined();
  });
});
