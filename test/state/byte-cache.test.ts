import fc from 'fast-check';
import { ByteCache } from '../../src/state/byte-cache';
import { seededRandom } from './seeded-random';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

function lookUp(cache: ByteCache, key: Buffer): string | null | undefined {
  // Not at the beginning of its buffer, as keys within a record batch are.
  const around = Buffer.concat([bytes('<<<'), key, bytes('>>')]);
  if (!cache.get(around, 3, 3 + key.length)) return undefined;
  return cache.isAbsent ? null : cache.valueBytes.toString('latin1', cache.valueStart, cache.valueEnd);
}

/** Throws unless the cache answers as it may: what the model says, or for a miss nothing. Not `expect`, which is slow. */
function check(cache: ByteCache, model: ReadonlyMap<string, string | null>, key: string, limit: number): void {
  const found = lookUp(cache, bytes(key));
  const expected = model.get(key) ?? null;
  if (found === undefined ? cache.isComplete && expected !== null : found !== expected)
    throw new Error(`${key} is ${found}, and should be ${expected}`);
  if (cache.sizeInBytes > limit) throw new Error(`${cache.sizeInBytes} bytes are over the limit of ${limit}`);
}

describe('ByteCache', () => {
  it('gives back what was set, what was replaced, and what is known to be absent', () => {
    const cache = new ByteCache(1 << 20, false);
    expect(lookUp(cache, bytes('a'))).toBeUndefined();
    cache.set(bytes('a'), bytes('1'));
    cache.set(bytes('b'), bytes(''));
    cache.set(bytes('c'), undefined);
    expect(lookUp(cache, bytes('a'))).toBe('1');
    expect(lookUp(cache, bytes('b'))).toBe('');
    expect(lookUp(cache, bytes('c'))).toBeNull();
    cache.set(bytes('a'), bytes('a longer value than before'));
    cache.set(bytes('b'), undefined);
    cache.set(bytes('c'), bytes('2'));
    expect(lookUp(cache, bytes('a'))).toBe('a longer value than before');
    expect(lookUp(cache, bytes('b'))).toBeNull();
    expect(lookUp(cache, bytes('c'))).toBe('2');
    cache.delete(bytes('a'));
    expect(lookUp(cache, bytes('a'))).toBeUndefined();
  });

  it('keeps the empty key apart from others', () => {
    const cache = new ByteCache(1 << 20, false);
    cache.set(bytes(''), bytes('nothing'));
    cache.set(bytes('\0'), bytes('zero'));
    expect(lookUp(cache, bytes(''))).toBe('nothing');
    expect(lookUp(cache, bytes('\0'))).toBe('zero');
  });

  it('never returns a wrong or stale value, never loses one while complete, and keeps its limit', () => {
    // Few keys, so that they meet often; sizes so that segments are swept, released and grown in one run.
    const key = fc.nat(400).map((n) => `key-${n}`.padEnd(4 + (n % 40), '.'));
    const valueLength = fc.oneof(
      { weight: 6, arbitrary: fc.nat(24) },
      { weight: 2, arbitrary: fc.nat(400) },
      { weight: 1, arbitrary: fc.nat(3000) },
    );
    const step = fc.oneof(
      {
        weight: 10,
        arbitrary: fc.record({ type: fc.constant('set' as const), key, length: valueLength, fill: fc.nat(255) }),
      },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('absent' as const), key }) },
      { weight: 6, arbitrary: fc.record({ type: fc.constant('get' as const), key }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
    );
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 1000, size: 'max' }),
        fc.constantFrom(0, 3000, 8000, 20_000, 100_000, 1_000_000, 2 ** 40),
        fc.boolean(),
        (steps, limit, complete) => {
          const cache = new ByteCache(limit, complete);
          const model = new Map<string, string | null>();
          for (const action of steps) {
            if (action.type === 'set') {
              const value = String.fromCharCode(action.fill).repeat(action.length);
              model.set(action.key, value);
              cache.set(bytes(action.key), bytes(value));
            } else if (action.type === 'absent') {
              model.set(action.key, null);
              cache.set(bytes(action.key), undefined);
            } else if (action.type === 'delete') {
              cache.delete(bytes(action.key));
            }
            check(cache, model, action.key, limit);
          }
          for (const known of model.keys()) check(cache, model, known, limit);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('never returns a wrong or stale value over a long run of updates that do not fit', () => {
    const seed = 20260731;
    const random = seededRandom(seed);
    const cache = new ByteCache(256 << 10, false);
    const model = new Map<string, string>();
    let hits = 0;
    for (let step = 0; step < 200_000; step++) {
      const key = `user-${Math.floor(random() ** 2 * 20_000)}`;
      const found = lookUp(cache, bytes(key));
      if (found !== undefined) {
        hits++;
        if (found !== model.get(key))
          throw new Error(`seed ${seed}, step ${step}: ${key} is ${found}, not ${model.get(key)}`);
      }
      if (random() < 0.5) {
        const value = String(step).repeat(1 + Math.floor(random() * 3));
        model.set(key, value);
        cache.set(bytes(key), bytes(value));
      }
    }
    expect(cache.sizeInBytes).toBeLessThanOrEqual(256 << 10);
    expect(hits).toBeGreaterThan(30_000);
  });

  it('keeps what is used when it must let entries go', () => {
    const cache = new ByteCache(256 << 10, false);
    const hot = Array.from({ length: 500 }, (_, n) => bytes(`hot-${n}`));
    let misses = 0;
    for (let n = 0; n < 50_000; n++) {
      cache.set(bytes(`cold-${n}`), bytes('12345678'));
      const key = hot[n % hot.length]!;
      if (!cache.get(key, 0, key.length)) {
        misses++;
        cache.set(key, bytes('12345678'));
      }
    }
    expect(misses).toBeLessThan(1500);
    expect(lookUp(cache, bytes('cold-0'))).toBeUndefined();
    expect(lookUp(cache, bytes('cold-49999'))).toBe('12345678');
  });

  it('holds one million keys of 16 bytes with values of 8 bytes in 42 MB', () => {
    const cache = new ByteCache(42_000_000, true);
    const key = Buffer.alloc(16, 'k');
    const value = Buffer.alloc(8);
    for (let n = 0; n < 1_000_000; n++) {
      key.writeUInt32BE(Math.imul(n, 0x9e3779b1) >>> 0, 8);
      value.writeUInt32BE(n, 0);
      cache.set(key, value);
    }
    expect(cache.size).toBe(1_000_000);
    expect(cache.isComplete).toBe(true);
    expect(cache.sizeInBytes).toBeLessThanOrEqual(42_000_000);
    key.writeUInt32BE(Math.imul(123_456, 0x9e3779b1) >>> 0, 8);
    expect(cache.get(key, 0, 16)).toBe(true);
    expect(cache.valueBytes.readUInt32BE(cache.valueStart)).toBe(123_456);
  });

  it('takes memory for entries in steps, so that a small state costs little more than the index', () => {
    const cache = new ByteCache(64 << 20, true);
    expect(cache.sizeInBytes).toBe(0);
    for (let n = 0; n < 100; n++) cache.set(bytes(`key-${n}`), bytes('value'));
    expect(cache.sizeInBytes).toBeLessThan((64 << 20) / 4 + 1.1 * (1 << 20));
  });

  it('has an index that need not grow while entries of 40 bytes fill it', () => {
    for (const limit of [1 << 20, 3 << 19]) {
      const cache = new ByteCache(limit, true);
      let step = 0;
      for (let n = 0; cache.isComplete; n++) {
        const before = cache.sizeInBytes;
        cache.set(bytes(`key-${String(n).padStart(12, '0')}`), bytes('a value of 20 bytes.'));
        if (n > 0) step = Math.max(step, cache.sizeInBytes - before);
      }
      expect(step).toBeLessThanOrEqual(limit / 32);
    }
  });

  describe('is complete', () => {
    it('from an empty database on, through updates and deletions, until an entry is let go', () => {
      const cache = new ByteCache(64 << 10, true);
      for (let round = 0; round < 200; round++) {
        for (let n = 0; n < 100; n++) cache.set(bytes(`key-${n}`), Buffer.alloc((round * 7 + n) % 90, n));
        for (let n = 0; n < 100; n += 3) cache.set(bytes(`key-${n}`), undefined);
      }
      expect(cache.isComplete).toBe(true);
      expect(lookUp(cache, bytes('key-0'))).toBeUndefined();
      expect(lookUp(cache, bytes('key-1'))).toHaveLength((199 * 7 + 1) % 90);

      for (let n = 0; n < 2000; n++) cache.set(bytes(`more-${n}`), Buffer.alloc(60));
      expect(cache.isComplete).toBe(false);
    });

    it('never when the database was not empty', () => {
      const cache = new ByteCache(64 << 10, false);
      cache.set(bytes('a'), bytes('1'));
      expect(cache.isComplete).toBe(false);
    });

    it('no longer when an entry was too large to be kept, and the smaller value before it is gone', () => {
      const cache = new ByteCache(64 << 10, true);
      cache.set(bytes('a'), bytes('1'));
      cache.set(bytes('a'), Buffer.alloc(100_000));
      expect(lookUp(cache, bytes('a'))).toBeUndefined();
      expect(cache.isComplete).toBe(false);
    });

    it('no longer when a key was forgotten or the cache cleared', () => {
      const forgetful = new ByteCache(64 << 10, true);
      forgetful.delete(bytes('never seen'));
      expect(forgetful.isComplete).toBe(true);
      forgetful.set(bytes('a'), bytes('1'));
      forgetful.delete(bytes('a'));
      expect(forgetful.isComplete).toBe(false);

      const cleared = new ByteCache(64 << 10, true);
      cleared.clear();
      expect(cleared.isComplete).toBe(false);
      cleared.set(bytes('a'), bytes('1'));
      expect(lookUp(cleared, bytes('a'))).toBe('1');
    });
  });
});
