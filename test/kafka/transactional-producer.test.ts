import { Kafka } from 'kafkajs';
import {
  BrokerConnectionError,
  ClusterClient,
  CommitOutcomeUnknownError,
  fetchCommitted,
  partitionKey,
  PlainProducer,
  ProducerFencedError,
  ProducerStateError,
  StaleGenerationError,
  TopicAdmin,
  TransactionAbortedError,
  type GroupGeneration,
} from '../../src/kafka';
import { NO_HEADERS } from '../../src/serde/record';
import { RecordBatchBuilder } from '../../src/kafka';
import { uniqueName } from '../support/kafka-names';
import { sharedBrokers } from '../support/shared-broker';
import { readTopic } from '../support/kafka-clients';
import { ConnectedClusters, newTopic } from './connected-cluster';
import { epochOf, readyProducer } from './epochs';
import { committedValues } from './read-values';

const clusters = new ConnectedClusters();
let cluster: ClusterClient;

beforeAll(async () => {
  cluster = await clusters.connect();
});
afterAll(() => clusters.close());

/** Offsets of a group without members are accepted from a client that claims no generation. */
function withoutMembership(groupId = uniqueName('group')): GroupGeneration {
  return { groupId, generationId: -1, memberId: '' };
}

async function committed(groupId: string, topic: string): Promise<number | undefined> {
  const at = { topic, partition: 0 };
  return (await fetchCommitted(cluster, groupId, [at], { requireStable: true, timeoutMs: 20_000 })).get(
    partitionKey(topic, 0),
  )?.offset;
}

