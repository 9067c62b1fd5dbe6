import { Fetcher, TopicAdmin, type ClusterClient, type FetchedBatches, type FetcherOptions } from '../../src/kafka';
import { Kafka } from 'kafkajs';
import { uniqueName } from '../support/kafka-names';
import { sharedBrokers } from '../support/shared-broker';
import { ConnectedClusters, newTopic } from './connected-cluster';
import { epochOf, readyProducer, untilMarkersAreWritten } from './epochs';

const clusters = new ConnectedClusters();
const fetchers: Fetcher[] = [];
let cluster: ClusterClient;

beforeAll(async () => {
  cluster = await clusters.connect();
});
afterEach(async () => {
  await Promise.all(fetchers.splice(0).map((fetcher) => fetcher.close()));
});
afterAll(() => clusters.close());

/** What a fetcher delivered, and a way to wait for more of it. */
class Deliveries {
  readonly values: string[] = [];
  readonly positions = new Map<number, number>();
  readonly outOfRange: number[] = [];
  readonly errors: unknown[] = [];
  last: FetchedBatches | undefined;
  onDelivery: (partition: number) => void = () => undefined;
  private changed: () => void = () => undefined;

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.changed = resolve));
  }

  fetcher(options: Partial<FetcherOptions> = {}): Fetcher {
    const fetcher = new Fetcher(cluster, {
      isolation: 'read_committed',
      maxBytesPerFetch: 1_000_000,
      maxBytesPerPartition: 1_000_000,
      maxWaitMs: 500,
      onBatches: (_, partition, fetched) => {
        for (const batch of fetched.batches) {
          while (batch.next()) this.values.push(batch.bytes.toString('utf8', batch.valueStart, batch.valueEnd));
        }
        this.positions.set(partition, fetched.nextOffset);
        this.last = fetched;
        this.onDelivery(partition);
        this.changed();
      },
      onOutOfRange: (_topic, _partition, offset) => {
        this.outOfRange.push(offset);
        this.changed();
      },
      onError: (error) => {
        this.errors.push(error);
        this.changed();
      },
      ...options,
    });
    fetchers.push(fetcher);
    return fetcher;
  }
}

async function write(topic: string, values: readonly string[], partition = 0): Promise<void> {
  const producer = await readyProducer(cluster);
  await producer.commit(
    await epochOf(
      cluster,
      topic,
      values.map((value) => ({ partition, value })),
    ),
  );
  await untilMarkersAreWritten(producer);
  producer.close();
}

/** A transaction that a newer producer aborts after its records were written. */
async function writeAborted(topic: string, value: string): Promise<void> {
  const id = uniqueName('tx');
  const kafka = new Kafka({ brokers: await sharedBrokers(), logLevel: 0 });
  const producer = kafka.producer({ transactionalId: id, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [{ value, partition: 0 }] });
  await transaction.abort();
  await producer.disconnect();
  (await readyProducer(cluster, id)).close();
}

