import fc from 'fast-check';
import type { Header } from '../../src/serde/record';
import type { RecordBatchBuilder } from '../../src/kafka';
import type { RecordBatchReader } from '../../src/kafka';

/** A record as plain data. */
export interface PlainRecord {
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly Header[];
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const nullableBytes = fc.option(bytes, { nil: null, freq: 5 });
const header = fc.record({ key: fc.constantFrom('', 'a', 'trace-id', 'ключ'), value: nullableBytes });
const timestamp = fc.oneof(
  fc.integer({ min: 0, max: 2_000_000_000_000 }),
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_001_000 }),
  fc.constantFrom(0, 8_640_000_000_000_000),
);

/** Nulls, empty bytes, repeated header keys, and timestamps that go back and far apart. */
export const arbitraryRecords: fc.Arbitrary<PlainRecord[]> = fc.array(
  fc.record({
    timestamp,
    key: nullableBytes,
    value: nullableBytes,
    headers: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(header, { maxLength: 4 })),
  }),
  { minLength: 1, maxLength: 40 },
);

export function appendAll(builder: RecordBatchBuilder, records: readonly PlainRecord[]): void {
  for (const { timestamp, key, value, headers } of records) builder.append(timestamp, key, value, headers);
}

/** The records of a batch with their offsets. */
export function readAll(batch: RecordBatchReader): (PlainRecord & { offset: number })[] {
  const records: (PlainRecord & { offset: number })[] = [];
  while (batch.next()) {
    records.push({
      offset: batch.offset,
      timestamp: batch.timestamp,
      key: batch.keyStart < 0 ? null : Buffer.from(batch.bytes.subarray(batch.keyStart, batch.keyEnd)),
      value: batch.valueStart < 0 ? null : Buffer.from(batch.bytes.subarray(batch.valueStart, batch.valueEnd)),
      headers: batch.headers().map(({ key, value }) => ({ key, value: value === null ? null : Buffer.from(value) })),
    });
  }
  return records;
}
