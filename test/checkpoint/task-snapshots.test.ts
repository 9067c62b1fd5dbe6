import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SnapshotFile } from '../../src/checkpoint/checkpoint-metadata';
import { EncryptedSnapshotStore } from '../../src/checkpoint/encrypted-snapshot-store';
import { SnapshotDamagedError, SnapshotMissingError, SnapshotStoreError } from '../../src/checkpoint/errors';
import { KnownContents } from '../../src/checkpoint/known-contents';
import { numberOfFile } from '../../src/checkpoint/object-names';
import { SnapshotKeys } from '../../src/checkpoint/snapshot-keys';
import type { SnapshotStore } from '../../src/checkpoint/snapshot-store';
import { downloadTaskSnapshot, verifyTaskSnapshot } from '../../src/checkpoint/task-download';
import { uploadTaskSnapshot, type UploadedTask } from '../../src/checkpoint/task-upload';
import { openRocksDbState } from '../../src/state/rocksdb-state';
import type { DatabaseSnapshot } from '../../src/state/database-snapshot';
import type { StateDatabase } from '../../src/state/state-database';
import { StateCorruptedError } from '../../src/state/state-database-errors';
import { StateDirectoryError } from '../../src/state/state-directory-errors';
import { foldedEntries, readBothWays, writeBatch } from '../state/batches';
import { seededRandom } from '../state/seeded-random';
import { storeFormat } from '../state/state-fixtures';
import { TestSnapshotStore } from './test-snapshot-store';

const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 1e6));
const options = { blockCacheBytes: 1 << 20, writeBufferBytes: 1 << 16, maxOpenFiles: 64 };
const open = (path: string): Promise<StateDatabase> => openRocksDbState(path, [storeFormat('entries')], options);

let parent: string;
let store: TestSnapshotStore;
let made = 0;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'millrace-transfer-'));
  store = new TestSnapshotStore();
});
afterEach(() => rm(parent, { recursive: true }));

const newPath = (): string => join(parent, `path-${made++}`);

async function writeBatches(database: StateDatabase, from: number, to: number): Promise<void> {
  for (let batch = from; batch < to; batch++) await writeBatch(database, seed, batch);
}

function upload(
  snapshot: DatabaseSnapshot,
  number: number,
  shared: readonly SnapshotFile[] = [],
  more: { known?: KnownContents; signal?: AbortSignal; concurrency?: number } = {},
): Promise<UploadedTask> {
  return uploadTaskSnapshot({ store, applicationId: 'app', number, task: '0_1', snapshot, shared, ...more });
}

/** A snapshot of files that no database made. */
async function snapshotOf(files: Record<string, Buffer>): Promise<DatabaseSnapshot> {
  const directory = newPath();
  await mkdir(directory);
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(directory, name), bytes);
  return {
    directory,
    files: async () => Object.entries(files).map(([name, { length }]) => ({ name, sizeInBytes: length })),
    release: () => rm(directory, { recursive: true }),
  };
}

/** A sound table file, and how to make another of the same size: each key and value has the same length. */
async function tableFile(fill: number): Promise<{ name: string; bytes: Buffer }> {
  const path = newPath();
  const database = await open(path);
  const entries = database.store('entries');
  for (let batch = 0; batch < 5; batch++) {
    const write = database.write();
    for (let key = 0; key < 30; key++)
      write.put(entries, entries.prefixed(Buffer.from(`${batch}-${100 + key}`)), Buffer.alloc(1000, fill + key));
    await write.commit();
  }
  await database.close();
  // What the log has becomes a table.
  await (await open(path)).close();
  const name = (await readdir(path)).filter((file) => file.endsWith('.sst')).sort()[0]!;
  return { name, bytes: await readFile(join(path, name)) };
}

