import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FORMAT_KEY } from '../../src/state/rocksdb-layout';
import { binding } from '../../src/state/rocksdb-binding';
import { readRocksDbPositions } from '../../src/state/rocksdb-positions';
import { openRocksDbState } from '../../src/state/rocksdb-state';
import { StateFormatError, StateIncompatibleError } from '../../src/state/state-database-errors';
import { StateDirectoryError, StateDirectoryLockedError } from '../../src/state/state-directory-errors';
import { foldedEntries, readBothWays, writeBatch } from './batches';
import { rocksDbOptions, storeFormat } from './state-fixtures';

let directory: string;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'millrace-rocksdb-')), 'db');
});
afterEach(() => rm(join(directory, '..'), { recursive: true }));

const open = (...stores: Parameters<typeof openRocksDbState>[1]) => openRocksDbState(directory, stores, rocksDbOptions);

describe('RocksDB state', () => {
  it('is there again after it was closed, positions included', async () => {
    const before = await open(storeFormat('entries'));
    for (let batch = 0; batch < 50; batch++) await writeBatch(before, 1, batch);
    await before.close();
    const after = await open(storeFormat('entries'));
    expect(after.isNew).toBe(false);
    expect(after.inputOffset('input', 0)).toBe(50);
    expect(after.changelogPosition('entries')).toBe(100);
    expect(await readBothWays(after)).toEqual([foldedEntries(1, 50), foldedEntries(1, 50)]);
    await after.close();
  });

  it('is not new once it was opened, even when nothing was written', async () => {
    await (await open(storeFormat('entries'))).close();
    const again = await open(storeFormat('entries'));
    expect(again.isNew).toBe(false);
    await again.close();
  });

  it('goes on from the positions that it has: a write keeps those that it does not set', async () => {
    const first = await open(storeFormat('a'), storeFormat('b'));
    const one = first.write();
    one.setInputOffset('x', 0, 1);
    one.setInputOffset('x', 1, 2);
    one.setChangelogPosition('a', 3);
    await one.commit();
    await first.close();
    const second = await open(storeFormat('a'), storeFormat('b'));
    const two = second.write();
    two.setInputOffset('x', 1, 20);
    two.setChangelogPosition('b', 4_000_000_000_000);
    await two.commit();
    await second.close();
    const third = await open(storeFormat('a'), storeFormat('b'));
    expect([third.inputOffset('x', 0), third.inputOffset('x', 1)]).toEqual([1, 20]);
    expect([third.changelogPosition('a'), third.changelogPosition('b')]).toEqual([3, 4_000_000_000_000]);
    await third.close();
    expect((await readRocksDbPositions(directory))?.changelogSum()).toBe(4_000_000_000_003);
  });

  it('gives a store that is added its own place, and keeps that of one that is gone until it comes back', async () => {
    const put = async (name: string, database: Awaited<ReturnType<typeof open>>): Promise<void> => {
      const store = database.store(name);
      const write = database.write();
      write.put(store, store.prefixed(Buffer.from('key')), Buffer.from(name));
      await write.commit();
    };
    const get = async (name: string, database: Awaited<ReturnType<typeof open>>): Promise<string | undefined> => {
      const store = database.store(name);
      return (await database.getMany(store, [store.prefixed(Buffer.from('key'))]))[0]?.toString();
    };
    const first = await open(storeFormat('a'));
    await put('a', first);
    await first.close();
    const second = await open(storeFormat('b'));
    expect(await get('b', second)).toBeUndefined();
    await put('b', second);
    await second.close();
    const third = await open(storeFormat('c'), storeFormat('b'), storeFormat('a'));
    expect([await get('a', third), await get('b', third), await get('c', third)]).toEqual(['a', 'b', undefined]);
    await third.close();
  });

  it.each([
    ['kind', storeFormat('entries', { kind: 'timestamped-key-value' }), 'timestamped-key-value', 'key-value'],
    ['key serde', storeFormat('entries', { keySerde: { name: 'json' } }), 'json', 'string'],
    ['value serde', storeFormat('entries', { valueSerde: { name: 'json' } }), 'json', 'bytes'],
  ])('refuses a store whose %s changed', async (property, changed, expected, found) => {
    await (await open(storeFormat('entries'))).close();
    const failure = await open(changed).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StateIncompatibleError);
    expect(failure).toMatchObject({ code: 'STATE_INCOMPATIBLE', store: 'entries', property, expected, found });
    expect((failure as Error).message).toContain('give the changed store a new name');
    // And it was left as it was, and not left open.
    await (await open(storeFormat('entries'))).close();
  });

  it('refuses the format of a newer version, and does not touch it', async () => {
    await (await open(storeFormat('entries'))).close();
    await overwrite(directory, FORMAT_KEY, Buffer.from('{"version":2,"unheardOf":true}'));
    for (const attempt of [() => open(storeFormat('entries')), () => readRocksDbPositions(directory)]) {
      const failure = await attempt().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StateFormatError);
      expect(failure).toMatchObject({ code: 'STATE_FORMAT_UNSUPPORTED', found: 2, supported: 1, directory });
    }
  });

  it('cannot be opened twice', async () => {
    const database = await open(storeFormat('entries'));
    await expect(open(storeFormat('entries'))).rejects.toThrow(StateDirectoryLockedError);
    await writeBatch(database, 1, 0);
    await database.close();
    await (await open(storeFormat('entries'))).close();
  });

  it('has no positions where there is no database', async () => {
    await mkdir(directory);
    expect(await readRocksDbPositions(directory)).toBeUndefined();
    expect(await readdir(directory)).toEqual([]);
  });

  it('says so when its directory cannot be made', async () => {
    await writeFile(directory, 'a file');
    await expect(open(storeFormat('entries'))).rejects.toThrow(StateDirectoryError);
  });
});

async function overwrite(path: string, key: Buffer, value: Buffer): Promise<void> {
  const database = binding.db_init();
  const settled = (start: (callback: (error: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
  const options = {
    createIfMissing: false,
    errorIfExists: false,
    readOnly: false,
    compression: false,
    cacheSize: 1 << 20,
  };
  await settled((done) =>
    binding.db_open(database, path, { ...options, writeBufferSize: 1 << 20, blockSize: 4096, maxOpenFiles: 16 }, done),
  );
  const batch = binding.batch_init(database);
  binding.batch_put(batch, key, value);
  await settled((done) => binding.batch_write(batch, { sync: false }, done));
  await settled((done) => binding.db_close(database, done));
}
