import { decodePartitionTime, encodePartitionTime } from '../../src/task/partition-time';

describe('the metadata of a committed offset', () => {
  it.each([0, 1, 1_700_000_000_000, Number.MAX_SAFE_INTEGER])('keeps the time %d', (time) => {
    expect(decodePartitionTime(encodePartitionTime(time))).toBe(time);
  });

  it('is empty while there is no time, and says so', () => {
    expect(encodePartitionTime(-1)).toBe('');
    expect(decodePartitionTime('')).toBe(-1);
  });

  it('is that of Kafka Streams, so that either reads what the other wrote', () => {
    expect(encodePartitionTime(10)).toBe('AQAAAAAAAAAK');
    const version2WithProcessorMetadata = Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0]).toString('base64');
    expect(decodePartitionTime(version2WithProcessorMetadata)).toBe(10);
  });

  it.each(['reset by hand', 'AQAA', 'CQAAAAAAAAAK', '{"t":1}', 'Af//////////', '\u0000'])(
    'says nothing where others wrote it: %j',
    (metadata) => {
      expect(decodePartitionTime(metadata)).toBe(-1);
    },
  );
});
