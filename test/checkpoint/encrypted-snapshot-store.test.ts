import * as fc from 'fast-check';
import { EncryptedSnapshotStore } from '../../src/checkpoint/encrypted-snapshot-store';
import { SnapshotDamagedError } from '../../src/checkpoint/errors';
import { MemorySnapshotStore } from '../../src/checkpoint/memory-snapshot-store';
import { SEALED_SEGMENT_BYTES, SEGMENT_BYTES } from '../../src/checkpoint/segment-cipher';
import { SnapshotKeys } from '../../src/checkpoint/snapshot-keys';
import { failureOf, inPieces, randomContent, read } from './objects';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 51_003);
const KEY_A = `a:${'a1'.repeat(32)}`;
const KEY_B = `b:${'b2'.repeat(32)}`;
const NAME = 'app/files/1/0_0-x';
/** Magic, version, length of the key's id, the id `a`, salt. */
const HEADER_BYTES = 8 + 1 + 1 + 1 + 32;

let plain: MemorySnapshotStore;
let store: EncryptedSnapshotStore;

beforeEach(() => {
  plain = new MemorySnapshotStore();
  store = new EncryptedSnapshotStore(plain, SnapshotKeys.parse(KEY_A));
});

/** Puts `content`, changes what is stored, and reads: what came before the error must have been put. */
async function expectDamage(content: Buffer, change: (stored: Buffer) => Buffer): Promise<void> {
  await store.put(NAME, content);
  await plain.put(NAME, change(await read(plain, NAME)));
  const { error, before } = await failureOf(store.get(NAME));
  expect(error).toBeInstanceOf(SnapshotDamagedError);
  expect(before.equals(content.subarray(0, before.length))).toBe(true);
}

const segmentAt = (stored: Buffer, index: number): Buffer => {
  const from = HEADER_BYTES + index * SEALED_SEGMENT_BYTES;
  return stored.subarray(from, from + SEALED_SEGMENT_BYTES);
};

