import { RecordBatchBuilder, type ClusterClient } from '../../src/kafka';
import { nextSequence } from '../../src/kafka/record-batch-builder';
import { produceRequest } from '../../src/kafka/protocol/produce';
import { initProducerIdRequest } from '../../src/kafka/protocol/transactions';
import { NO_HEADERS } from '../../src/serde/record';
import { ConnectedClusters, newTopic } from './connected-cluster';
import { committedValues } from './read-values';

const clusters = new ConnectedClusters();
let cluster: ClusterClient;

beforeAll(async () => {
  cluster = await clusters.connect();
});
afterAll(() => clusters.close());

async function send(topic: string, batch: Buffer): Promise<number> {
  const [result] = await cluster.sendToLeaders([{ topic, partition: 0, batch }], (group) =>
    produceRequest(null, 10_000, group),
  );
  return result!.baseOffset;
}

describe('sequence numbers', () => {
  it('go on with 0 after the largest 32-bit integer', async () => {
    const topic = await newTopic(cluster);
    const identity = await cluster.sendToAny(initProducerIdRequest(null, 0), () => undefined);
    let baseSequence = 0x7fff_fffe;
    for (const text of ['a', 'b', 'c', 'd', 'e']) {
      const builder = new RecordBatchBuilder(topic, 10_000);
      builder.append(1, null, Buffer.from(text), NO_HEADERS);
      builder.append(1, null, Buffer.from(text), NO_HEADERS);
      await send(topic, builder.finish({ ...identity, baseSequence, transactional: false })[0]!.bytes);
      baseSequence = nextSequence(baseSequence, 2);
    }
    expect(baseSequence).toBe(8);
    expect((await committedValues(cluster, topic)).join('')).toBe('aabbccddee');
  });

  it('make a batch that is sent again count once, and answer with where it is', async () => {
    const topic = await newTopic(cluster);
    const identity = await cluster.sendToAny(initProducerIdRequest(null, 0), () => undefined);
    const builder = new RecordBatchBuilder(topic, 10_000);
    builder.append(1, null, Buffer.from('once'), NO_HEADERS);
    const { bytes } = builder.finish({ ...identity, baseSequence: 0, transactional: false })[0]!;
    expect([await send(topic, bytes), await send(topic, bytes)]).toEqual([0, 0]);
    expect(await committedValues(cluster, topic)).toEqual(['once']);
  });
});
