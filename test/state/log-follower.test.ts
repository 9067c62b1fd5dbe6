import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCurrent } from '../../src/state/rocksdb-files';
import { LogFollower } from '../../src/state/rocksdb-log';
import { ManifestFollower, readManifest } from '../../src/state/rocksdb-manifest';
import { openRocksDbState } from '../../src/state/rocksdb-state';
import { logsFrom } from '../../src/state/rocksdb-wal';
import { StateCorruptedError } from '../../src/state/state-database-errors';
import { writeBatch } from './batches';
import { seededRandom } from './seeded-random';
import { storeFormat } from './state-fixtures';

const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 1e6));

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-log-'));
});
afterEach(() => rm(directory, { recursive: true }));

const open = (writeBufferBytes: number) =>
  openRocksDbState(directory, [storeFormat('entries')], {
    blockCacheBytes: 1 << 20,
    writeBufferBytes,
    maxOpenFiles: 64,
  });

/** A log with a record for each write, among them some longer than a block. */
async function log(): Promise<Buffer> {
  const database = await open(8 << 20);
  for (let batch = 0; batch < 200; batch++) await writeBatch(database, seed, batch);
  await database.close();
  const [name] = await logsFrom(directory, 0);
  return readFile(join(directory, name!));
}

describe('following a log', () => {
  it(`gives each record once, whole, wherever the log ends at the time (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const bytes = await log();
    expect(bytes.length).toBeGreaterThan(4 * 32768);
    const name = 'followed';
    const path = join(directory, name);
    const expected: string[] = [];
    await writeFile(path, bytes);
    const total = await new LogFollower(directory, name, 1 << 30, (record) =>
      expected.push(record.toString('hex')),
    ).advance();
    expect(total).toBe(bytes.length);
    expect(expected.length).toBeGreaterThan(200);

    await writeFile(path, '');
    const found: string[] = [];
    const follower = new LogFollower(directory, name, 1 << 30, (record) => found.push(record.toString('hex')));
    let end = 0;
    for (let written = 0; written < bytes.length;) {
      const next = Math.min(bytes.length, written + 1 + Math.floor(random() * (random() < 0.5 ? 50 : 40_000)));
      await appendFile(path, bytes.subarray(written, next));
      written = next;
      const reached = random() < 0.5 ? follower.advanceNow() : await follower.advance();
      expect(reached).toBeGreaterThanOrEqual(end);
      expect(reached).toBeLessThanOrEqual(written);
      end = reached;
    }
    expect(end).toBe(bytes.length);
    expect(found).toEqual(expected);
  });

  it('refuses what follows damage, whether it was there at the first look or came later', async () => {
    const bytes = await log();
    const path = join(directory, 'followed');
    bytes[bytes.length >>> 1]! ^= 1;
    const cut = (bytes.length >>> 1) + 10;
    await writeFile(path, bytes.subarray(0, cut));
    const follower = new LogFollower(directory, 'followed', 12, () => undefined);
    const end = await follower.advance();
    expect(end).toBeLessThan(cut);
    await appendFile(path, bytes.subarray(cut));
    await expect(follower.advance()).rejects.toThrow(StateCorruptedError);
    await expect(new LogFollower(directory, 'followed', 12, () => undefined).advance()).rejects.toThrow(
      StateCorruptedError,
    );
  });
});

it('following a manifest that RocksDB writes to gives what reading it from its beginning does', async () => {
  const database = await open(1 << 16);
  const name = await readCurrent(directory);
  const follower = new ManifestFollower(directory, name);
  for (let batch = 0; batch < 150; batch++) {
    await writeBatch(database, seed, batch);
    if (batch % 3 === 0) await follower.advance();
    if (batch % 5 === 0) follower.advanceNow();
  }
  await database.close();
  const followed = await follower.advance();
  expect(followed).toEqual(await readManifest(directory, name));
  expect(followed.tables.length).toBeGreaterThan(0);
});
