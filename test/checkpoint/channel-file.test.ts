import fc from 'fast-check';
import { readChannelFile, writeChannelFile } from '../../src/checkpoint/channel-file';
import type { SnapshotFile } from '../../src/checkpoint/checkpoint-metadata';
import { SnapshotDamagedError } from '../../src/checkpoint/errors';
import type { LogRecord } from '../../src/kafka';
import { arbitraryRecords, type PlainRecord } from '../kafka/arbitrary-records';
import { MapSnapshotStore } from './map-snapshot-store';

async function* each(records: Iterable<LogRecord>): AsyncGenerator<LogRecord> {
  yield* records;
}

const write = (store: MapSnapshotStore, records: Iterable<LogRecord>): Promise<SnapshotFile> =>
  writeChannelFile(store, 'app/files/1/channel', 'channel', each(records));

async function read(store: MapSnapshotStore, file: SnapshotFile): Promise<LogRecord[]> {
  const records = [];
  for await (const record of readChannelFile(store, file)) records.push(record);
  return records;
}

const sample: PlainRecord[] = [
  { timestamp: 1_700_000_000_000, key: Buffer.from('k'), value: Buffer.from('v'), headers: [] },
  { timestamp: 0, key: null, value: null, headers: [{ key: 'ключ', value: null }] },
  { timestamp: 1, key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [{ key: '', value: Buffer.from('x') }] },
];

describe('a channel file', () => {
  it('gives back the records as they were, in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(arbitraryRecords, fc.constant([])),
        fc.integer({ min: 1, max: 500 }),
        async (records, pieceBytes) => {
          const store = new MapSnapshotStore(pieceBytes);
          expect(await read(store, await write(store, records))).toEqual(records);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('holds more than one piece', async () => {
    const store = new MapSnapshotStore(100_000);
    function* many(): Generator<LogRecord> {
      for (let index = 0; index < 5_000; index++)
        yield { timestamp: index, key: Buffer.from(`${index}`), value: Buffer.alloc(1_000, index), headers: [] };
    }
    const file = await write(store, many());
    expect(file.sizeInBytes).toBeGreaterThan(5_000_000);
    expect(store.objects.get(file.object)).toHaveLength(file.sizeInBytes);
    const records = await read(store, file);
    expect(records.map(({ key }) => String(key))).toEqual(Array.from({ length: 5_000 }, (_, index) => `${index}`));
  });

  it('with any byte changed is damaged, and no wrong record comes out of it', async () => {
    const store = new MapSnapshotStore(1_000);
    const file = await write(store, sample);
    const content = store.objects.get(file.object)!;
    for (let at = 0; at < content.length; at++) {
      const changed = Buffer.from(content);
      changed[at]! ^= 1 << (at % 8);
      store.objects.set(file.object, changed);
      const records: LogRecord[] = [];
      const reading = async (): Promise<void> => {
        for await (const record of readChannelFile(store, file)) records.push(record);
      };
      await expect(reading()).rejects.toThrow(SnapshotDamagedError);
      expect(records).toEqual(sample.slice(0, records.length));
    }
  });

  it('cut off anywhere, or continued, is damaged', async () => {
    const store = new MapSnapshotStore(1_000);
    const file = await write(store, sample);
    const content = store.objects.get(file.object)!;
    for (let length = 0; length < content.length; length++) {
      store.objects.set(file.object, content.subarray(0, length));
      await expect(read(store, file)).rejects.toThrow(SnapshotDamagedError);
    }
    store.objects.set(file.object, Buffer.concat([content, content]));
    await expect(read(store, file)).rejects.toThrow(SnapshotDamagedError);
  });

  it('of another channel is damaged', async () => {
    const store = new MapSnapshotStore(1_000);
    const file = await write(store, sample);
    await write(store, sample.slice(1));
    await expect(read(store, file)).rejects.toThrow('it is not the file that was written');
  });
});
