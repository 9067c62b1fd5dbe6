import { copyChannels } from '../../src/checkpoint/channel-copies';
import { readChannelFile } from '../../src/checkpoint/channel-file';
import { readChannelRecords } from '../../src/checkpoint/channel-records';
import type { BarrierPosition } from '../../src/checkpoint/checkpoint-metadata';
import {
  committedBatches,
  EpochRecords,
  OffsetOutOfRangeError,
  TopicAdmin,
  TransactionalProducer,
  type ClusterClient,
} from '../../src/kafka';
import { NO_HEADERS } from '../../src/serde/record';
import { barrierHeaders } from '../../src/task/barrier';
import { ConnectedClusters, newTopic } from '../kafka/connected-cluster';
import { MapSnapshotStore } from './map-snapshot-store';
import { uniqueName } from '../support/kafka-names';

const clusters = new ConnectedClusters();
let cluster: ClusterClient;

beforeAll(async () => {
  cluster = await clusters.connect();
});
afterAll(() => clusters.close());

/** Writes transactions of values; `|` is a barrier. */
class Sender {
  private constructor(
    private readonly producer: TransactionalProducer,
    private readonly topic: string,
    private readonly failing: { now: boolean },
  ) {}

  static async on(topic: string): Promise<Sender> {
    const failing = { now: false };
    const producer = new TransactionalProducer({
      cluster,
      transactionalId: uniqueName('sender'),
      transactionTimeoutMs: 2_000,
      beforeEnd: () => {
        if (failing.now) throw new Error('before the end');
      },
    });
    await producer.init();
    return new Sender(producer, topic, failing);
  }

  /** @returns the offset of each */
  async commit(...values: string[]): Promise<number[]> {
    const lookup = { partitionCount: async () => 1, maxMessageBytes: async () => undefined };
    const records = new EpochRecords(lookup, { maxBatchBytes: 100_000, compression: 'none' });
    const output = await records.topic(this.topic);
    const barrier = barrierHeaders({ checkpoint: 1, generation: 1 });
    for (const value of values)
      if (value === '|') records.send(output, 0, 9, null, null, barrier);
      else records.send(output, 0, 5, Buffer.from('k'), Buffer.from(value), NO_HEADERS);
    const produced = await this.producer.commit({ records: records.seal().records, offsets: [], group: undefined });
    const { baseOffset } = produced.get(`${this.topic}-0`)!;
    return values.map((_, index) => baseOffset + index);
  }

  async abort(...values: string[]): Promise<void> {
    this.failing.now = true;
    await expect(this.commit(...values)).rejects.toThrow();
    this.producer.close();
  }

  close(): void {
    this.producer.close();
  }
}

async function channel(topic: string, from: number, barriers: readonly BarrierPosition[]): Promise<string[]> {
  const values = [];
  for await (const record of readChannelRecords(cluster, topic, { partition: 0, from, barriers })) {
    expect(record).toMatchObject({ timestamp: 5, headers: [] });
    expect(String(record.key)).toBe('k');
    values.push(String(record.value));
  }
  return values;
}

/** By offset. */
async function producerAt(topic: string, offset: number): Promise<string> {
  for await (const batch of committedBatches(cluster, { topic, partition: 0, from: offset, to: offset + 1 }))
    return String(batch.producerId);
  throw new Error(`nothing at ${offset}`);
}

describe('readChannelRecords', () => {
  it('reads what each sender had sent at its cut, without barriers and what was aborted', async () => {
    const topic = await newTopic(cluster);
    const [a, b, retired, late] = [
      await Sender.on(topic),
      await Sender.on(topic),
      await Sender.on(topic),
      await Sender.on(topic),
    ];
    await a.commit('consumed');
    const [from] = await retired.commit('r1', '|');
    await a.commit('a1');
    const aborted = await Sender.on(topic);
    await aborted.abort('aborted');
    const [, barrierOfA] = await a.commit('a2', '|', 'a after');
    await b.commit('b1');
    await a.commit('a after too');
    const [, , barrierOfB] = await b.commit('b2', 'b3', '|', 'b after');
    await late.commit('late');
    for (const sender of [a, b, retired, late]) sender.close();

    const barriers = [];
    for (const offset of [barrierOfA!, barrierOfB!])
      barriers.push({ producerId: await producerAt(topic, offset), offset });
    expect(await channel(topic, from!, barriers)).toEqual(['r1', 'a1', 'a2', 'b1', 'b2', 'b3']);
    expect(await channel(topic, barrierOfA!, barriers)).toEqual(['b1', 'b2', 'b3']);
    expect(await channel(topic, barrierOfB!, barriers)).toEqual([]);
    expect(await channel(topic, from!, [])).toEqual([]);
  });

  it('are copied into a snapshot store, where there are any, and are the same there', async () => {
    const topic = await newTopic(cluster);
    const sender = await Sender.on(topic);
    const [from, , barrier] = await sender.commit('a', 'b', '|', 'after');
    sender.close();
    const barriers = [{ producerId: await producerAt(topic, barrier!), offset: barrier! }];
    const store = new MapSnapshotStore();
    const parts = { cluster, store, applicationId: 'app', nameOf: () => topic };
    const channel = { topic: { name: 'words', internal: true }, partition: 0, from: from!, barriers };
    const copies = await copyChannels(
      parts,
      [{ ...channel, from: barrier! }, { ...channel, from: from! + 2 }, channel],
      7,
    );
    expect(copies).toHaveLength(1);
    const [copied] = copies;
    expect(copied!.records).toMatchObject({
      name: 'words_0',
      object: expect.stringMatching(/^app\/files\/7\//) as string,
    });
    const values = [];
    expect([...store.objects.keys()]).toEqual([copied!.records!.object]);
    for await (const { value } of readChannelFile(store, copied!.records!)) values.push(String(value));
    expect(values).toEqual(['a', 'b']);
  });

  it('says when the log no longer has them', async () => {
    const topic = await newTopic(cluster);
    const sender = await Sender.on(topic);
    const [from, barrier] = await sender.commit('a', '|');
    sender.close();
    const barriers = [{ producerId: await producerAt(topic, barrier!), offset: barrier! }];
    await new TopicAdmin(cluster).deleteRecords([{ topic, partition: 0, offset: 1 }]);
    await expect(channel(topic, from!, barriers)).rejects.toThrow(OffsetOutOfRangeError);
  });
});
