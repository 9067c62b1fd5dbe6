import { expectedCounts } from '../../bench/key-sequence';

describe('the key sequence of a benchmark', () => {
  it('counts every record once', () => {
    const counts = expectedCounts({ seed: 7, records: 10_000, keys: 100, distinct: 0 });
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10_000);
    expect(counts.every((count) => count > 50 && count < 200)).toBe(true);
  });

  it('begins with each key once where that is asked for', () => {
    const counts = expectedCounts({ seed: 7, records: 100, keys: 100, distinct: 100 });
    expect(counts.every((count) => count === 1)).toBe(true);
  });

  it('is the sequence that the load generator of bench/peer makes from the same seed', () => {
    // The keys of the first ten records, printed by InputRecords: seed -5, 5,000,000 keys.
    const fromJava = [2419235, 264837, 4695166, 3981888, 4881528, 4235269, 2528126, 2988933, 2763296, 3686360];
    const counts = expectedCounts({ seed: -5, records: fromJava.length, keys: 5_000_000, distinct: 0 });
    expect(Array.from(counts.entries()).filter(([, count]) => count > 0)).toEqual(
      fromJava.sort((a, b) => a - b).map((key) => [key, 1]),
    );
  });
});
