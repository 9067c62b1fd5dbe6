import { createRequire } from 'node:module';
import fc from 'fast-check';
import { RecordBatchBuilder, RecordBatchReader } from '../../src/kafka';
import { CorruptRecordError, RecordTooLargeError } from '../../src/kafka/errors';
import { BATCH_HEADER_SIZE, BatchField } from '../../src/kafka/record-batch-format';
import { nextSequence } from '../../src/kafka/record-batch-builder';
import { NO_HEADERS } from '../../src/serde/record';
import { appendAll, arbitraryRecords, readAll, type PlainRecord } from './arbitrary-records';

/* kafkajs's own encoder and decoder of the same format, as the second opinion. */
const load = createRequire(__filename);
const KafkajsDecoder = load('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
const decodeByKafkajs = load('kafkajs/src/protocol/recordBatch/v0/decoder') as (decoder: object) => Promise<{
  records: { offset: string; timestamp: string; key: Buffer | null; value: Buffer | null; headers: object }[];
  producerId: string;
  producerEpoch: number;
  firstSequence: number;
  inTransaction: boolean;
}>;
const { RecordBatch: encodeByKafkajs } = load('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (batch: object) => Promise<{ buffer: Buffer }>;
};
const kafkajsRecord = load('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object;

const ORIGIN = { topic: 'orders', partition: 3 };
const IDENTITY = { producerId: 4_294_967_299, producerEpoch: 7, baseSequence: 42, transactional: true };
const SEED = Number(process.env['FC_SEED'] ?? Date.now());

function builderFor(
  records: readonly PlainRecord[],
  compression?: ConstructorParameters<typeof RecordBatchBuilder>[2],
) {
  const builder = new RecordBatchBuilder('orders', 1_048_576, compression);
  appendAll(builder, records);
  return builder;
}

function read(bytes: Buffer): RecordBatchReader {
  return new RecordBatchReader(bytes, 0, ORIGIN);
}

function withOffsets(records: readonly PlainRecord[]): (PlainRecord & { offset: number })[] {
  return records.map((record, offset) => ({ ...record, offset }));
}

describe('record batches', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(arbitraryRecords, fc.constantFrom('none', 'gzip', 'snappy', 'lz4'), (records, compression) => {
        const [batch, ...more] = builderFor(records, compression).finish(IDENTITY);
        expect(more).toEqual([]);
        expect(readAll(read(batch!.bytes))).toEqual(withOffsets(records));
      }),
      { seed: SEED },
    );
  });

  it("mean the same to kafkajs's decoder", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecords, async (records) => {
        const [batch] = builderFor(records).finish(IDENTITY);
        const decoded = await decodeByKafkajs(new KafkajsDecoder(Buffer.from(batch!.bytes)));
        expect(decoded).toMatchObject({
          producerId: '4294967299',
          producerEpoch: 7,
          firstSequence: 42,
          inTransaction: true,
        });
        expect(decoded.records.map(({ offset, timestamp, key, value }) => ({ offset, timestamp, key, value }))).toEqual(
          records.map(({ timestamp, key, value }, offset) => ({
            offset: `${offset}`,
            timestamp: `${timestamp}`,
            key,
            value,
          })),
        );
        expect(decoded.records.map(({ headers }) => headers)).toEqual(records.map(({ headers }) => grouped(headers)));
      }),
      { seed: SEED },
    );
  });

  it("written by kafkajs's encoder are read as they were meant", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecords, async (records) => {
        const timestamps = records.map(({ timestamp }) => timestamp);
        const firstTimestamp = timestamps[0] as number;
        const { buffer } = await encodeByKafkajs({
          firstTimestamp,
          maxTimestamp: Math.max(...timestamps),
          lastOffsetDelta: records.length - 1,
          records: records.map(({ timestamp, key, value }, offsetDelta) =>
            kafkajsRecord({ timestampDelta: timestamp - firstTimestamp, offsetDelta, key, value, headers: {} }),
          ),
        });
        expect(readAll(read(buffer))).toEqual(withOffsets(records.map((record) => ({ ...record, headers: [] }))));
      }),
      { seed: SEED },
    );
  });

  it('carry what the header says, without reading the records', () => {
    const [batch] = builderFor([
      { timestamp: 500, key: null, value: null, headers: [] },
      { timestamp: 100, key: null, value: null, headers: [] },
      { timestamp: 900, key: null, value: null, headers: [] },
    ]).finish(IDENTITY);
    const bytes = Buffer.concat([Buffer.alloc(5), batch!.bytes]);
    bytes.writeInt32BE(10, 5 + BatchField.baseOffset + 4);
    expect(new RecordBatchReader(bytes, 5, ORIGIN)).toMatchObject({
      baseOffset: 10,
      lastOffset: 12,
      nextOffset: 13,
      firstTimestamp: 500,
      maxTimestamp: 900,
      producerId: 4_294_967_299,
      isControl: false,
      isTransactional: true,
      recordCount: 3,
      sizeInBytes: batch!.bytes.length,
    });
  });

  it('are read from an offset in their middle on', () => {
    const records = [1, 2, 3, 4].map((n) => ({ timestamp: n, key: null, value: Buffer.from([n]), headers: [] }));
    const reader = read(builderFor(records).finish(IDENTITY)[0]!.bytes);
    reader.skipTo(2);
    expect(readAll(reader).map(({ offset }) => offset)).toEqual([2, 3]);
  });

  it('give every record the time of the append where the topic says so', () => {
    const [batch] = builderFor([
      { timestamp: 1, key: null, value: null, headers: [] },
      { timestamp: 2, key: null, value: null, headers: [] },
    ]).finish(IDENTITY);
    const bytes = resealed(batch!.bytes, (copy) => {
      copy.writeInt16BE(0x08, BatchField.attributes);
      copy.writeInt32BE(77, BatchField.maxTimestamp + 4);
    });
    expect(readAll(read(bytes)).map(({ timestamp }) => timestamp)).toEqual([77, 77]);
  });

  it('share one empty header list among records without headers', () => {
    const reader = read(builderFor([{ timestamp: 1, key: null, value: null, headers: [] }]).finish(IDENTITY)[0]!.bytes);
    reader.next();
    expect(reader.headers()).toBe(NO_HEADERS);
  });
});

