import {
  fetchCommitted,
  partitionKey,
  PlainProducer,
  ProducerStateError,
  StaleGenerationError,
  type ClusterClient,
} from '../../src/kafka';
import { DeliveryFailedError } from '../../src/kafka/errors';
import { uniqueName } from '../support/kafka-names';
import { ConnectedClusters, newTopic } from './connected-cluster';
import { epochOf } from './epochs';
import { committedValues } from './read-values';

const clusters = new ConnectedClusters();
let cluster: ClusterClient;

beforeAll(async () => {
  cluster = await clusters.connect();
});
afterAll(() => clusters.close());

async function readyPlainProducer(): Promise<PlainProducer> {
  const producer = new PlainProducer({ cluster });
  await producer.init();
  return producer;
}

describe('PlainProducer', () => {
  it('writes records, then commits offsets', async () => {
    const input = await newTopic(cluster);
    const output = await newTopic(cluster, 2);
    const groupId = uniqueName('group');
    const producer = await readyPlainProducer();
    const epoch = await epochOf(cluster, output, [{ value: 'a' }, { value: 'b' }, { partition: 1, value: 'c' }], {
      offsets: [{ topic: input, partition: 0, offset: 3 }],
      group: { groupId, generationId: -1, memberId: '' },
    });
    expect(await producer.commit(epoch)).toEqual(
      new Map([
        [partitionKey(output, 0), { baseOffset: 0, nextOffset: 2 }],
        [partitionKey(output, 1), { baseOffset: 0, nextOffset: 1 }],
      ]),
    );
    expect(await committedValues(cluster, output)).toEqual(['a', 'b']);
    const at = [{ topic: input, partition: 0 }];
    expect(await fetchCommitted(cluster, groupId, at, { requireStable: true, timeoutMs: 5_000 })).toEqual(
      new Map([[partitionKey(input, 0), { offset: 3, metadata: '' }]]),
    );
    producer.close();
  });

  it('has written the records when the group refuses the offsets', async () => {
    const input = await newTopic(cluster);
    const output = await newTopic(cluster);
    const producer = await readyPlainProducer();
    const epoch = await epochOf(cluster, output, [{ value: 'again' }], {
      offsets: [{ topic: input, partition: 0, offset: 3 }],
      group: { groupId: uniqueName('group'), generationId: 5, memberId: 'nobody' },
    });
    await expect(producer.commit(epoch)).rejects.toThrow(StaleGenerationError);
    expect(await committedValues(cluster, output)).toEqual(['again']);
    await expect(producer.commit(epoch)).rejects.toThrow(ProducerStateError);
    producer.close();
  });

  it('fails when a topic takes no batches of that size', async () => {
    const topic = await newTopic(cluster, 1, { 'max.message.bytes': '1000' });
    const producer = await readyPlainProducer();
    const commit = producer.commit(await epochOf(cluster, topic, [{ value: 'x'.repeat(2_000) }]));
    await expect(commit).rejects.toThrow(DeliveryFailedError);
    expect(producer.state).toBe('DEAD');
    producer.close();
  });
});
