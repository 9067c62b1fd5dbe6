import { appendFile, copyFile, mkdir, mkdtemp, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binding, type NativeHandle } from '../../src/state/rocksdb-binding';
import { readCurrent } from '../../src/state/rocksdb-files';
import { readManifest } from '../../src/state/rocksdb-manifest';
import { closeNative, openNative } from '../../src/state/rocksdb-native';
import { RocksDbSnapshots, type SnapshotStep } from '../../src/state/rocksdb-snapshot';
import { openRocksDbState, type RocksDbOptions } from '../../src/state/rocksdb-state';
import type { StateDatabase } from '../../src/state/state-database';
import { StateCorruptedError, StateSnapshotError } from '../../src/state/state-database-errors';
import { changesOf, readBothWays, writeBatch } from './batches';
import { copySnapshot } from './copy-snapshot';
import { seededRandom } from './seeded-random';
import { storeFormat } from './state-fixtures';

const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 1e6));
const ROUNDS = Number(process.env['MILLRACE_TEST_SNAPSHOTS'] ?? 60);
/** So small that nearly every write makes a table file, and a few of them a compaction. */
const options: RocksDbOptions = { blockCacheBytes: 1 << 20, writeBufferBytes: 1 << 16, maxOpenFiles: 64 };

let parent: string;
let directory: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'millrace-snapshot-'));
  directory = join(parent, 'db');
});
afterEach(() => rm(parent, { recursive: true }));

const open = (path: string): Promise<StateDatabase> => openRocksDbState(path, [storeFormat('entries')], options);

async function expectState(path: string, model: ReadonlyMap<string, string>, batches: number): Promise<void> {
  const database = await open(path);
  try {
    expect(database.inputOffset('input', 0)).toBe(batches);
    expect(database.changelogPosition('entries')).toBe(batches * 2);
    const [scanned, got] = await readBothWays(database);
    expect(scanned).toEqual(model);
    expect(got).toEqual(model);
  } finally {
    await database.close();
  }
}

describe('a snapshot of a database', () => {
  it(
    `holds exactly the writes before it, while files are flushed and compacted and writes go on behind it (seed ${seed}, ${ROUNDS} rounds)`,
    async () => {
      const random = seededRandom(seed);
      const database = await open(directory);
      const model = new Map<string, string>();
      const tableNames = new Set<string>();
      let batch = 0;
      const write = async (count: number): Promise<void> => {
        for (let index = 0; index < count; index++) {
          for (const [key, value] of changesOf(seed, batch)) {
            if (value === undefined) model.delete(key);
            else model.set(key, value);
          }
          await writeBatch(database, seed, batch++);
        }
      };
      await write(20);
      for (let round = 0; round < ROUNDS; round++) {
        await write(1 + Math.floor(random() * 25));
        const [expected, batches] = [new Map(model), batch];
        const snapshot = await database.snapshot(join(parent, 'snapshots', String(round)));
        // Its files are used only when the database has gone on, as an upload does.
        await write(Math.floor(random() * 10));
        for (const { name } of await snapshot.files()) if (name.endsWith('.sst')) tableNames.add(name);
        const copy = join(parent, 'copy');
        await copySnapshot(snapshot, copy);
        await expectState(copy, expected, batches);
        await rm(copy, { recursive: true });
        await snapshot.release();
        await snapshot.release();
      }
      expect(await readdir(join(parent, 'snapshots'))).toEqual([]);
      // Else nothing was compacted, and the test shows nothing.
      const left = (await readdir(directory)).filter((name) => name.endsWith('.sst'));
      expect(tableNames.size).toBeGreaterThan(left.length + 5);
      await database.close();
      await expectState(directory, model, batch);
    },
    ROUNDS * 5000,
  );

  it('waits for writes that were committed before it; later ones, and closing, wait for it', async () => {
    const database = await open(directory);
    const earlier = [];
    for (let batch = 0; batch < 30; batch++) earlier.push(writeBatch(database, seed, batch));
    const cut = database.snapshot(join(parent, 'snapshot'));
    const later = writeBatch(database, seed, 30);
    const snapshot = await cut;
    await Promise.all([...earlier, later]);
    await copySnapshot(snapshot, join(parent, 'copy'));
    const second = database.snapshot(join(parent, 'second'));
    await database.close();
    await copySnapshot(await second, join(parent, 'second-copy'));
    const read = async (path: string): Promise<number | undefined> => {
      const copy = await open(path);
      const offset = copy.inputOffset('input', 0);
      await copy.close();
      return offset;
    };
    expect(await read(join(parent, 'copy'))).toBe(30);
    expect(await read(join(parent, 'second-copy'))).toBe(31);
  });

  it('is of a database that was just made, and of one that was opened again', async () => {
    const database = await open(directory);
    await copySnapshot(await database.snapshot(join(parent, 'new')), join(parent, 'new-copy'));
    await database.close();
    const copied = await open(join(parent, 'new-copy'));
    expect(await readBothWays(copied)).toEqual([new Map(), new Map()]);
    await copied.close();
    const again = await open(directory);
    await copySnapshot(await again.snapshot(join(parent, 'again')), join(parent, 'again-copy'));
    await again.close();
    await (await open(join(parent, 'again-copy'))).close();
  });

  it('leaves no files when it fails, and the database goes on', async () => {
    const database = await open(directory);
    await writeBatch(database, seed, 0);
    const target = join(parent, 'snapshot');
    await mkdir(join(target, (await readCurrent(directory)) + '/in-the-way'), { recursive: true });
    await expect(database.snapshot(target)).rejects.toMatchObject({ code: 'STATE_DIRECTORY_UNUSABLE' });
    await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' });
    await writeBatch(database, seed, 1);
    await (await database.snapshot(target)).release();
    await database.close();
  });
});

