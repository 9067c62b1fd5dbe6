import { everyRecords } from '../../src/checkpoint/checkpoint-schedule';
import { RecordTally, ThreadRecords } from '../../src/checkpoint/record-tally';

const processed = (thread: string, records: number, after?: number) =>
  ({ type: 'processed', thread, records, after }) as const;

describe('the trigger by records', () => {
  it('makes a checkpoint due when the whole application has processed enough', () => {
    const schedule = everyRecords(100);
    expect(schedule.nextAt(undefined, undefined, 7, 99)).toBe(Infinity);
    expect(schedule.nextAt(undefined, undefined, 7, 100)).toBe(7);
  });

  it('adds up what threads say, the newest word of each', () => {
    const tally = new RecordTally();
    tally.heard(processed('one', 10));
    tally.heard(processed('two', 5));
    tally.heard(processed('one', 30));
    expect(tally.records).toBe(35);
  });

  it('begins again with a checkpoint, and leaves out what was said before a thread heard of it', () => {
    const tally = new RecordTally();
    tally.heard(processed('one', 10));
    tally.begun(4);
    tally.begun(4);
    expect(tally.records).toBe(0);
    tally.heard(processed('two', 20, 3));
    tally.heard(processed('one', 2, 4));
    tally.begun(3);
    expect(tally.records).toBe(2);
  });

  it('counts a thread that began after the newest checkpoint', () => {
    const tally = new RecordTally();
    tally.begun(4);
    tally.heard(processed('new', 8));
    expect(tally.records).toBe(8);
  });

  it('has a thread tell at most once a second, and only what is new', () => {
    const records = new ThreadRecords();
    expect(records.processed(0, 0)).toBeUndefined();
    expect(records.processed(3, 10)).toMatchObject({ records: 3 });
    expect(records.processed(3, 1_009)).toBeUndefined();
    expect(records.processed(0, 1_010)).toMatchObject({ records: 6 });
    expect(records.processed(0, 5_000)).toBeUndefined();
    records.begun(2);
    expect(records.processed(4, 6_100)).toMatchObject({ after: 2, records: 4 });
  });
});
