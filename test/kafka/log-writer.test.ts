import {
  committedBatches,
  LogWriter,
  RecordTooLargeError,
  TopicAdmin,
  type ClusterClient,
  type LogRecord,
} from '../../src/kafka';
import { NO_HEADERS } from '../../src/serde/record';
import { readAll, type PlainRecord } from './arbitrary-records';
import { ConnectedClusters, newTopic } from './connected-cluster';
import { epochOf, readyProducer } from './epochs';

const clusters = new ConnectedClusters();
let cluster: ClusterClient;

beforeAll(async () => {
  cluster = await clusters.connect();
});
afterAll(() => clusters.close());

/** As many records of 1 kB. */
function* numbered(count: number): Generator<LogRecord> {
  for (let index = 0; index < count; index++)
    yield { timestamp: index, key: Buffer.from(`${index}`), value: Buffer.alloc(1_000, index), headers: NO_HEADERS };
}

async function read(topic: string, from: number, to: number): Promise<(PlainRecord & { offset: number })[]> {
  const records = [];
  for await (const batch of committedBatches(cluster, { topic, partition: 0, from, to }))
    records.push(...readAll(batch));
  return records;
}

describe('LogWriter and committedBatches', () => {
  it('write and read records as they are, more than one request holds, from several brokers answers', async () => {
    const topic = await newTopic(cluster);
    const writer = await LogWriter.open(cluster);
    await writer.write({ topic, partition: 0 }, [
      { timestamp: 17, key: null, value: null, headers: [{ key: 'h', value: Buffer.from('x') }] },
    ]);
    const count = 20_000;
    expect(await writer.write({ topic, partition: 0 }, numbered(count))).toEqual({
      baseOffset: 1,
      nextOffset: count + 1,
    });
    writer.close();

    const [first, ...rest] = await read(topic, 0, count + 1);
    expect(first).toEqual({
      offset: 0,
      timestamp: 17,
      key: null,
      value: null,
      headers: [{ key: 'h', value: Buffer.from('x') }],
    });
    expect(rest).toHaveLength(count);
    const wrong = rest.findIndex(
      ({ offset, timestamp, key, value }, index) =>
        offset !== index + 1 || timestamp !== index || String(key) !== `${index}` || value?.[0] !== index % 256,
    );
    expect(wrong).toBe(-1);
  });

  it('write nothing for no records', async () => {
    const topic = await newTopic(cluster);
    const writer = await LogWriter.open(cluster);
    expect(await writer.write({ topic, partition: 0 }, [])).toBeUndefined();
    writer.close();
    expect((await new TopicAdmin(cluster).listOffsets([{ topic, partition: 0 }], 'latest')).get(`${topic}-0`)).toBe(0);
    expect(await read(topic, 0, 0)).toEqual([]);
  });

  it('say that a record is too large for its topic', async () => {
    const topic = await newTopic(cluster, 1, { 'max.message.bytes': '2000' });
    const writer = await LogWriter.open(cluster);
    const large = { timestamp: 0, key: null, value: Buffer.alloc(3_000), headers: NO_HEADERS };
    await expect(writer.write({ topic, partition: 0 }, [large])).rejects.toThrow(RecordTooLargeError);
    writer.close();
  });

  it('tell who wrote each batch, and leave out what was aborted', async () => {
    const topic = await newTopic(cluster);
    const [one, other] = [await readyProducer(cluster), await readyProducer(cluster)];
    await one.commit(await epochOf(cluster, topic, [{ value: 'a' }]));
    await other.commit(await epochOf(cluster, topic, [{ value: 'b' }]));
    one.close();
    other.close();
    const producers = [];
    for await (const batch of committedBatches(cluster, { topic, partition: 0, from: 0, to: 4 }))
      producers.push(batch.producerId);
    expect(producers).toHaveLength(2);
    expect(new Set(producers).size).toBe(2);
  });

  it('stop when the loop ends early, or a signal says so', async () => {
    const topic = await newTopic(cluster);
    const writer = await LogWriter.open(cluster);
    await writer.write({ topic, partition: 0 }, numbered(10_000));
    writer.close();
    const range = { topic, partition: 0, from: 0, to: 10_000 };
    let batches = 0;
    for await (const batch of committedBatches(cluster, range)) {
      batches += batch.recordCount > 0 ? 1 : 0;
      break;
    }
    expect(batches).toBe(1);
    const ending = new AbortController();
    const reading = async (): Promise<void> => {
      for await (const { sizeInBytes } of committedBatches(cluster, range, ending.signal))
        if (sizeInBytes > 0) ending.abort(new Error('enough'));
    };
    await expect(reading()).rejects.toThrow('enough');
  });

  it('say when the log no longer has what is asked for', async () => {
    const topic = await newTopic(cluster);
    const writer = await LogWriter.open(cluster);
    await writer.write({ topic, partition: 0 }, numbered(3));
    writer.close();
    await new TopicAdmin(cluster).deleteRecords([{ topic, partition: 0, offset: 2 }]);
    await expect(read(topic, 1, 3)).rejects.toThrow(`topic '${topic}', partition 0, offset 1`);
  });
});
