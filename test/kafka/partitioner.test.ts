import { createRequire } from 'node:module';
import fc from 'fast-check';
import { murmur2, partitionForKey } from '../../src/kafka';

const kafkajsMurmur2 = createRequire(__filename)('kafkajs/src/producer/partitioners/default/murmur2') as (
  key: Buffer,
) => number;

describe('murmur2', () => {
  // From the tests of Kafka's Java client.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])("hashes '%s' as Kafka's Java client does", (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  it('agrees with kafkajs on every key', () => {
    const seed = Number(process.env['FC_SEED'] ?? Date.now());
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (key) => murmur2(key) === kafkajsMurmur2(Buffer.from(key))),
      { seed, numRuns: 2_000 },
    );
  });
});

describe('partitionForKey', () => {
  it('is a partition of the topic, also where the hash is negative', () => {
    for (let index = 0; index < 1_000; index++) {
      const partition = partitionForKey(Buffer.from(`key-${index}`), 7);
      expect(partition).toBeGreaterThanOrEqual(0);
      expect(partition).toBeLessThan(7);
    }
  });
});