describe('TransactionalProducer', () => {
  it('commits records and offsets together, and tells where the records are', async () => {
    const input = await newTopic(cluster);
    const output = await newTopic(cluster, 2);
    const group = withoutMembership();
    const producer = await readyProducer(cluster);
    const offsets = [{ topic: input, partition: 0, offset: 17 }];

    const first = await producer.commit(
      await epochOf(cluster, output, [{ value: 'a' }, { value: 'b' }, { partition: 1, value: 'c' }], {
        offsets,
        group,
      }),
    );
    const second = await producer.commit(await epochOf(cluster, output, [{ value: 'd' }]));
    producer.close();

    expect(first).toEqual(
      new Map([
        [partitionKey(output, 0), { baseOffset: 0, nextOffset: 2 }],
        [partitionKey(output, 1), { baseOffset: 0, nextOffset: 1 }],
      ]),
    );
    const behindTheMarker = 3;
    expect(second.get(partitionKey(output, 0))).toEqual({
      baseOffset: behindTheMarker,
      nextOffset: behindTheMarker + 1,
    });
    expect(await committedValues(cluster, output)).toEqual(['a', 'b', 'd']);
    expect(await committed(group.groupId, input)).toBe(17);
  });

  it('writes what other clients read: keys, headers, nulls', async () => {
    const topic = await newTopic(cluster);
    const builder = new RecordBatchBuilder(topic, 1_000_000);
    const headers = [
      { key: 'h', value: Buffer.from('1') },
      { key: 'h', value: Buffer.from('2') },
    ];
    builder.append(2_000, Buffer.from('key'), Buffer.from('value'), headers);
    builder.append(1_000, null, null, NO_HEADERS);
    const producer = await readyProducer(cluster);
    await producer.commit({ records: [{ topic, partition: 0, builder }], offsets: [], group: undefined });
    producer.close();

    const records = await readTopic(await sharedBrokers(), topic);
    expect(records.map(({ key, value }) => [key?.toString(), value?.toString()])).toEqual([
      ['key', 'value'],
      [undefined, undefined],
    ]);
  });

  it('touches no broker for an epoch with nothing in it', async () => {
    const other = await clusters.connect({ retryTimeoutMs: 100 });
    const producer = await readyProducer(other);
    await other.close();
    expect(await producer.commit({ records: [], offsets: [], group: undefined })).toEqual(new Map());
    expect(producer.state).toBe('READY');
  });

  it('cuts an epoch that is larger than a batch into several, in order', async () => {
    const topic = await newTopic(cluster, 1);
    const producer = await readyProducer(cluster);
    const values = Array.from({ length: 25 }, (_, index) => ({ value: `${index}:${'x'.repeat(200_000)}` }));
    const produced = await producer.commit(await epochOf(cluster, topic, values));
    producer.close();
    expect(produced.get(partitionKey(topic, 0))).toEqual({ baseOffset: 0, nextOffset: 25 });
    const numbers = (await committedValues(cluster, topic)).map((value) => Number(value.split(':')[0]));
    expect(numbers).toEqual(Array.from({ length: 25 }, (_, index) => index));
  });

  it('is fenced by a newer producer with the same id: nothing of it becomes visible', async () => {
    const topic = await newTopic(cluster);
    const id = uniqueName('tx');
    const zombie = await readyProducer(cluster, id);
    await zombie.commit(await epochOf(cluster, topic, [{ value: 'before' }]));
    const successor = await readyProducer(cluster, id);

    const error = await zombie
      .commit(await epochOf(cluster, topic, [{ value: 'zombie' }]))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProducerFencedError);
    expect(error).toMatchObject({ code: 'PRODUCER_FENCED' });
    await successor.commit(await epochOf(cluster, topic, [{ value: 'after' }]));

    expect(await committedValues(cluster, topic)).toEqual(['before', 'after']);
    await expect(zombie.commit(await epochOf(cluster, topic, [{ value: 'again' }]))).rejects.toThrow(
      ProducerStateError,
    );
    zombie.close();
    successor.close();
  });

  it('aborts when the group does not know the member: neither records nor offsets become visible', async () => {
    const input = await newTopic(cluster);
    const output = await newTopic(cluster);
    const groupId = uniqueName('group');
    const producer = await readyProducer(cluster);
    const stale = { groupId, generationId: 3, memberId: 'nobody' };

    const commit = producer.commit(
      await epochOf(cluster, output, [{ value: 'zombie' }], {
        offsets: [{ topic: input, partition: 0, offset: 5 }],
        group: stale,
      }),
    );
    await expect(commit).rejects.toThrow(StaleGenerationError);
    expect(producer.state).toBe('DEAD');
    expect(await committedValues(cluster, output)).toEqual([]);
    expect(await committed(groupId, input)).toBeUndefined();
    producer.close();
  });

  it('aborts when the topic takes no batches of that size, and names topic and setting', async () => {
    const topic = await newTopic(cluster, 1, { 'max.message.bytes': '1000' });
    const fine = await newTopic(cluster);
    const producer = await readyProducer(cluster);
    const tooLarge = await epochOf(cluster, topic, [{ value: 'x'.repeat(2_000) }]);
    const small = await epochOf(cluster, fine, [{ value: 'small' }]);
    const commit = producer.commit({ ...tooLarge, records: [...tooLarge.records, ...small.records] });
    await expect(commit).rejects.toThrow(TransactionAbortedError);
    await expect(commit).rejects.toThrow(new RegExp(`topic '${topic}'.*MESSAGE_TOO_LARGE.*max\\.message\\.bytes`));
    expect(await committedValues(cluster, fine)).toEqual([]);
    producer.close();
  });

  it('ends the open transaction of its predecessor before init resolves', async () => {
    const topic = await newTopic(cluster);
    const id = uniqueName('tx');
    await leaveTransactionOpen(id, topic);
    const successor = await readyProducer(cluster, id);
    await successor.commit(await epochOf(cluster, topic, [{ value: 'mine' }]));
    expect(await committedValues(cluster, topic)).toEqual(['mine']);
    successor.close();
  });

  it('begins a new epoch after a request went unanswered, so that it cannot meet the next transaction', async () => {
    const topic = await newTopic(cluster);
    const own = await clusters.connect();
    const id = uniqueName('tx');
    const producer = await readyProducer(own, id);
    await producer.commit(await epochOf(cluster, topic, [{ value: 'a' }]));
    const epochs = spyOnEpochs(own);

    loseTheAnswerOf(own, 'EndTxn');
    await producer.commit(await epochOf(cluster, topic, [{ value: 'b' }]));
    await producer.commit(await epochOf(cluster, topic, [{ value: 'c' }]));
    expect(epochs).toEqual([1]);
    expect(await committedValues(cluster, topic)).toEqual(['a', 'b', 'c']);

    loseTheAnswerOf(own, 'EndTxn');
    await producer.commit(await epochOf(cluster, topic, [{ value: 'd' }]));
    const successor = await readyProducer(cluster, id);
    await expect(producer.commit(await epochOf(cluster, topic, [{ value: 'zombie' }]))).rejects.toThrow(
      ProducerFencedError,
    );
    await successor.commit(await epochOf(cluster, topic, [{ value: 'e' }]));
    expect(await committedValues(cluster, topic)).toEqual(['a', 'b', 'c', 'd', 'e']);
    producer.close();
    successor.close();
  });

  it('writes a batch once when the answer to it was lost', async () => {
    const topic = await newTopic(cluster);
    const own = await clusters.connect();
    const producer = await readyProducer(own);
    loseTheAnswerOf(own, 'Produce');
    const produced = await producer.commit(await epochOf(cluster, topic, [{ value: 'once' }]));
    expect(produced.get(partitionKey(topic, 0))).toEqual({ baseOffset: 0, nextOffset: 1 });
    expect(await committedValues(cluster, topic)).toEqual(['once']);
    producer.close();
  });

  it('does not claim to know what became of a commit that was never answered', async () => {
    const topic = await newTopic(cluster);
    const own = await clusters.connect({ retryTimeoutMs: 300 });
    const producer = await readyProducer(own);
    loseTheAnswerOf(own, 'EndTxn', Infinity);
    const commit = producer.commit(await epochOf(cluster, topic, [{ value: 'maybe' }]));
    await expect(commit).rejects.toThrow(CommitOutcomeUnknownError);
    expect(producer.state).toBe('DEAD');
    expect(await committedValues(cluster, topic)).toEqual(['maybe']);
    producer.close();
  });

  it('commits in some milliseconds', async () => {
    const input = await newTopic(cluster);
    const output = await newTopic(cluster, 4);
    const group = withoutMembership();
    const producer = await readyProducer(cluster);
    const latencies: number[] = [];
    for (let round = 0; round < 30; round++) {
      const epoch = await epochOf(
        cluster,
        output,
        Array.from({ length: 400 }, (_, index) => ({ partition: index % 4, value: 'x'.repeat(100) })),
        { offsets: [{ topic: input, partition: 0, offset: round }], group },
      );
      const before = performance.now();
      await producer.commit(epoch);
      latencies.push(performance.now() - before);
    }
    producer.close();
    latencies.sort((a, b) => a - b);
    // Loose, because the machine may be busy: Nagle's algorithm or a retry's first pause alone would be over it.
    expect(latencies[Math.floor(latencies.length / 4)]).toBeLessThan(40);
  });
});

