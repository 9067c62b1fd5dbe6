import { execFileSync } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { SnapshotDamagedError, SnapshotStoreError } from '../../src/checkpoint/errors';
import { afterEachPiece, inPieces, namesIn, randomContent, read } from './objects';

const MIB = 1024 * 1024;

let directory: string;
let root: string;
let store: DirectorySnapshotStore;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'millrace-store-'));
  root = path.join(directory, 'root');
  store = new DirectorySnapshotStore({ directory: root });
});

afterEach(() => rm(directory, { recursive: true }));

const unfinished = (): Promise<string[]> => readdir(path.join(root, '~unfinished'));

/** Makes a file as old as given, in minutes. */
async function age(file: string, minutes: number): Promise<void> {
  const then = Date.now() / 1000 - minutes * 60;
  await utimes(file, then, then);
}

describe('a snapshot store in a directory', () => {
  it('lets nobody but its owner in', async () => {
    await store.put('app/files/a', Buffer.from('a'));
    const modeOf = async (name: string) => (await stat(path.join(root, name))).mode & 0o777;
    expect(await modeOf('app/files/a')).toBe(0o600);
    for (const name of ['.', 'app', 'app/files', '~unfinished']) expect(await modeOf(name)).toBe(0o700);
  });

  it('keeps an object as a file of the same name', async () => {
    await store.put('app/files/a', Buffer.from('content'));
    expect(await readFile(path.join(root, 'app/files/a'), 'utf8')).toBe('content');
    expect(await unfinished()).toEqual([]);
  });

  // Nobody cuts the power of a test machine: this looks at the order of the calls instead.
  (existsSync('/proc/self/fd') ? it : it.skip)(
    'syncs the content before it gets its name, and after that the directory; and those above it once',
    async () => {
      const handle = await open(directory, 'r');
      const synced: string[] = [];
      const sync = jest
        .spyOn(Object.getPrototypeOf(handle) as typeof handle, 'sync')
        .mockImplementation(async function (this: typeof handle) {
          const place = path.relative(directory, readlinkSync(`/proc/self/fd/${this.fd}`));
          const isThere = (name: string) => existsSync(path.join(root, name));
          synced.push(`${place.replace(/~unfinished\/.+/, 'content')} ${isThere('app/a')} ${isThere('app/b')}`);
        });
      await store.put('app/a', Buffer.from('a'));
      await store.put('app/b', Buffer.from('b'));
      sync.mockRestore();
      await handle.close();
      expect(synced).toEqual([
        'root false false',
        ' false false',
        'root/content false false',
        'root false false',
        ' false false',
        'root/app true false',
        'root/content true false',
        'root/app true true',
      ]);
    },
  );

  it('makes nothing before something is written', async () => {
    expect(await namesIn(store)).toEqual([]);
    await expect(stat(root)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('leaves no part of a write that failed', async () => {
    async function* source(): AsyncGenerator<Uint8Array, void> {
      yield Buffer.from('part');
      throw new Error('no more');
    }
    await expect(store.put('app/a', source())).rejects.toThrow(SnapshotStoreError);
    expect(await unfinished()).toEqual([]);
  });

  it('removes what a writer that died left behind, but nothing that may still be written', async () => {
    await store.put('app/a', Buffer.from('a'));
    const leftover = path.join(root, '~unfinished', 'of-one-that-died');
    const current = path.join(root, '~unfinished', 'of-one-that-works');
    await writeFile(leftover, 'half of');
    await writeFile(current, 'a part of');
    await age(leftover, 61);
    await age(current, 59);
    const next = new DirectorySnapshotStore({ directory: root });
    await next.put('app/b', Buffer.from('b'));
    expect(await unfinished()).toEqual(['of-one-that-works']);
    expect(await namesIn(next)).toEqual(['app/a', 'app/b']);
  });

  it('looks for leftovers again after a while', async () => {
    const hasty = new DirectorySnapshotStore({ directory: root, abandonedAfterMs: 0 });
    await hasty.put('app/a', Buffer.from('a'));
    await writeFile(path.join(root, '~unfinished', 'left'), 'half');
    await hasty.put('app/b', Buffer.from('b'));
    expect(await unfinished()).toEqual([]);
  });

  it('fails a write whose file was taken for a leftover, and has no such object', async () => {
    async function* source(): AsyncGenerator<Uint8Array, void> {
      yield Buffer.from('part');
      for (const name of await unfinished()) await rm(path.join(root, '~unfinished', name));
      yield Buffer.from('rest');
    }
    await expect(store.put('app/a', source())).rejects.toThrow(SnapshotStoreError);
    expect(await namesIn(store)).toEqual([]);
  });

  it('removes directories that have become empty, while others write into them', async () => {
    const rounds = Array.from({ length: 50 }, (_, index) => index);
    await Promise.all(
      [1, 2, 3].map(async (writer) => {
        for (const round of rounds) {
          const name = `app/files/7/${writer}-${round}`;
          await store.put(name, Buffer.from('x'));
          await store.delete([name]);
        }
      }),
    );
    expect(await readdir(root)).toEqual(['~unfinished']);
  });

  it('does not find files and links that are no objects', async () => {
    await store.put('app/a', Buffer.from('a'));
    await writeFile(path.join(root, 'app', 'a file with blanks'), 'x');
    execFileSync('ln', ['-s', '/etc/hostname', path.join(root, 'app', 'link')]);
    await mkdir(path.join(root, 'app', 'empty'));
    expect(await namesIn(store)).toEqual(['app/a']);
  });

  it('finds out that a file became shorter while it was read', async () => {
    await store.put('app/a', randomContent(2 * MIB));
    const reading = afterEachPiece(store.get('app/a'), () => truncate(path.join(root, 'app/a'), MIB));
    await expect(reading).rejects.toThrow(SnapshotDamagedError);
    await expect(reading).rejects.toThrow(`it ends after ${MIB} of ${2 * MIB} bytes`);
  });

  it('says where it cannot write', async () => {
    await writeFile(root, 'a file where the directory should be');
    const writing = store.put('app/a', Buffer.from('a'));
    await expect(writing).rejects.toThrow(SnapshotStoreError);
    await expect(writing).rejects.toThrow(`Writing 'app/a' in the directory ${root} failed: `);
  });
});

function mounted(): string | undefined {
  const point = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', point], { stdio: 'ignore' });
    return point;
  } catch {
    execFileSync('rmdir', [point]);
    return undefined;
  }
}

const smallDisk = mounted();

// Needs the right to mount a small file system; elsewhere these are reported as skipped.
(smallDisk === undefined ? describe.skip : describe)('a snapshot store on a full disk', () => {
  const disk = smallDisk ?? '';
  afterAll(() => {
    execFileSync('umount', [disk]);
    execFileSync('rmdir', [disk]);
  });

  it('says so, keeps what it had, leaves no part, and goes on when there is room', async () => {
    const full = new DirectorySnapshotStore({ directory: disk });
    const kept = randomContent(2 * MIB);
    await full.put('app/kept', kept);
    const writing = full.put('app/too-large', inPieces(randomContent(3 * MIB), 100_000));
    await expect(writing).rejects.toThrow(SnapshotStoreError);
    await expect(writing).rejects.toThrow(/Writing 'app\/too-large' in .* failed: ENOSPC/);
    expect(await namesIn(full)).toEqual(['app/kept']);
    expect(await readdir(path.join(disk, '~unfinished'))).toEqual([]);
    expect((await read(full, 'app/kept')).equals(kept)).toBe(true);

    await full.delete(['app/kept']);
    await full.put('app/too-large', randomContent(3 * MIB));
    expect(await namesIn(full)).toEqual(['app/too-large']);
  });
});