describe('a damaged record batch', () => {
  const records = [{ timestamp: 5, key: Buffer.from('key'), value: Buffer.alloc(40, 7), headers: [] }];

  it('is refused when any bit after the checksum is flipped', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 7 }), (position, bit) => {
        const bytes = Buffer.from(builderFor(records).finish(IDENTITY)[0]!.bytes);
        const at = BatchField.attributes + (position % (bytes.length - BatchField.attributes));
        bytes[at]! ^= 1 << bit;
        expect(() => readAll(read(bytes))).toThrow(CorruptRecordError);
      }),
      { seed: SEED },
    );
  });

  it('never reads beyond its end, whatever its bytes with a right checksum say', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 255 }), (position, byte) => {
        const bytes = resealed(builderFor(records).finish(IDENTITY)[0]!.bytes, (copy) => {
          copy[BATCH_HEADER_SIZE + (position % (copy.length - BATCH_HEADER_SIZE))] = byte;
        });
        try {
          for (const { key, value } of readAll(read(bytes))) {
            expect((key?.length ?? 0) + (value?.length ?? 0)).toBeLessThan(bytes.length);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptRecordError);
        }
      }),
      { seed: SEED },
    );
  });

  it('says where it lies', () => {
    const bytes = Buffer.from(builderFor(records).finish(IDENTITY)[0]!.bytes);
    bytes.writeInt8(1, BatchField.magic);
    expect(() => read(bytes)).toThrow(
      /topic 'orders', partition 3, offset 0: record format version 1 is not supported/,
    );
  });
});

