import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRocksDbState, type RocksDbOptions } from '../../src/state/rocksdb-state';
import { StateCorruptedError } from '../../src/state/state-database-errors';
import { foldedEntries, readBothWays, writeBatch } from './batches';
import { seededRandom } from './seeded-random';
import { storeFormat } from './state-fixtures';

const options: RocksDbOptions = { blockCacheBytes: 1 << 20, writeBufferBytes: 1 << 17, maxOpenFiles: 64 };
const BATCHES = 150;
/** Writes in the log that will be replayed. */
const REPLAYED = 20;
const DAMAGES = Number(process.env['MILLRACE_TEST_DAMAGES'] ?? 40);
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 1e6));

let parent: string;
let sound: string;

const open = (directory: string) => openRocksDbState(directory, [storeFormat('entries')], options);
const files = async (directory: string, pattern: RegExp): Promise<string[]> =>
  (await readdir(directory)).filter((name) => pattern.test(name)).sort();

// Two table files or more, a log that was replayed, and one that was not.
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'millrace-damage-'));
  sound = join(parent, 'sound');
  const first = await open(sound);
  for (let batch = 0; batch < BATCHES - REPLAYED; batch++) await writeBatch(first, seed, batch);
  await first.close();
  const second = await open(sound);
  for (let batch = BATCHES - REPLAYED; batch < BATCHES; batch++) await writeBatch(second, seed, batch);
  await second.close();
});
afterAll(() => rm(parent, { recursive: true }));