describe('fetchCommitted', () => {
  it.each(['transactional', 'plain'] as const)('gives back the metadata that was committed (%s)', async (kind) => {
    const input = await newTopic(cluster, 2);
    const group = withoutMembership();
    const producer =
      kind === 'transactional'
        ? await readyProducer(cluster)
        : new PlainProducer({ cluster: await clusters.connect() });
    await producer.init();
    const offsets = [
      { topic: input, partition: 0, offset: 3, metadata: 'AQAAAAAAAAAK' },
      { topic: input, partition: 1, offset: 4 },
    ];
    await producer.commit({ records: [], offsets, group });
    producer.close();
    const at = offsets.map(({ topic, partition }) => ({ topic, partition }));
    expect(await fetchCommitted(cluster, group.groupId, at, { requireStable: true, timeoutMs: 20_000 })).toEqual(
      new Map([
        [partitionKey(input, 0), { offset: 3, metadata: 'AQAAAAAAAAAK' }],
        [partitionKey(input, 1), { offset: 4, metadata: '' }],
      ]),
    );
  });

  it('waits with requireStable until an open transaction with offsets of the partition has ended', async () => {
    const input = await newTopic(cluster);
    const groupId = uniqueName('group');
    const id = uniqueName('tx');
    await leaveTransactionOpen(id, input, { groupId, offset: 9 });
    const options = { timeoutMs: 20_000 };
    const at = [{ topic: input, partition: 0 }];

    expect(await fetchCommitted(cluster, groupId, at, { ...options, requireStable: false })).toEqual(
      new Map([[partitionKey(input, 0), undefined]]),
    );
    let answered = false;
    const stable = fetchCommitted(cluster, groupId, at, { ...options, requireStable: true }).finally(() => {
      answered = true;
    });
    await new TopicAdmin(cluster).describeTopics([input]);
    expect(answered).toBe(false);
    (await readyProducer(cluster, id)).close();
    expect(await stable).toEqual(new Map([[partitionKey(input, 0), undefined]]));
  });

  it('gives up after its time', async () => {
    const input = await newTopic(cluster);
    const groupId = uniqueName('group');
    const id = uniqueName('tx');
    await leaveTransactionOpen(id, input, { groupId, offset: 9 });
    const at = [{ topic: input, partition: 0 }];
    await expect(fetchCommitted(cluster, groupId, at, { requireStable: true, timeoutMs: 200 })).rejects.toThrow(
      /Gave up on reading the committed offsets.*UNSTABLE_OFFSET_COMMIT/,
    );
    (await readyProducer(cluster, id)).close();
  });

  it('asks no broker about no partitions', async () => {
    expect(await fetchCommitted(cluster, 'group', [], { requireStable: true, timeoutMs: 1 })).toEqual(new Map());
  });
});