describe('a copy that RocksDB changes under the hand', () => {
  const steps: readonly SnapshotStep[] = ['logs listed', 'manifest read', 'files linked'];
  let native: NativeHandle;
  let target: string;

  beforeEach(async () => {
    const database = await open(directory);
    for (let batch = 0; batch < 80; batch++) await writeBatch(database, seed, batch);
    await database.close();
    native = await openNative(directory, {
      createIfMissing: false,
      errorIfExists: false,
      readOnly: false,
      cacheSize: options.blockCacheBytes,
      writeBufferSize: options.writeBufferBytes,
      maxOpenFiles: options.maxOpenFiles,
    });
    target = join(parent, 'snapshot');
    await mkdir(target);
  });
  afterEach(() => closeNative(directory, native));

  const put = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const batch = binding.batch_init(native);
      binding.batch_put(batch, Buffer.from([0, 9, 1]), Buffer.from('x'));
      binding.batch_write(batch, { sync: false }, (error) => (error ? reject(error) : resolve()));
    });
  /** Flushes what is in memory and merges all table files into new ones; the old ones are deleted. */
  const compact = (): Promise<void> =>
    new Promise((resolve, reject) => {
      binding.db_compact_range(native, Buffer.from([0]), Buffer.from([255]), (error) =>
        error ? reject(error) : resolve(),
      );
    });

  it.each(steps)('is begun again when all files are replaced after this: %s', async (step) => {
    await put();
    let attempts = 0;
    const tables = async (path: string): Promise<string[]> =>
      (await readdir(path)).filter((name) => name.endsWith('.sst')).sort();
    const before = await tables(directory);
    const files = await new RocksDbSnapshots(directory, async (reached) => {
      if (reached === 'files linked') attempts++;
      if (reached === step && attempts < 2) await compact();
    }).cut(target);
    // What changed before the manifest was read is no tear.
    if (step !== 'logs listed') expect(attempts).toBeGreaterThan(1);
    const now = await tables(directory);
    expect(now).not.toEqual(before);
    expect(await tables(target)).toEqual(now);
    expect((await readdir(target)).sort()).toEqual(files.map(({ name }) => name).sort());
    await copySnapshot(
      { directory: target, files: async () => files, release: async () => undefined },
      join(parent, 'copy'),
    );
    const copy = await open(join(parent, 'copy'));
    expect(copy.inputOffset('input', 0)).toBe(80);
    const original = await readBothWays(copy);
    await copy.close();
    expect(original[0]).toEqual(original[1]);
    expect(original[0].size).toBeGreaterThan(100);
  });

  it.each(steps.slice(1))('is given up when that happens again and again after this: %s', async (step) => {
    const cut = new RocksDbSnapshots(directory, async (reached) => {
      if (reached !== step) return;
      await put();
      await compact();
    }).cut(target);
    await expect(cut).rejects.toThrow(StateSnapshotError);
    await expect(cut).rejects.toMatchObject({ code: 'STATE_SNAPSHOT_TORN', attempts: 20, directory });
  });

  it('is given up when the manifest only grows', async () => {
    const manifest = join(directory, await readCurrent(directory));
    const cut = new RocksDbSnapshots(directory, async (reached) => {
      if (reached === 'files linked') await appendFile(manifest, Buffer.alloc(1));
    }).cut(target);
    await expect(cut).rejects.toThrow(StateSnapshotError);
  });

  it('is not begun again when the manifest is missing: that is damage', async () => {
    const manifest = await readCurrent(directory);
    let attempts = 0;
    const cut = new RocksDbSnapshots(directory, async (reached) => {
      if (reached === 'logs listed' && attempts++ === 0)
        await rename(join(directory, manifest), join(parent, manifest));
    }).cut(target);
    await expect(cut).rejects.toThrow(StateCorruptedError);
    await expect(cut).rejects.toThrow(`${manifest} is missing`);
    await rename(join(parent, manifest), join(directory, manifest));
    expect(attempts).toBe(1);
  });

  it('goes on with another manifest when RocksDB begins one', async () => {
    // Nothing is left to be compacted in the background: RocksDB goes on with the old one.
    await compact();
    const [old, other] = [await readCurrent(directory), 'MANIFEST-900000'];
    const files = await new RocksDbSnapshots(directory, async (reached) => {
      if (reached !== 'manifest read' || (await readCurrent(directory)) === other) return;
      // As RocksDB does.
      await copyFile(join(directory, old), join(directory, other));
      await writeFile(join(directory, 'next'), `${other}\n`);
      await rename(join(directory, 'next'), join(directory, 'CURRENT'));
    }).cut(target);
    expect(files.map(({ name }) => name)).toContain(other);
    expect(await readCurrent(target)).toBe(other);
    expect((await readdir(target)).sort()).toEqual(files.map(({ name }) => name).sort());
  });

  it.each([
    ['is missing', (path: string) => rm(path)],
    ['has 1000 bytes instead of', (path: string) => truncate(path, 1000)],
  ])('is not begun again when a table file %s: that is damage', async (message, damage) => {
    // Nothing is left to be compacted in the background.
    await compact();
    const table = (await readManifest(directory, await readCurrent(directory))).tables[0]!.name;
    let attempts = 0;
    const cut = new RocksDbSnapshots(directory, async (reached) => {
      if (reached === 'logs listed' && attempts++ === 0) await damage(join(directory, table));
    }).cut(target);
    await expect(cut).rejects.toThrow(StateCorruptedError);
    await expect(cut).rejects.toThrow(`${table} ${message}`);
    expect(attempts).toBe(1);
  });
});
