import { EpochRecords, partitionForKey, TopicMissingError } from '../../src/kafka';
import { RecordTooLargeError } from '../../src/kafka/errors';
import { NO_HEADERS } from '../../src/serde/record';
import type { OutputTopic } from '../../src/task/task-io';

const LIMIT = 10_000;

function openEpoch(topics: Record<string, number> = { orders: 4 }, maxMessageBytes?: number): EpochRecords {
  const lookup = {
    partitionCount: async (topic: string) => {
      const count = topics[topic];
      if (count === undefined) throw new TopicMissingError(topic);
      return count;
    },
    maxMessageBytes: async () => maxMessageBytes,
  };
  return new EpochRecords(lookup, { maxBatchBytes: LIMIT, compression: 'none' });
}

function send(records: EpochRecords, topic: OutputTopic, key: string | null, value: string, partition?: number): void {
  records.send(topic, partition, 1, key === null ? null : Buffer.from(key), Buffer.from(value), NO_HEADERS);
}

describe('EpochRecords', () => {
  it('knows a topic at once after it was looked up', async () => {
    const records = openEpoch();
    const lookedUp = records.topic('orders');
    expect(lookedUp).toBeInstanceOf(Promise);
    const topic = await lookedUp;
    expect(topic).toMatchObject({ name: 'orders', partitionCount: 4 });
    expect(records.topic('orders')).toBe(topic);
    await expect(records.topic('nowhere')).rejects.toThrow(TopicMissingError);
  });

  it('puts a record where it is told to, else where its key belongs', async () => {
    const records = openEpoch();
    const topic = await records.topic('orders');
    send(records, topic, 'k', 'v', 3);
    for (let index = 0; index < 100; index++) send(records, topic, `key-${index}`, 'v');
    const expected = new Map([[3, 1]]);
    for (let index = 0; index < 100; index++) {
      const partition = partitionForKey(Buffer.from(`key-${index}`), 4);
      expected.set(partition, (expected.get(partition) ?? 0) + 1);
    }
    const sealed = records.seal();
    expect(new Map(sealed.records.map(({ partition, builder }) => [partition, builder.recordCount]))).toEqual(expected);
  });

  it('keeps records without a key together, and changes their partition from epoch to epoch', async () => {
    const records = openEpoch();
    const topic = await records.topic('orders');
    const partitions = Array.from({ length: 4 }, () => {
      for (let index = 0; index < 10; index++) send(records, topic, null, 'v');
      return records.seal().records.map(({ partition }) => partition);
    });
    expect(partitions.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
    expect(new Set(partitions.flat()).size).toBe(4);
  });

  it('spreads many records without a key in one epoch', async () => {
    const records = openEpoch();
    const topic = await records.topic('orders');
    for (let index = 0; index < 400; index++) send(records, topic, null, 'x'.repeat(1_000));
    expect(records.seal().records).toHaveLength(4);
  });

  it('counts the open epoch only', async () => {
    const records = openEpoch();
    const topic = await records.topic('orders');
    expect(records).toMatchObject({ recordCount: 0, sizeInBytes: 0 });
    for (let index = 0; index < 50; index++) send(records, topic, `${index}`, 'x'.repeat(1_000));
    const { recordCount, sizeInBytes } = records;
    const sealed = records.seal();
    expect(records).toMatchObject({ recordCount: 0, sizeInBytes: 0 });
    expect(sealed).toMatchObject({ recordCount, sizeInBytes });
    expect(sealed.sizeInBytes).toBe(sealed.records.reduce((sum, { builder }) => sum + builder.sizeInBytes, 0));
    expect(recordCount).toBe(50);
  });

  it('goes on with the next epoch while a sealed one is kept, and uses released memory again', async () => {
    const records = openEpoch({ orders: 1 });
    const topic = await records.topic('orders');
    send(records, topic, 'a', 'first');
    const first = records.seal();
    send(records, topic, 'a', 'second');
    expect(first.records[0]!.builder.recordCount).toBe(1);
    const second = records.seal();
    expect(second.records[0]!.builder).not.toBe(first.records[0]!.builder);
    first.release();
    send(records, topic, 'a', 'third');
    expect(records.seal().records[0]!.builder).toBe(first.records[0]!.builder);
  });

  it('refuses a record that is too large, and keeps the others', async () => {
    const records = openEpoch();
    const topic = await records.topic('orders');
    send(records, topic, 'a', 'fine', 0);
    const { sizeInBytes } = records;
    expect(() => send(records, topic, 'a', 'x'.repeat(LIMIT), 0)).toThrow(RecordTooLargeError);
    expect(records).toMatchObject({ recordCount: 1, sizeInBytes });
  });

  it.each([
    [2_000, 2_000],
    [1_000_000, LIMIT],
    [undefined, LIMIT],
  ])('keeps batches for a topic that takes %s bytes below %s', async (ofTopic, limit) => {
    const records = openEpoch({ orders: 1 }, ofTopic);
    const topic = await records.topic('orders');
    expect(() => send(records, topic, 'a', 'x'.repeat(limit))).toThrow(
      new RegExp(`exceeds the limit of ${limit} bytes`),
    );
    for (let index = 0; index < 100; index++) send(records, topic, 'a', 'x'.repeat(500));
    const identity = { producerId: 1, producerEpoch: 0, baseSequence: 0, transactional: true };
    const sizes = records
      .seal()
      .records.flatMap(({ builder }) => builder.finish(identity).map(({ bytes }) => bytes.length));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(limit);
    expect(Math.max(...sizes)).toBeGreaterThan(limit - 600);
  });

  it('forgets the open epoch when it is discarded', async () => {
    const records = openEpoch();
    const topic = await records.topic('orders');
    send(records, topic, 'a', 'v');
    records.discard();
    expect(records).toMatchObject({ recordCount: 0, sizeInBytes: 0 });
    expect(records.seal().records).toEqual([]);
  });
});
