import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRocksDbState } from '../../src/state/rocksdb-state';
import type { StateDatabase } from '../../src/state/state-database';
import { StateDirectory } from '../../src/state/state-directory';
import { StateDirectoryError } from '../../src/state/state-directory-errors';
import { rocksDbOptions, storeFormat } from './state-fixtures';

const mountPoint = mkdtempSync(join(tmpdir(), 'millrace-disk-'));
const mounted = mount('-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', mountPoint);
const directory = join(mountPoint, 'db');

function mount(...options: string[]): boolean {
  try {
    execFileSync('mount', options, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const valueOf = (batch: number): Buffer => Buffer.alloc(20_000 + batch, batch);

/** Writes one entry that takes its space for good. */
async function writeNext(database: StateDatabase, batch: number): Promise<void> {
  const store = database.store('entries');
  const key = Buffer.alloc(4);
  key.writeUInt32BE(batch);
  const write = database.write();
  write.put(store, store.prefixed(key), valueOf(batch));
  write.setInputOffset('input', 0, batch + 1);
  return write.commit();
}

afterAll(() => {
  if (mounted) execFileSync('umount', [mountPoint]);
  rmSync(mountPoint, { recursive: true });
});

// Needs the right to mount a small file system; elsewhere these are reported as skipped.
(mounted ? describe : describe.skip)('a disk that cannot be written', () => {
  it('when full: the write fails, all later ones too, and what is there is a prefix that goes on once there is room', async () => {
    const database = await openRocksDbState(directory, [storeFormat('entries')], rocksDbOptions);
    let batch = 0;
    let failure: unknown;
    while (failure === undefined) {
      try {
        await writeNext(database, batch);
        batch++;
      } catch (error) {
        failure = error;
      }
    }
    expect(failure).toBeInstanceOf(StateDirectoryError);
    expect((failure as Error).message).toMatch(/No space left on device|could not write its files in the background/);
    expect((failure as Error).message).toContain(directory);
    await expect(writeNext(database, batch)).rejects.toBe(failure);
    // A write that RocksDB has stalled ends, and lets the database be closed, when there is room again.
    mount('-o', 'remount,size=64m', mountPoint);
    await database.close();

    const again = await openRocksDbState(directory, [storeFormat('entries')], rocksDbOptions);
    const prefix = again.inputOffset('input', 0)!;
    // The write that was told of a failure in the background is in the log all the same.
    expect(prefix).toBeGreaterThanOrEqual(batch);
    expect(prefix).toBeLessThanOrEqual(batch + 1);
    let entries = 0;
    for await (const [key, value] of again.scan(again.store('entries'))) {
      expect(key.readUInt32BE(key.length - 4)).toBe(entries);
      expect(value.equals(valueOf(entries))).toBe(true);
      entries++;
    }
    expect(entries).toBe(prefix);
    await writeNext(again, prefix);
    await again.close();
  });

  it('when read-only: opening fails, and says why', async () => {
    mount('-o', 'remount,ro', mountPoint);
    for (const attempt of [
      () => openRocksDbState(directory, [storeFormat('entries')], rocksDbOptions),
      () => openRocksDbState(join(mountPoint, 'new'), [storeFormat('entries')], rocksDbOptions),
      () => StateDirectory.open(mountPoint, 'app'),
    ]) {
      const failure = await attempt().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StateDirectoryError);
      expect((failure as Error).message).toMatch(/read-only file system/i);
    }
  });
});