describe('RecordBatchBuilder', () => {
  it('closes a batch before it becomes too large, and numbers the next one on', () => {
    const builder = new RecordBatchBuilder('orders', 1_000);
    for (let index = 0; index < 50; index++) builder.append(index, null, Buffer.alloc(90, index), NO_HEADERS);
    const batches = builder.finish({ ...IDENTITY, baseSequence: 0x7fff_fffa });
    expect(batches.length).toBeGreaterThan(4);
    expect(Math.max(...batches.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(1_000);
    expect(batches.flatMap(({ bytes }) => readAll(read(bytes))).map(({ timestamp }) => timestamp)).toEqual(
      Array.from({ length: 50 }, (_, index) => index),
    );
    let sequence = 0x7fff_fffa;
    for (const { bytes, baseSequence, recordCount } of batches) {
      expect(baseSequence).toBe(sequence);
      expect(bytes.readInt32BE(BatchField.baseSequence)).toBe(sequence);
      sequence = nextSequence(sequence, recordCount);
    }
    expect(sequence).toBe(50 - 6);
  });

  it('counts the records and bytes of all batches', () => {
    const builder = new RecordBatchBuilder('orders', 1_000);
    expect(builder).toMatchObject({ recordCount: 0, sizeInBytes: 0 });
    for (let index = 0; index < 50; index++) builder.append(index, null, Buffer.alloc(90), NO_HEADERS);
    expect(builder.recordCount).toBe(50);
    const written = builder.finish(IDENTITY).reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(builder.sizeInBytes).toBe(written);
  });

  it('refuses a record that no batch can hold, and keeps the others', () => {
    const builder = new RecordBatchBuilder('orders', 1_000);
    builder.append(1, null, Buffer.from('before'), NO_HEADERS);
    expect(() => builder.append(2, null, Buffer.alloc(1_000), NO_HEADERS)).toThrow(RecordTooLargeError);
    expect(() => builder.append(2, null, Buffer.alloc(1_000), NO_HEADERS)).toThrow(
      /topic 'orders' exceeds the limit of 1000 bytes/,
    );
    builder.append(3, null, Buffer.from('after'), NO_HEADERS);
    const values = builder
      .finish(IDENTITY)
      .flatMap(({ bytes }) => readAll(read(bytes)).map(({ value }) => value!.toString()));
    expect(values).toEqual(['before', 'after']);
  });

  it('takes values of a megabyte, in each compression', () => {
    const value = Buffer.alloc(1_000_000);
    for (let index = 0; index < value.length; index++) value[index] = (index * 2_654_435_761) >>> 24;
    for (const compression of ['none', 'gzip', 'snappy', 'lz4'] as const) {
      const records = [{ timestamp: 1, key: Buffer.from('k'), value, headers: [] }];
      const [batch] = builderFor(records, compression).finish(IDENTITY);
      expect(batch!.bytes.length).toBeLessThanOrEqual(1_048_576);
      expect(readAll(read(batch!.bytes))[0]!.value!.equals(value)).toBe(true);
    }
  });

  it('is empty and ready again after reset', () => {
    const builder = builderFor([{ timestamp: 1, key: null, value: Buffer.alloc(50_000), headers: [] }]);
    builder.reset();
    expect(builder.finish(IDENTITY)).toEqual([]);
    builder.append(9, null, Buffer.from('again'), NO_HEADERS);
    expect(readAll(read(builder.finish(IDENTITY)[0]!.bytes))).toMatchObject([{ offset: 0, timestamp: 9 }]);
  });

  it('finishes the same records again under another identity', () => {
    const builder = builderFor([{ timestamp: 1, key: null, value: Buffer.from('v'), headers: [] }], 'gzip');
    builder.finish(IDENTITY);
    const [again] = builder.finish({ ...IDENTITY, producerEpoch: 8, baseSequence: 0 });
    expect(again!.bytes.readInt16BE(BatchField.producerEpoch)).toBe(8);
    expect(readAll(read(again!.bytes))).toHaveLength(1);
  });
});

/** As kafkajs groups headers: repeated keys become a list. */
function grouped(headers: PlainRecord['headers']): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const { key, value } of headers) {
    const before = result[key];
    if (!(key in result)) result[key] = value;
    else result[key] = Array.isArray(before) ? [...(before as unknown[]), value] : [before, value];
  }
  return result;
}

function resealed(bytes: Buffer, change: (copy: Buffer) => void): Buffer {
  const { crc32c } = load('@node-rs/crc32') as { crc32c: (bytes: Buffer) => number };
  const copy = Buffer.from(bytes);
  change(copy);
  copy.writeUInt32BE(crc32c(copy.subarray(BatchField.attributes)), BatchField.crc);
  return copy;
}
