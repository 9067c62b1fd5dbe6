import fc from 'fast-check';
import {
  asChunk,
  emptyRecords,
  isFlagged,
  TimedRecordReader,
  timedRecords,
  withoutFlag,
  withRecord,
} from '../../src/serde/timed-records';

interface Item {
  readonly time: number;
  readonly flag: boolean;
  readonly value: string;
}

const item = fc.record({ time: fc.nat(2 ** 50), flag: fc.boolean(), value: fc.string({ maxLength: 300 }) });
const items = fc.array(item, { maxLength: 20 });

const written = (chunks: number, records: readonly Item[]): Buffer =>
  records.reduce(
    (list, { time, flag, value }) => withRecord(list, time, Buffer.from(value), flag),
    emptyRecords(chunks),
  );

function read(list: Buffer): { chunks: number; records: Item[]; places: number[] } {
  const reader = new TimedRecordReader('test');
  const records: Item[] = [];
  const places: number[] = [];
  reader.open(list);
  while (reader.next()) {
    records.push({ time: reader.time, flag: reader.flag, value: list.toString('utf8', reader.start, reader.end) });
    places.push(reader.at);
  }
  return { chunks: reader.chunks, records, places };
}

describe('a list of records with times', () => {
  it('has what was added to it, in that order', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), items, (chunks, records) => {
        const serde = timedRecords('test');
        const list = serde.deserialize(serde.serialize(written(chunks, records)));
        expect(read(list)).toMatchObject({ chunks, records });
      }),
    );
  });

  it('is another one without a flag, with every record where it was', () => {
    fc.assert(
      fc.property(items, fc.nat(), (records, pick) => {
        fc.pre(records.length > 0);
        const list = written(3, records);
        const before = read(list);
        const index = pick % records.length;
        const cleared = withoutFlag(list, before.places[index]!);
        expect(read(list)).toEqual(before);
        expect(isFlagged(list, before.places[index]!)).toBe(records[index]!.flag);
        expect(isFlagged(cleared, before.places[index]!)).toBe(false);
        const expected = records.map((record, at) => (at === index ? { ...record, flag: false } : record));
        expect(read(cleared)).toEqual({ ...before, records: expected });
      }),
    );
  });

  it('says nothing of other lists once it was put aside', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), items, (chunks, records) => {
        expect(read(asChunk(written(chunks, records), chunks))).toMatchObject({ chunks: 0, records });
      }),
    );
  });

  it('is an error where it ends too early', () => {
    const list = written(0, [{ time: 5, flag: true, value: 'abc' }]);
    expect(() => read(list.subarray(0, -1))).toThrow('in the middle of a value');
    expect(() => read(list.subarray(0, 2))).toThrow('in the middle of a number');
    expect(() => read(Buffer.of(0x80))).toThrow('in the middle of a number');
  });
});
