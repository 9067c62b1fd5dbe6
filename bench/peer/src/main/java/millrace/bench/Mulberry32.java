package millrace.bench;

/** The generator of that name: 32 bits of state, the same numbers in Java and in bench/key-sequence.ts. */
final class Mulberry32 {
  private int state;

  Mulberry32(int seed) {
    state = seed;
  }

  int next() {
    state += 0x6d2b79f5;
    int mixed = (state ^ (state >>> 15)) * (1 | state);
    mixed = mixed + (mixed ^ (mixed >>> 7)) * (61 | mixed) ^ mixed;
    return mixed ^ (mixed >>> 14);
  }

  /** A number in [0, bound). */
  int below(int bound) {
    return (int) ((Integer.toUnsignedLong(next()) * bound) >>> 32);
  }
}
