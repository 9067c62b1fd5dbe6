/** Which keys an input has, in order. bench/peer's InputRecords makes the same from the same numbers. */
export interface KeySequence {
  readonly seed: number;
  readonly records: number;
  /** Keys are 0 to keys - 1. */
  readonly keys: number;
  /** The first so many records have the keys 0 to distinct - 1, each once. The others have random keys. */
  readonly distinct: number;
}

/** How often each key occurs among the first `records` records. */
export function expectedCounts(sequence: KeySequence): Int32Array {
  const counts = new Int32Array(sequence.keys);
  const random = mulberry32(sequence.seed);
  for (let i = 0; i < sequence.records; i++) {
    const key = i < sequence.distinct ? i : below(random(), sequence.keys);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** `floor(random * bound / 2^32)`, in two halves because the product does not fit into a double. */
function below(random: number, bound: number): number {
  const high = (random >>> 16) * bound;
  const low = (random & 0xffff) * bound;
  return Math.floor((high + Math.floor(low / 65536)) / 65536);
}