describe('Fetcher', () => {
  it('delivers what is there and then what comes, in order', async () => {
    const topic = await newTopic(cluster);
    await write(topic, ['a', 'b']);
    const seen = new Deliveries();
    seen.fetcher().assign([{ topic, partition: 0, offset: 0 }]);
    await seen.until(() => seen.values.length === 2);
    await write(topic, ['c']);
    await seen.until(() => seen.values.length === 3);
    expect(seen.values).toEqual(['a', 'b', 'c']);
    expect(seen.last).toMatchObject({ logStartOffset: 0, highWatermark: 5, nextOffset: 5 });
  });

  it('begins at an offset in the middle of a batch', async () => {
    const topic = await newTopic(cluster);
    await write(topic, ['a', 'b', 'c', 'd']);
    const seen = new Deliveries();
    seen.fetcher().assign([{ topic, partition: 0, offset: 2 }]);
    await seen.until(() => seen.values.length === 2);
    expect(seen.values).toEqual(['c', 'd']);
  });

  it('leaves out aborted records, and moves its position over them and over transaction markers', async () => {
    const topic = await newTopic(cluster);
    await write(topic, ['first']);
    await writeAborted(topic, 'aborted');
    await write(topic, ['second']);
    await writeAborted(topic, 'aborted too');
    const end = [...(await new TopicAdmin(cluster).listOffsets([{ topic, partition: 0 }], 'latest')).values()][0];
    const seen = new Deliveries();
    seen.fetcher().assign([{ topic, partition: 0, offset: 0 }]);
    await seen.until(() => seen.positions.get(0) === end);
    expect(seen.values).toEqual(['first', 'second']);
    expect(end).toBe(8);
  });

  it('delivers aborted records to a reader of uncommitted data', async () => {
    const topic = await newTopic(cluster);
    await writeAborted(topic, 'aborted');
    const seen = new Deliveries();
    seen.fetcher({ isolation: 'read_uncommitted' }).assign([{ topic, partition: 0, offset: 0 }]);
    await seen.until(() => seen.values.length === 1);
    expect(seen.values).toEqual(['aborted']);
  });

  it('delivers nothing of a paused partition, and goes on where it stopped when resumed', async () => {
    const topic = await newTopic(cluster, 2);
    await write(topic, ['a'], 0);
    await write(topic, ['x'], 1);
    const seen = new Deliveries();
    const fetcher = seen.fetcher();
    seen.onDelivery = (partition) => {
      if (partition === 0) fetcher.pause({ topic, partition: 0 });
    };
    fetcher.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })));
    await seen.until(() => seen.values.length === 2);
    await write(topic, ['b'], 0);
    await write(topic, ['y'], 1);
    await seen.until(() => seen.values.includes('y'));
    expect(seen.values).not.toContain('b');
    const before = performance.now();
    fetcher.resume({ topic, partition: 0 });
    await seen.until(() => seen.values.includes('b'));
    expect(performance.now() - before).toBeLessThan(300);
  });

  it('sends nothing while all its partitions are paused, and wakes up at once', async () => {
    const topic = await newTopic(cluster);
    await write(topic, ['a']);
    const seen = new Deliveries();
    const fetcher = seen.fetcher();
    seen.onDelivery = () => fetcher.pause({ topic, partition: 0 });
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    await seen.until(() => seen.values.length === 1);
    await write(topic, ['b']);
    const sending = jest.spyOn(cluster, 'sendTo');
    await new TopicAdmin(cluster).describeTopics([topic]);
    expect(sending.mock.calls.filter(([, , request]) => request.name === 'Fetch')).toEqual([]);
    fetcher.resume({ topic, partition: 0 });
    await seen.until(() => seen.values.length === 2);
    sending.mockRestore();
    expect(seen.values).toEqual(['a', 'b']);
  });

  it('fetches a partition that is added during a long poll at once', async () => {
    const idle = await newTopic(cluster);
    const busy = await newTopic(cluster);
    await write(busy, ['a']);
    const seen = new Deliveries();
    const fetcher = seen.fetcher({ maxWaitMs: 20_000 });
    fetcher.assign([{ topic: idle, partition: 0, offset: 0 }]);
    await new TopicAdmin(cluster).describeTopics([idle]);
    const before = performance.now();
    fetcher.assign([{ topic: busy, partition: 0, offset: 0 }]);
    await seen.until(() => seen.values.length === 1);
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  it('drops an answer that comes after its partition was removed or set to another offset', async () => {
    const topic = await newTopic(cluster);
    await write(topic, ['a', 'b', 'c']);
    const seen = new Deliveries();
    const fetcher = seen.fetcher();
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    fetcher.assign([{ topic, partition: 0, offset: 2 }]);
    await seen.until(() => seen.values.length > 0);
    fetcher.remove([{ topic, partition: 0 }]);
    await write(topic, ['d']);
    const other = new Deliveries();
    other.fetcher().assign([{ topic, partition: 0, offset: 4 }]);
    await other.until(() => other.values.includes('d'));
    expect(seen.values).toEqual(['c']);
  });

  it('reports an offset that the log does not have, and fetches that partition no more', async () => {
    const topic = await newTopic(cluster);
    await write(topic, ['a']);
    const seen = new Deliveries();
    seen.fetcher().assign([{ topic, partition: 0, offset: 99 }]);
    await seen.until(() => seen.outOfRange.length > 0);
    expect(seen.outOfRange).toEqual([99]);
    expect(seen.errors).toEqual([]);
  });

  it('gets to every partition, also where one alone fills each answer', async () => {
    const topic = await newTopic(cluster, 3);
    for (const partition of [0, 1, 2]) {
      for (let batch = 0; batch < 3; batch++) await write(topic, [`${partition}${'x'.repeat(50_000)}`], partition);
    }
    const seen = new Deliveries();
    const order: number[] = [];
    seen.onDelivery = (partition) => order.push(partition);
    seen
      .fetcher({ maxBytesPerFetch: 1_000, maxBytesPerPartition: 1_000 })
      .assign([0, 1, 2].map((partition) => ({ topic, partition, offset: 0 })));
    await seen.until(() => seen.values.length === 9);
    expect(new Set(order.slice(0, 3))).toEqual(new Set([0, 1, 2]));
  });
});