describe('uploading and downloading the snapshot of a task', () => {
  it(`gives back the state of each checkpoint, sending only files that are new (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const database = await open(newPath());
    const known = new KnownContents();
    let shared: readonly SnapshotFile[] = [];
    let batches = 0;
    let reused = 0;
    for (let number = 1; number <= 12; number++) {
      const more = Math.floor(random() * 40);
      await writeBatches(database, batches, batches + more);
      batches += more;
      const snapshot = await database.snapshot(newPath());
      await writeBatches(database, batches, batches + 3);
      const before = new Set(store.objects.keys());
      const { files, uploadedBytes } = await upload(snapshot, number, shared, { known });
      await snapshot.release();
      const fresh = files.filter(({ object }) => !before.has(object));
      expect(uploadedBytes).toBe(fresh.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0));
      for (const { object } of fresh) expect(numberOfFile('app', object)).toBe(number);
      // Not one table that the last checkpoint has was sent again.
      for (const { name } of fresh.filter((file) => file.name.endsWith('.sst')))
        expect(shared.map((file) => file.name)).not.toContain(name);
      reused += files.length - fresh.length;

      const target = newPath();
      await mkdir(target);
      let progress = 0;
      await downloadTaskSnapshot(store, files, target, { onProgress: (bytes) => (progress += bytes) });
      expect(progress).toBe(files.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0));
      for (const { name, sizeInBytes, sha256 } of files) {
        const bytes = await readFile(join(target, name));
        expect(bytes.length).toBe(sizeInBytes);
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
        expect((await stat(join(target, name))).mode & 0o777).toBe(0o600);
      }
      const copy = await open(target);
      expect(copy.inputOffset('input', 0) ?? 0).toBe(batches);
      const expected = foldedEntries(seed, batches);
      expect(await readBothWays(copy)).toEqual([expected, expected]);
      await copy.close();
      shared = files;
      batches += 3;
    }
    expect(reused).toBeGreaterThan(12);
    await database.close();
  });

  it('handles a few files at a time', async () => {
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`file-${n}`, Buffer.alloc(n * 1000, n)]));
    const uploaded = await upload(await snapshotOf(files), 1, [], { concurrency: 3 });
    expect(store.mostUnderWay).toBe(3);
    expect(uploaded.files.map(({ name }) => name)).toEqual(Object.keys(files));
    store.mostUnderWay = 0;
    await verifyTaskSnapshot(store, uploaded.files);
    expect(store.mostUnderWay).toBe(4);
  });

  it('sends only what belongs to the snapshot of files that grew since', async () => {
    const snapshot = await snapshotOf({ 'MANIFEST-000005': Buffer.from('manifest'), '000007.log': Buffer.alloc(0) });
    await appendFile(join(snapshot.directory, 'MANIFEST-000005'), 'and more');
    await appendFile(join(snapshot.directory, '000007.log'), 'writes after the cut');
    const { files, uploadedBytes } = await upload(snapshot, 1);
    expect(uploadedBytes).toBe(8);
    expect([...store.objects.values()].map(String).sort()).toEqual(['', 'manifest']);
    // The next checkpoint has the same of them.
    expect(await upload(snapshot, 2, files)).toEqual({ files, uploadedBytes: 0 });
  });
});

describe('a table file whose number was used before, by a database that was wiped', () => {
  it('is sent although name and size are those of one in the last checkpoint', async () => {
    const [one, other] = [await tableFile(1), await tableFile(2)];
    expect(other.name).toBe(one.name);
    expect(other.bytes.length).toBe(one.bytes.length);
    expect(other.bytes.equals(one.bytes)).toBe(false);
    const known = new KnownContents();
    const first = await upload(await snapshotOf({ [one.name]: one.bytes }), 1, [], { known });
    const second = await upload(await snapshotOf({ [one.name]: other.bytes }), 2, first.files, { known });
    expect(second.uploadedBytes).toBe(other.bytes.length);
    expect(store.objects.get(second.files[0]!.object)!.equals(other.bytes)).toBe(true);
  });

  it('is told apart even when it took the place of the other at the same times', async () => {
    const [one, other] = [await tableFile(1), await tableFile(2)];
    const known = new KnownContents();
    const snapshot = await snapshotOf({ [one.name]: one.bytes });
    const first = await upload(snapshot, 1, [], { known });
    const path = join(snapshot.directory, one.name);
    const { atime, mtime } = await stat(path);
    await rm(path);
    await writeFile(path, other.bytes);
    await utimes(path, atime, mtime);
    const second = await upload(snapshot, 2, first.files, { known });
    expect(second.uploadedBytes).toBe(other.bytes.length);
  });

  it('is not sent again when another process asks, which must read it first', async () => {
    const { name, bytes } = await tableFile(1);
    const first = await upload(await snapshotOf({ [name]: bytes }), 1);
    expect(await upload(await snapshotOf({ [name]: bytes }), 2, first.files)).toEqual({
      files: first.files,
      uploadedBytes: 0,
    });
  });

  it('and one that was read before is not read again', async () => {
    const { name, bytes } = await tableFile(1);
    const snapshot = await snapshotOf({ [name]: bytes });
    const known = new KnownContents();
    const first = await upload(snapshot, 1, [], { known });
    const path = join(snapshot.directory, name);
    const stats = await stat(path, { bigint: true });
    expect(known.get(stats)).toBe(first.files[0]!.sha256);
    await upload(await snapshotOf({}), 2, [], { known });
    expect(known.get(stats)).toBeUndefined();
  });
});

describe('a key that is not the current one any more', () => {
  const keyOf = (id: string): string => `${id}:${id.repeat(64)}`;
  const encrypted = (...ids: readonly string[]): SnapshotStore =>
    new EncryptedSnapshotStore(store, SnapshotKeys.parse(ids.map(keyOf).join()));
  const uploadTo = (to: SnapshotStore, number: number, snapshot: DatabaseSnapshot, shared: readonly SnapshotFile[]) =>
    uploadTaskSnapshot({ store: to, applicationId: 'app', number, task: '0_1', snapshot, shared });

  it('is needed by no file of the next checkpoint, whether it is configured still or was removed already', async () => {
    const { name, bytes } = await tableFile(1);
    const snapshot = await snapshotOf({ [name]: bytes, CURRENT: Buffer.from('MANIFEST-000005\n') });
    const size = bytes.length + 16;
    const old = await uploadTo(encrypted('a'), 1, snapshot, []);
    expect(old.files.map(({ keyId }) => keyId)).toEqual(['a', 'a']);
    for (const rotated of [encrypted('b', 'a'), encrypted('b')]) {
      const next = await uploadTo(rotated, 2, snapshot, old.files);
      expect(next.uploadedBytes).toBe(size);
      expect(next.files.map(({ keyId }) => keyId)).toEqual(['b', 'b']);
      await verifyTaskSnapshot(encrypted('b'), next.files);
      // From then on files are shared as ever.
      expect(await uploadTo(rotated, 3, snapshot, next.files)).toEqual({ files: next.files, uploadedBytes: 0 });
    }
    await expect(verifyTaskSnapshot(encrypted('b'), old.files)).rejects.toThrow('encrypted with the key "a"');
  });

  it('and no key at all: files with and without encryption are not shared with each other', async () => {
    const snapshot = await snapshotOf({ CURRENT: Buffer.from('MANIFEST-000005\n') });
    const plain = await uploadTo(store, 1, snapshot, []);
    const sealed = await uploadTo(encrypted('a'), 2, snapshot, plain.files);
    expect(sealed.uploadedBytes).toBe(16);
    expect((await uploadTo(store, 3, snapshot, sealed.files)).uploadedBytes).toBe(16);
  });
});

describe('an upload that fails', () => {
  it('names the damage of a table file instead of sending it', async () => {
    const { name, bytes } = await tableFile(1);
    bytes[3000]! ^= 1;
    const snapshot = await snapshotOf({ [name]: bytes });
    const failed = upload(snapshot, 1);
    await expect(failed).rejects.toThrow(StateCorruptedError);
    await expect(failed).rejects.toThrow(`${name} has a wrong checksum`);
    expect(store.objects.size).toBe(0);
  });

  it('says so when a file is shorter than the snapshot, or gone, and does not blame the store', async () => {
    const snapshot = await snapshotOf({ '000007.log': Buffer.alloc(5000) });
    await truncate(join(snapshot.directory, '000007.log'), 4000);
    await expect(upload(snapshot, 1)).rejects.toThrow('the file 000007.log has 4000 bytes instead of 5000');
    await expect(upload(snapshot, 1)).rejects.toThrow(StateCorruptedError);
    await rm(join(snapshot.directory, '000007.log'));
    await expect(upload(snapshot, 1)).rejects.toThrow(StateDirectoryError);
    expect(store.objects.size).toBe(0);
  });

  it('ends with the first failure of the store, when all that was under way has ended', async () => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`file-${n}`, Buffer.alloc(1_000_000, n)]));
    const failure = new Error('the disk of the store is full');
    let pieces = 0;
    store.onPiece = () => {
      if (++pieces === 6) throw failure;
    };
    const failed = upload(await snapshotOf(files), 1);
    await expect(failed).rejects.toThrow(SnapshotStoreError);
    await expect(failed).rejects.toMatchObject({ cause: failure });
    expect(store.underWay).toBe(0);
    expect(store.objects.size).toBeLessThan(4);
  });

  it('ends when it is aborted, before it or in the middle, and so does a download', async () => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`file-${n}`, Buffer.alloc(1_000_000, n)]));
    const snapshot = await snapshotOf(files);
    const before = AbortSignal.abort(new Error('stopped'));
    await expect(upload(snapshot, 1, [], { signal: before })).rejects.toThrow('stopped');
    expect(store.objects.size).toBe(0);
    const abort = new AbortController();
    let pieces = 0;
    store.onPiece = () => {
      if (++pieces === 10) abort.abort(new Error('stopped'));
    };
    await expect(upload(snapshot, 1, [], { signal: abort.signal })).rejects.toThrow('stopped');
    expect(store.underWay).toBe(0);

    store.onPiece = () => undefined;
    const uploaded = await upload(snapshot, 2);
    const second = new AbortController();
    store.onPiece = () => second.abort(new Error('stopped'));
    const target = newPath();
    await mkdir(target);
    await expect(downloadTaskSnapshot(store, uploaded.files, target, { signal: second.signal })).rejects.toThrow(
      'stopped',
    );
    expect(store.underWay).toBe(0);
  });
});

describe('a store that fails in the middle of downloads', () => {
  const files = { CURRENT: Buffer.from('MANIFEST-000005\n'), '000007.log': Buffer.alloc(200_000, 7) };
  let uploaded: readonly SnapshotFile[];
  let target: string;
  let failures: number;

  beforeEach(async () => {
    uploaded = (await upload(await snapshotOf(files), 1)).files;
    target = newPath();
    await mkdir(target);
    let pieces = 0;
    store.onPiece = (object, piece) => {
      // In the third piece of the log.
      if (piece.length < 50_000 || ++pieces % 3 > 0 || failures === 0) return;
      failures--;
      throw new SnapshotStoreError('test store', object, 'Reading', new Error('socket hang up'));
    };
  });

  it('has the file read again, which then is whole', async () => {
    failures = 2;
    const repeated: string[] = [];
    let progress = 0;
    await downloadTaskSnapshot(store, uploaded, target, {
      onProgress: (bytes) => (progress += bytes),
      onRepeat: ({ name }, { message }) => repeated.push(`${name}: ${message}`),
    });
    for (const [name, bytes] of Object.entries(files)) expect(await readFile(join(target, name))).toEqual(bytes);
    const failure = expect.stringMatching(/^000007.log: Reading .* failed: socket hang up/) as string;
    expect(repeated).toEqual([failure, failure]);
    expect(progress).toBe(200_016);
  });

  it('fails the download when it does not stop failing', async () => {
    failures = 3;
    await expect(downloadTaskSnapshot(store, uploaded, target)).rejects.toThrow('socket hang up');
    expect(failures).toBe(0);
    expect(await readdir(target)).toEqual(['CURRENT']);
  });
});

describe('a snapshot that was damaged in its store', () => {
  async function uploaded(): Promise<readonly SnapshotFile[]> {
    const database = await open(newPath());
    await writeBatches(database, 0, 60);
    const snapshot = await database.snapshot(newPath());
    const { files } = await upload(snapshot, 1);
    await database.close();
    return files;
  }

  async function expectRefusal(files: readonly SnapshotFile[], object: string, damage: RegExp): Promise<void> {
    const target = newPath();
    await mkdir(target);
    for (const attempt of [() => downloadTaskSnapshot(store, files, target), () => verifyTaskSnapshot(store, files)]) {
      const failure = await attempt().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(SnapshotDamagedError);
      expect(failure).toMatchObject({ code: 'SNAPSHOT_DAMAGED', object, store: 'test store' });
      expect((failure as Error).message).toMatch(damage);
    }
  }

  it(`is refused for a wrong bit in any file, a cut one, and one with more (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const files = await uploaded();
    expect(files.length).toBeGreaterThan(3);
    for (const { object, sizeInBytes } of files) {
      const sound = store.objects.get(object)!;
      if (sizeInBytes > 0) {
        const flipped = Buffer.from(sound);
        flipped[Math.floor(random() * flipped.length)]! ^= 1 << Math.floor(random() * 8);
        store.objects.set(object, flipped);
        await expectRefusal(files, object, /SHA-256/);
        store.objects.set(object, sound.subarray(0, Math.floor(random() * sound.length)));
        await expectRefusal(files, object, /has \d+ bytes instead of \d+/);
      }
      store.objects.set(object, Buffer.concat([sound, Buffer.alloc(1)]));
      await expectRefusal(files, object, /has more than its \d+ bytes/);
      store.objects.set(object, sound);
    }
    await verifyTaskSnapshot(store, files);
  });

  it('is refused when an object is missing', async () => {
    const files = await uploaded();
    store.objects.delete(files[1]!.object);
    await expect(verifyTaskSnapshot(store, files)).rejects.toThrow(SnapshotMissingError);
  });

  it.each(['../db/CURRENT', '/etc/passwd', '..', 'a/b', ''])('is refused when a file calls itself %j', async (name) => {
    const [file] = await uploaded();
    await expectRefusal([{ ...file!, name }], file!.object, /is no name of a file/);
  });
});