async function withCopy(
  damage: (directory: string) => Promise<unknown>,
  check: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = join(parent, 'damaged');
  await cp(sound, directory, { recursive: true });
  try {
    await damage(directory);
    await check(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Opens and reads everything. What was read must be a prefix of the writes with its positions; else it must have been refused. */
async function prefixOrRefusal(directory: string): Promise<number | StateCorruptedError> {
  try {
    const database = await open(directory);
    try {
      const prefix = database.inputOffset('input', 0) ?? 0;
      const [scanned, got] = await readBothWays(database);
      expect(scanned).toEqual(foldedEntries(seed, prefix));
      expect(got).toEqual(scanned);
      return prefix;
    } finally {
      await database.close();
    }
  } catch (error) {
    if (error instanceof StateCorruptedError) return error;
    throw error;
  }
}

const expectRefusal =
  (reason: RegExp) =>
  async (directory: string): Promise<void> => {
    const result = await prefixOrRefusal(directory);
    expect(result).toBeInstanceOf(StateCorruptedError);
    expect((result as StateCorruptedError).message).toMatch(reason);
    expect(result).toMatchObject({ code: 'STATE_CORRUPTED', directory });
  };

const flip = async (path: string, offset: number): Promise<void> => {
  const bytes = await readFile(path);
  bytes[offset]! ^= 16;
  await writeFile(path, bytes);
};

describe('damaged RocksDB files', () => {
  it('are not what this test begins with', async () => {
    await withCopy(
      async () => undefined,
      async (directory) => expect(await prefixOrRefusal(directory)).toBe(BATCHES),
    );
  });

  it('are refused when CURRENT is missing, instead of beginning a new database over the old one', () =>
    withCopy((directory) => rm(join(directory, 'CURRENT')), expectRefusal(/CURRENT is missing/)));

  it('are refused when the manifest is missing', () =>
    withCopy(
      async (directory) => rm(join(directory, (await files(directory, /^MANIFEST/))[0]!)),
      expectRefusal(/MANIFEST-\d+ is missing/),
    ));

  it('are refused when a table file is missing', () =>
    withCopy(
      async (directory) => rm(join(directory, (await files(directory, /\.sst$/))[0]!)),
      expectRefusal(/table file \d+\.sst is missing/),
    ));

  it('are refused when a table file is cut short', () =>
    withCopy(
      async (directory) => truncate(join(directory, (await files(directory, /\.sst$/))[0]!), 1000),
      expectRefusal(/has 1000 bytes instead of/),
    ));

  it('are refused on reading, by key and in a scan, when a table file has a wrong bit', () =>
    withCopy(
      // In the newest one: what older ones say of a key may have been written again since, and is not read then.
      async (directory) => flip(join(directory, (await files(directory, /\.sst$/)).at(-1)!), 5000),
      async (directory) => {
        const database = await open(directory);
        const store = database.store('entries');
        const keys = Array.from({ length: 3000 }, (_, n) => store.prefixed(Buffer.from(`key-${n}`)));
        const byKey = await database.getMany(store, keys).catch((error: unknown) => error);
        expect(byKey).toBeInstanceOf(StateCorruptedError);
        expect(byKey).toMatchObject({ location: { store: 'entries' }, directory });
        await expect(database.scan(store)[Symbol.asyncIterator]().next()).rejects.toThrow(
          /\d+\.sst has a wrong checksum at offset/,
        );
        await database.close();
      },
    ));

  it('are refused when a log has a wrong bit in the middle: RocksDB would leave out a few writes there', async () => {
    const directory = join(parent, 'long-log');
    const database = await openRocksDbState(directory, [storeFormat('entries')], {
      ...options,
      writeBufferBytes: 4 << 20,
    });
    for (let batch = 0; batch < 100; batch++) await writeBatch(database, seed, batch);
    await database.close();
    const [log] = await files(directory, /\.log$/);
    await flip(join(directory, log!), 300);
    await expectRefusal(/\d+\.log is damaged at offset \d+, and goes on behind that/)(directory);
  });

  it('lose only the last writes when a log has a wrong bit at its end, and their positions with them', () =>
    withCopy(
      async (directory) => {
        const log = join(directory, (await files(directory, /\.log$/)).at(-1)!);
        await flip(log, (await stat(log)).size - 10);
      },
      async (directory) => expect(await prefixOrRefusal(directory)).toBe(BATCHES - 1),
    ));

  it('are refused when the manifest lost its end, so that the logs do not continue the table files any more', async () => {
    const directory = join(parent, 'without-end');
    for (const batch of [0, 1]) {
      // Opening writes what was in the log to a table file, and begins a new log.
      const database = await open(directory);
      await writeBatch(database, seed, batch);
      await database.close();
    }
    const manifest = join(directory, (await files(directory, /^MANIFEST/))[0]!);
    await truncate(manifest, (await stat(manifest)).size - 1);
    await expectRefusal(/write-ahead logs lack writes before \d+\.log/)(directory);
  });

  it('are found by a write soon after RocksDB met them in the background, before writes stop for good', () =>
    withCopy(
      async (directory) => {
        // Behind the first block, whose entries are read when it is opened.
        for (const table of await files(directory, /\.sst$/)) await flip(join(directory, table), 5000);
      },
      async (directory) => {
        const database = await open(directory);
        let batch = BATCHES;
        const writeOn = async (): Promise<void> => {
          for (; batch < BATCHES + 2000; batch++) await writeBatch(database, seed, batch);
        };
        await expect(writeOn()).rejects.toThrow(StateCorruptedError);
        await database.close();
      },
    ));

  it('lose only the last writes when a log is cut short, and their positions with them', () =>
    withCopy(
      async (directory) => {
        const log = join(directory, (await files(directory, /\.log$/)).at(-1)!);
        await truncate(log, Math.floor((await stat(log)).size / 2));
      },
      async (directory) => {
        const prefix = await prefixOrRefusal(directory);
        expect(prefix).toBeGreaterThan(BATCHES - REPLAYED);
        expect(prefix).toBeLessThan(BATCHES);
      },
    ));

  it(`give a prefix of the writes, or are refused, whatever the damage (seed ${seed}, ${DAMAGES} damages)`, async () => {
    const random = seededRandom(seed);
    let refused = 0;
    for (let round = 0; round < DAMAGES; round++) {
      let what = '';
      await withCopy(
        async (directory) => {
          const candidates = await files(directory, /^(CURRENT|MANIFEST.*|.*\.sst|.*\.log)$/);
          const name = candidates[Math.floor(random() * candidates.length)]!;
          const path = join(directory, name);
          const { size } = await stat(path);
          const offset = Math.floor(random() * size);
          const kind = ['flip', 'zero', 'truncate', 'delete'][Math.floor(random() * 4)]!;
          what = `seed ${seed}, round ${round}: ${kind} ${name} at ${offset}`;
          if (kind === 'delete') return rm(path);
          if (kind === 'truncate') return truncate(path, offset);
          if (kind === 'flip') return size === 0 ? undefined : flip(path, offset);
          const bytes = await readFile(path);
          return writeFile(path, bytes.fill(0, offset, Math.min(offset + 512, size)));
        },
        async (directory) => {
          const result = await prefixOrRefusal(directory).catch((error: unknown) => {
            throw new Error(what, { cause: error });
          });
          if (typeof result !== 'number') refused++;
        },
      );
    }
    expect(refused).toBeGreaterThan(DAMAGES / 4);
  }, 120_000);
});
