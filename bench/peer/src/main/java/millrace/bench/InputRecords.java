package millrace.bench;

import java.nio.charset.StandardCharsets;

/** The keys and values of a benchmark's input. The keys are those of bench/key-sequence.ts. */
final class InputRecords {
  private static final int VALUE_BYTES = 100;
  private static final byte[] FIRST_KEY = "user-00000000".getBytes(StandardCharsets.ISO_8859_1);
  private static final int DIGITS_FROM = 5;

  private final Mulberry32 keyRandom;
  private final Mulberry32 valueRandom;
  private final int keys;
  private final int distinct;
  private int next;

  /** The first {@code distinct} records have the keys 0 to distinct - 1, each once; the others have random keys. */
  InputRecords(int seed, int keys, int distinct) {
    this.keyRandom = new Mulberry32(seed);
    this.valueRandom = new Mulberry32(seed + 1);
    this.keys = keys;
    this.distinct = distinct;
  }

  int nextKey() {
    int key = next < distinct ? next : keyRandom.below(keys);
    next++;
    return key;
  }

  byte[] nextValue() {
    byte[] value = new byte[VALUE_BYTES];
    for (int at = 0; at < VALUE_BYTES; at += 4) {
      int random = valueRandom.next();
      value[at] = (byte) random;
      value[at + 1] = (byte) (random >> 8);
      value[at + 2] = (byte) (random >> 16);
      value[at + 3] = (byte) (random >> 24);
    }
    return value;
  }

  /** {@code user-} and eight digits. */
  static byte[] keyBytes(int key) {
    byte[] bytes = FIRST_KEY.clone();
    for (int at = bytes.length - 1; key > 0; at--, key /= 10) bytes[at] = (byte) ('0' + key % 10);
    return bytes;
  }

  static int keyOf(byte[] bytes) {
    if (bytes.length != FIRST_KEY.length) throw new IllegalArgumentException("not a key: " + new String(bytes));
    int key = 0;
    for (int at = DIGITS_FROM; at < bytes.length; at++) key = key * 10 + (bytes[at] - '0');
    return key;
  }
}
