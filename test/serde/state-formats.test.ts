import fc from 'fast-check';
import { listValue } from '../../src/serde/list-value';
import { HIGHEST, LOWEST, pairKey } from '../../src/serde/pair-key';
import type { Serde } from '../../src/serde/serde';
import { serdes } from '../../src/serde/serdes';
import { timedValue } from '../../src/serde/timed-value';
import { NO_KEY, timerKey } from '../../src/serde/timer-key';

const bytes = serdes.bytes as Serde<unknown>;
const anyBytes = fc.uint8Array({ maxLength: 6 }).map((array) => Buffer.from(array));
const anyTime = fc.nat({ max: Number.MAX_SAFE_INTEGER });

describe('the key of a map entry', () => {
  const pairs = pairKey(bytes, bytes);

  it('comes back as it was, and lies between the bounds of its first key', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (first, second) => {
        const stored = pairs.serialize({ first, second });
        expect(pairs.deserialize(stored)).toEqual({ first, second });
        expect(Buffer.compare(pairs.serialize({ first, second: LOWEST }), stored)).toBeLessThanOrEqual(0);
        expect(Buffer.compare(stored, pairs.serialize({ first, second: HIGHEST }))).toBeLessThan(0);
      }),
    );
  });

  it('lies outside of the bounds of every other, but for the one that begins where they end', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, anyBytes, (first, other, second) => {
        fc.pre(!first.equals(other));
        const stored = pairs.serialize({ first: other, second });
        const below = Buffer.compare(stored, pairs.serialize({ first, second: LOWEST })) < 0;
        const above = Buffer.compare(stored, pairs.serialize({ first, second: HIGHEST })) >= 0;
        expect(below || above).toBe(true);
      }),
    );
  });
});

describe('the key of a timer', () => {
  const timers = timerKey(bytes);

  it('comes back as it was, in the order of domain, time and key', () => {
    const anyTimer = fc.record({
      domain: fc.constantFrom('event-time' as const, 'processing-time' as const),
      timestamp: anyTime,
      key: anyBytes,
    });
    fc.assert(
      fc.property(anyTimer, anyTimer, (a, b) => {
        expect(timers.deserialize(timers.serialize(a))).toEqual(a);
        const order = a.domain.localeCompare(b.domain) || a.timestamp - b.timestamp || Buffer.compare(a.key, b.key);
        expect(Math.sign(Buffer.compare(timers.serialize(a), timers.serialize(b)))).toBe(Math.sign(order));
        const bound = timers.serialize({ ...a, key: NO_KEY });
        expect(Buffer.compare(bound, timers.serialize(a))).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('values with a time, and lists', () => {
  it('come back as they were', () => {
    const lists = listValue(timedValue(serdes.bytes));
    const anyList = fc.array(fc.record({ value: anyBytes, at: anyTime }), { maxLength: 5 });
    fc.assert(
      fc.property(anyList, (list) => {
        expect(lists.deserialize(lists.serialize(list))).toEqual(list);
      }),
    );
  });

  it('say in their names of what they are, so that state in another format is refused', () => {
    expect(listValue(timedValue(serdes.string)).name).toBe('list(timed(string))');
    expect(timerKey(serdes.string as Serde<unknown>).name).toBe('timer(string)');
    expect(pairKey(serdes.string as Serde<unknown>, serdes.int32 as Serde<unknown>).name).toBe('pair(string,int32)');
  });
});