describe(`an encrypted snapshot store (seed ${SEED})`, () => {
  const sizes = fc.oneof(
    fc.integer({ min: 0, max: 200 }),
    fc.constantFrom(SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES, 3 * SEGMENT_BYTES),
    fc.integer({ min: 0, max: 3 * SEGMENT_BYTES + 5 }),
  );
  const contents = sizes.map(randomContent);

  it('gives back whatever was put, however it came and however it is read', async () => {
    const property = fc.asyncProperty(
      contents,
      fc.array(fc.integer({ min: 1, max: 2 * SEGMENT_BYTES }), { minLength: 1, maxLength: 5 }),
      async (content, pieces) => {
        await store.put(NAME, inPieces(content, ...pieces));
        expect((await read(store, NAME)).equals(content)).toBe(true);
        const stored = await read(plain, NAME);
        const segments = Math.max(1, Math.ceil(content.length / SEGMENT_BYTES));
        expect(stored.length).toBe(HEADER_BYTES + content.length + 16 * segments);
      },
    );
    await fc.assert(property, { seed: SEED, numRuns: 100 });
  });

  it('finds out that any bit was changed', async () => {
    const property = fc.asyncProperty(contents, fc.nat(), fc.integer({ min: 0, max: 7 }), async (content, at, bit) => {
      await expectDamage(content, (stored) => {
        const index = at % stored.length;
        stored[index] = (stored[index] ?? 0) ^ (1 << bit);
        return stored;
      });
    });
    await fc.assert(property, { seed: SEED, numRuns: 200 });
  });

  it('finds out that any byte of the header was changed, or of the last tag', async () => {
    const content = randomContent(SEGMENT_BYTES + 10);
    const stored = HEADER_BYTES + content.length + 2 * 16;
    const positions = [...Array(HEADER_BYTES).keys(), ...Array.from({ length: 16 }, (_, index) => stored - 1 - index)];
    for (const position of positions) {
      await expectDamage(content, (bytes) => {
        bytes[position] = (bytes[position] ?? 0) ^ 0x20;
        return bytes;
      });
    }
  });

  it('finds out that anything was cut off', async () => {
    const property = fc.asyncProperty(contents, fc.nat(), async (content, at) => {
      await expectDamage(content, (stored) => stored.subarray(0, at % stored.length));
    });
    await fc.assert(property, { seed: SEED, numRuns: 200 });
    for (const segments of [0, 1, 2]) {
      await expectDamage(randomContent(3 * SEGMENT_BYTES), (stored) =>
        stored.subarray(0, HEADER_BYTES + segments * SEALED_SEGMENT_BYTES),
      );
    }
  });

  it('finds out that anything was added', async () => {
    const property = fc.asyncProperty(
      contents,
      fc.uint8Array({ minLength: 1, maxLength: 50 }),
      async (content, more) => {
        await expectDamage(content, (stored) => Buffer.concat([stored, more]));
      },
    );
    await fc.assert(property, { seed: SEED, numRuns: 100 });
    await expectDamage(randomContent(2 * SEGMENT_BYTES), (stored) => Buffer.concat([stored, segmentAt(stored, 1)]));
    await expectDamage(randomContent(2 * SEGMENT_BYTES), (stored) => Buffer.concat([stored, segmentAt(stored, 0)]));
  });

  it('finds out that segments were exchanged, left out or repeated', async () => {
    const content = randomContent(4 * SEGMENT_BYTES);
    const rearranged = (...order: number[]) =>
      expectDamage(content, (stored) =>
        Buffer.concat([stored.subarray(0, HEADER_BYTES), ...order.map((index) => segmentAt(stored, index))]),
      );
    await rearranged(1, 0, 2, 3);
    await rearranged(0, 2, 3);
    await rearranged(0, 0, 2, 3);
    await rearranged(0, 1, 2, 2, 3);
    await rearranged(0, 1, 3, 2);
    await rearranged(3);
  });

  it('finds out that an object was put in the place of another', async () => {
    await store.put(NAME, Buffer.from('one'));
    await store.put('app/files/1/0_1-y', Buffer.from('another'));
    await plain.put(NAME, await read(plain, 'app/files/1/0_1-y'));
    expect((await failureOf(store.get(NAME))).error).toBeInstanceOf(SnapshotDamagedError);
  });

  it('finds out that a segment comes from another object of the same key', async () => {
    await store.put('app/other', randomContent(2 * SEGMENT_BYTES));
    const other = await read(plain, 'app/other');
    await expectDamage(randomContent(2 * SEGMENT_BYTES), (stored) =>
      Buffer.concat([stored.subarray(0, HEADER_BYTES), segmentAt(other, 0), segmentAt(stored, 1)]),
    );
  });

  it('finds out that the id of the key was changed, though the other id is of the same key', async () => {
    store = new EncryptedSnapshotStore(plain, SnapshotKeys.parse(`${KEY_A},z:${'a1'.repeat(32)}`));
    await expectDamage(randomContent(100), (stored) => {
      stored.write('z', 10);
      return stored;
    });
  });

  it('never shows content, and never encrypts the same in the same way', async () => {
    const content = Buffer.alloc(1_000, 'a secret that is easy to find, ');
    await store.put('app/1', content);
    await store.put('app/2', content);
    const [first, second] = [await read(plain, 'app/1'), await read(plain, 'app/2')];
    expect(first.includes('secret')).toBe(false);
    // All behind the key's id: the salt too.
    const differing = first.subarray(11).filter((byte, index) => byte !== second[11 + index]).length;
    expect(differing).toBeGreaterThan(first.length * 0.9);
  });

  it('reads with an old key what was written with it, and writes with the new one', async () => {
    await store.put('app/old', Buffer.from('old'));
    const rotated = new EncryptedSnapshotStore(plain, SnapshotKeys.parse(`${KEY_B},${KEY_A}`));
    await rotated.put('app/new', Buffer.from('new'));
    expect((await read(rotated, 'app/old')).toString()).toBe('old');
    expect((await read(rotated, 'app/new')).toString()).toBe('new');
    const finished = new EncryptedSnapshotStore(plain, SnapshotKeys.parse(KEY_B));
    expect((await read(finished, 'app/new')).toString()).toBe('new');
    const { error } = await failureOf(finished.get('app/old'));
    expect(error).toBeInstanceOf(SnapshotDamagedError);
    expect((error as Error).message).toContain(
      'encrypted with the key "a", which is not among the configured ones (b)',
    );
  });

  it('says that the key may be another one of the same id', async () => {
    await store.put(NAME, Buffer.from('content'));
    const wrong = new EncryptedSnapshotStore(plain, SnapshotKeys.parse(`a:${'00'.repeat(32)}`));
    const { error, before } = await failureOf(wrong.get(NAME));
    expect(error).toBeInstanceOf(SnapshotDamagedError);
    expect((error as Error).message).toContain("or the key 'a' is not the one it was encrypted with");
    expect(before).toHaveLength(0);
  });

  it.each([
    ['nothing', ''],
    ['plain text', '{"applicationId":"a","tasks":[]}'],
    ['another version', 'millrace\x02\x01a'],
    ['a header alone', 'millrace\x01\x01a'],
  ])('refuses %s where something encrypted should be', async (_, stored) => {
    await plain.put(NAME, Buffer.from(stored, 'latin1'));
    expect((await failureOf(store.get(NAME))).error).toBeInstanceOf(SnapshotDamagedError);
  });
});
