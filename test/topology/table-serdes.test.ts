import { serdes } from '../../src';
import { bufferedRecordSerde, type BufferedEntry } from '../../src/topology/buffer-serdes';
import { changeSerde } from '../../src/topology/change-serde';
import {
  combinedKey,
  combinedKeyPrefix,
  responseSerde,
  subscriptionSerde,
} from '../../src/topology/subscription-serdes';
import { versionedEntrySerde, type VersionedEntry } from '../../src/topology/versioned-serdes';

describe('changes of a table in a repartition topic', () => {
  const serde = changeSerde(serdes.string);

  it.each([
    [{ newValue: 'new', oldValue: 'old' }, `06${hex('new')}${hex('old')}02`],
    [{ newValue: 'new', oldValue: undefined }, `${hex('new')}01`],
    [{ newValue: undefined, oldValue: 'old' }, `${hex('old')}00`],
    [{ newValue: '', oldValue: '' }, '0002'],
    [{ newValue: 'n'.repeat(100), oldValue: 'o' }, `c801${hex('n'.repeat(100))}${hex('o')}02`],
  ])('have the bytes that Kafka Streams gives them: %j', (change, bytes) => {
    expect(serde.serialize(change).toString('hex')).toBe(bytes);
    expect(serde.deserialize(Buffer.from(bytes, 'hex'))).toEqual(change);
  });

  it.each(['', '05', 'ffffffffff02'])('are not read from other bytes: %s', (bytes) => {
    expect(() => serde.deserialize(Buffer.from(bytes, 'hex'))).toThrow('change(string)');
  });
});

describe('subscriptions of a foreign-key join', () => {
  const hash = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

  it('have the bytes that Kafka Streams gives them', () => {
    const serde = subscriptionSerde(serdes.string);
    const subscription = { hash, instruction: 2, primaryKey: 'row', primaryPartition: 3 };
    expect(serde.serialize(subscription).toString('hex')).toBe(`0102${hash.toString('hex')}${hex('row')}00000003`);
    expect(serde.deserialize(serde.serialize(subscription))).toEqual(subscription);
    const deletion = { ...subscription, hash: null, instruction: 0 };
    expect(serde.serialize(deletion).toString('hex')).toBe(`8100${hex('row')}00000003`);
    expect(serde.deserialize(serde.serialize(deletion))).toEqual(deletion);
  });

  it('are answered with a value, an empty one, or none', () => {
    const serde = responseSerde(serdes.string);
    for (const foreignValue of ['value', '', undefined]) {
      for (const known of [hash, null]) {
        const response = { hash: known, foreignValue, primaryPartition: 7 };
        // Where the answer goes is not in it.
        expect(serde.deserialize(serde.serialize(response))).toEqual({ ...response, primaryPartition: -1 });
      }
    }
  });

  it('are not read from other bytes', () => {
    expect(() => subscriptionSerde(serdes.string).deserialize(Buffer.from('0302', 'hex'))).toThrow('unknown version');
    expect(() => subscriptionSerde(serdes.string).deserialize(Buffer.from('010200', 'hex'))).toThrow('too short');
    expect(() => responseSerde(serdes.string).deserialize(Buffer.alloc(0))).toThrow('unknown version');
  });

  it('lie together by their foreign keys, also where one is the beginning of another', () => {
    const stored = combinedKey(Buffer.from('ab'), Buffer.from('row'));
    expect(stored.toString('hex')).toBe(`00000002${hex('ab')}${hex('row')}`);
    expect(stored.subarray(0, 6)).toEqual(combinedKeyPrefix(Buffer.from('ab')));
    expect(combinedKey(Buffer.from('a'), Buffer.from('bc')).subarray(0, 6)).not.toEqual(
      combinedKeyPrefix(Buffer.from('ab')),
    );
  });
});

describe('what versioned stores and buffers hold', () => {
  it.each<VersionedEntry>([
    { type: 'latest', timestamp: 5_000_000_000_000, value: 'x' },
    { type: 'latest', timestamp: 0, value: '' },
    { type: 'latest', timestamp: 1, value: undefined },
    { type: 'time', observed: 42 },
    { type: 'former', versions: [] },
    {
      type: 'former',
      versions: [
        { timestamp: 1, validTo: 3, value: 'a' },
        { timestamp: 3, validTo: 9, value: '' },
      ],
    },
  ])('is read as it was written: %j', (entry) => {
    const serde = versionedEntrySerde(serdes.string);
    expect(serde.deserialize(serde.serialize(entry))).toEqual(entry);
  });

  it.each<BufferedEntry>([
    { type: 'state', observed: 5_000_000_000_000, count: 3 },
    { type: 'record', value: '', headers: [] },
    {
      type: 'record',
      value: 'x',
      headers: [
        { key: 'é', value: Buffer.from([0, 255]) },
        { key: '', value: null },
        { key: 'empty', value: Buffer.alloc(0) },
      ],
    },
  ])('is read as it was buffered: %j', (entry) => {
    const serde = bufferedRecordSerde(serdes.string);
    expect(serde.deserialize(serde.serialize(entry))).toEqual(entry);
  });
});

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}
