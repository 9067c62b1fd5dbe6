import fc from 'fast-check';
import { BucketKeys } from '../../src/state/bucket-keys';

const bucket = fc.nat(5).map((number) => number * 1000);
const key = fc.nat(400).map((number) => `key-${number}`);
const step = fc.oneof(
  { weight: 40, arbitrary: fc.record({ type: fc.constant('add' as const), bucket, key }) },
  { weight: 40, arbitrary: fc.record({ type: fc.constant('ask' as const), bucket, key }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('forget' as const), bucket }) },
);

describe('the keys of the newest buckets', () => {
  it('never says that a key is absent which was added', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.nat(20_000), (steps, limit) => {
        const keys = new BucketKeys(0, () => limit);
        const added = new Set<string>();
        for (const { type, bucket: at, ...rest } of steps) {
          if (type === 'forget') {
            keys.forgetBefore(at);
            continue;
          }
          const { key: text } = rest as { key: string };
          if (type === 'add') {
            keys.add(at, text);
            added.add(`${at} ${text}`);
          } else if (added.has(`${at} ${text}`)) expect(keys.mayHave(at, text)).toBe(true);
        }
      }),
    );
  });

  it('knows what is absent while there is room', () => {
    const keys = new BucketKeys(0, () => 1 << 20);
    for (let number = 0; number < 5000; number++) keys.add(1000 * (number % 3), `key-${number}`);
    for (let number = 0; number < 5000; number++) {
      expect(keys.mayHave(1000 * (number % 3), `key-${number}`)).toBe(true);
      expect(keys.mayHave(1000 * ((number + 1) % 3), `key-${number}`)).toBe(false);
    }
    expect(keys.mayHave(7000, 'key-1')).toBe(false);
  });

  it('knows nothing of buckets from before it began', () => {
    const keys = new BucketKeys(2000, () => 1 << 20);
    keys.add(1000, 'a');
    expect(keys.mayHave(1000, 'b')).toBe(true);
    expect(keys.mayHave(2000, 'b')).toBe(false);
  });

  it('forgets the oldest bucket when it would take more than its limit', () => {
    const keys = new BucketKeys(0, () => 3000);
    for (let number = 0; number < 200; number++) keys.add(2000, `key-${number}`);
    keys.add(1000, 'a');
    expect(keys.mayHave(1000, 'b')).toBe(false);
    for (let number = 0; number < 30; number++) keys.add(3000, `key-${number}`);
    for (let number = 0; number < 30; number++) keys.add(4000, `key-${number}`);
    expect(keys.mayHave(1000, 'b')).toBe(true);
    expect(keys.mayHave(4000, 'b')).toBe(false);
    expect(keys.mayHave(4000, 'key-7')).toBe(true);
  });
});
