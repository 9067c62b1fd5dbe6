import { DeserializationError, SerializationError, serdes } from '../../src';

const hex = (bytes: Buffer): string => bytes.toString('hex');

describe('windowed keys', () => {
  // What TimeWindowedSerializer and SessionWindowedSerializer of Kafka Streams 4.1 write.
  it('of time windows are the key and the start', () => {
    const serde = serdes.timeWindowed(serdes.string, { sizeMs: 60_000 });
    const windowed = { key: 'ab', start: 1_700_000_040_000, end: 1_700_000_100_000 };
    expect(hex(serde.serialize(windowed))).toBe('61620000018bcfe60440');
    expect(serde.deserialize(Buffer.from('61620000018bcfe60440', 'hex'))).toEqual(windowed);
  });

  it('of sessions are the key, the end and the start', () => {
    const serde = serdes.sessionWindowed(serdes.int32);
    const windowed = { key: 7, start: 3, end: 259 };
    expect(hex(serde.serialize(windowed))).toBe('0000000700000000000001030000000000000003');
    expect(serde.deserialize(Buffer.from('0000000700000000000001030000000000000003', 'hex'))).toEqual(windowed);
  });

  it('may have an inner key of no bytes', () => {
    const serde = serdes.timeWindowed(serdes.string, { sizeMs: 1 });
    expect(serde.deserialize(serde.serialize({ key: '', start: 5, end: 6 }))).toEqual({ key: '', start: 5, end: 6 });
  });

  it('are refused when they are too short, and times when they are no whole numbers', () => {
    expect(() => serdes.timeWindowed(serdes.string, { sizeMs: 1 }).deserialize(Buffer.alloc(7))).toThrow(
      DeserializationError,
    );
    expect(() => serdes.sessionWindowed(serdes.string).serialize({ key: 'a', start: 0.5, end: 1 })).toThrow(
      SerializationError,
    );
  });
});