/** The broker gets the request, and its answer is lost with the connection. */
function loseTheAnswerOf(cluster: ClusterClient, request: string, times = 1): void {
  const { sendTo } = ClusterClient.prototype;
  let left = times;
  jest.spyOn(cluster, 'sendTo').mockImplementation(async (...call) => {
    const answer: unknown = await sendTo.apply(cluster, call);
    if (call[2].name !== request || left-- <= 0) return answer;
    throw new BrokerConnectionError('broker', true, 'the answer was lost');
  });
}

/** The epochs that are asked to be succeeded. */
function spyOnEpochs(cluster: ClusterClient): number[] {
  const epochs: number[] = [];
  const { sendToCoordinator } = ClusterClient.prototype;
  jest.spyOn(cluster, 'sendToCoordinator').mockImplementation(async (...call) => {
    const answer: unknown = await sendToCoordinator.apply(cluster, call);
    if (call[3].name === 'InitProducerId') epochs.push((answer as { producerEpoch: number }).producerEpoch);
    return answer;
  });
  return epochs;
}

/** What a process leaves behind that was killed before its commit. */
async function leaveTransactionOpen(
  transactionalId: string,
  topic: string,
  commit?: { groupId: string; offset: number },
): Promise<void> {
  const kafka = new Kafka({ brokers: await sharedBrokers(), logLevel: 0 });
  const producer = kafka.producer({
    transactionalId,
    maxInFlightRequests: 1,
    idempotent: true,
    transactionTimeout: 60_000,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [{ key: 'k', value: 'never committed' }] });
  if (commit !== undefined) {
    await transaction.sendOffsets({
      consumerGroupId: commit.groupId,
      topics: [{ topic, partitions: [{ partition: 0, offset: String(commit.offset) }] }],
    });
  }
  await producer.disconnect();
}
