import { SnapshotMissingError, SnapshotStoreError } from '../../src/checkpoint/errors';
import type { SnapshotStore } from '../../src/checkpoint/snapshot-store';
import {
  afterEachPiece,
  collect,
  failureOf,
  firstPiece,
  inPieces,
  listed,
  namesIn,
  putAll,
  randomContent,
  read,
} from './objects';

const KIB = 1024;
const MIB = 1024 * KIB;
/** More than what S3 takes in one part. */
const LARGE = 20 * MIB + 7;

/** What every snapshot store keeps, as the interface promises. `open` gives an empty one. */
export function itIsASnapshotStore(open: () => Promise<SnapshotStore>): void {
  let store: SnapshotStore;

  beforeEach(async () => {
    store = await open();
  });

  afterEach(() => store.close());

  it.each([0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 3 * 64 * KIB, MIB + 3, LARGE])(
    'gives back %d bytes, however they came',
    async (size) => {
      const content = randomContent(size);
      await store.put('app/whole', content);
      await store.put('app/in-pieces', inPieces(content, 1000, 1, 70_000, 333_333));
      expect((await read(store, 'app/whole')).equals(content)).toBe(true);
      expect((await read(store, 'app/in-pieces')).equals(content)).toBe(true);
    },
  );

  it('does not share memory with what was put or got', async () => {
    const content = Buffer.from('what was put');
    await store.put('app/a', content);
    content.fill(0);
    (await read(store, 'app/a')).fill(0);
    for await (const piece of store.get('app/a')) piece.fill(0);
    expect((await read(store, 'app/a')).toString()).toBe('what was put');
  });

  it('replaces an object as a whole', async () => {
    await store.put('app/a', Buffer.from('a longer content'));
    await store.put('app/a', Buffer.from('short'));
    expect((await read(store, 'app/a')).toString()).toBe('short');
    expect(await namesIn(store)).toEqual(['app/a']);
  });

  it('says that an object is missing', async () => {
    await store.put('app/dir/a', Buffer.from('a'));
    for (const name of ['app/b', 'other/b', 'app/dir', 'app/dir/a/b']) {
      const { error } = await failureOf(store.get(name));
      expect(error).toBeInstanceOf(SnapshotMissingError);
      expect(error).toMatchObject({ object: name });
    }
  });

  it.each([['small', 10] as const, ['large', LARGE] as const])(
    'has nothing when the source of a %s object fails',
    async (_, size) => {
      async function* source(): AsyncGenerator<Uint8Array, void> {
        yield randomContent(size);
        throw new Error('the disk is on fire');
      }
      const putting = store.put('app/a', source());
      await expect(putting).rejects.toThrow(SnapshotStoreError);
      await expect(putting).rejects.toThrow(/Writing 'app\/a' in .* failed: the disk is on fire/);
      expect(await namesIn(store)).toEqual([]);
    },
  );

  it.each([['small', 10] as const, ['large', LARGE] as const])(
    'shows nobody a %s object that is being written',
    async (_, size) => {
      const content = randomContent(size);
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      let reached = (): void => undefined;
      const asked = new Promise<void>((resolve) => (reached = resolve));
      async function* source(): AsyncGenerator<Uint8Array, void> {
        yield content;
        reached();
        await released;
      }
      const putting = store.put('app/a', source());
      await asked;
      expect(await namesIn(store)).toEqual([]);
      expect((await failureOf(store.get('app/a'))).error).toBeInstanceOf(SnapshotMissingError);
      release();
      await putting;
      expect((await read(store, 'app/a')).equals(content)).toBe(true);
    },
  );

  it.each([['small', 10] as const, ['large', LARGE] as const])(
    'gives up a %s object at once when it is told to, though the source hangs',
    async (_, size) => {
      const aborting = new AbortController();
      async function* source(): AsyncGenerator<Uint8Array, void> {
        yield randomContent(size);
        aborting.abort(new Error('the checkpoint took too long'));
        await new Promise(() => undefined);
      }
      const putting = store.put('app/a', source(), aborting.signal);
      await expect(putting).rejects.toThrow(SnapshotStoreError);
      await expect(putting).rejects.toThrow('the checkpoint took too long');
      expect(await namesIn(store)).toEqual([]);
    },
  );

  it('does nothing for who has given up before', async () => {
    await store.put('app/a', Buffer.from('a'));
    const given = AbortSignal.abort(new Error('given up'));
    await expect(store.put('app/b', Buffer.from('b'), given)).rejects.toThrow(SnapshotStoreError);
    await expect(collect(store.get('app/a', given))).rejects.toThrow(SnapshotStoreError);
    await expect(store.list('', given)[Symbol.asyncIterator]().next()).rejects.toThrow(SnapshotStoreError);
    await expect(store.delete(['app/a'], given)).rejects.toThrow(SnapshotStoreError);
    expect(await namesIn(store)).toEqual(['app/a']);
  });

  it('ends a read that is given up on the way', async () => {
    await store.put('app/a', randomContent(LARGE));
    const aborting = new AbortController();
    const reading = afterEachPiece(store.get('app/a', aborting.signal), () => aborting.abort(new Error('given up')));
    await expect(reading).rejects.toThrow(SnapshotStoreError);
    await expect(reading).rejects.toThrow('given up');
  });

  it('lets a reader stop early, as often as it likes', async () => {
    const content = randomContent(MIB);
    await store.put('app/a', content);
    for (let time = 0; time < 60; time++) await firstPiece(store.get('app/a'));
    expect((await read(store, 'app/a')).equals(content)).toBe(true);
  });

  it('works on many objects at once', async () => {
    const objects = Array.from({ length: 40 }, (_, index) => ({
      name: `app/${index}`,
      content: randomContent(50_000),
    }));
    await Promise.all(objects.map(({ name, content }) => store.put(name, inPieces(content, 9_999))));
    const all = await Promise.all(objects.map(({ name }) => read(store, name)));
    expect(all.every((bytes, index) => bytes.equals(objects[index]?.content ?? Buffer.alloc(0)))).toBe(true);
  });

  it('lists objects by the beginning of their names', async () => {
    const before = Date.now();
    await putAll(store, ['app/a/1', 'app/a/12', 'app/ab/1', 'app2/a/1', 'b'], Buffer.from('content'));
    expect(await namesIn(store)).toEqual(['app/a/1', 'app/a/12', 'app/ab/1', 'app2/a/1', 'b']);
    expect(await namesIn(store, 'app')).toEqual(['app/a/1', 'app/a/12', 'app/ab/1', 'app2/a/1']);
    expect(await namesIn(store, 'app/')).toEqual(['app/a/1', 'app/a/12', 'app/ab/1']);
    expect(await namesIn(store, 'app/a')).toEqual(['app/a/1', 'app/a/12', 'app/ab/1']);
    expect(await namesIn(store, 'app/a/')).toEqual(['app/a/1', 'app/a/12']);
    expect(await namesIn(store, 'app/a/1')).toEqual(['app/a/1', 'app/a/12']);
    expect(await namesIn(store, 'c/')).toEqual([]);
    for (const { sizeInBytes, modifiedAt } of await listed(store, '')) {
      expect(sizeInBytes).toBeGreaterThanOrEqual('content'.length);
      // S3 tells seconds only.
      expect(modifiedAt).toBeGreaterThanOrEqual(before - 1_000);
      expect(modifiedAt).toBeLessThanOrEqual(Date.now());
    }
  });

  it('deletes what it is told to, and only that', async () => {
    await putAll(store, ['app/a/1', 'app/a/2', 'app/b/1'], Buffer.from('content'));
    await store.delete(['app/a/1', 'app/a/never-there', 'nor/this', 'app/b', 'app/b/1/deeper']);
    expect(await namesIn(store)).toEqual(['app/a/2', 'app/b/1']);
    await store.delete(['app/a/2']);
    await store.delete(['app/a/2']);
    await store.delete([]);
    expect(await namesIn(store)).toEqual(['app/b/1']);
    await store.put('app/a/3', Buffer.from('again'));
    expect(await namesIn(store)).toEqual(['app/a/3', 'app/b/1']);
  });

  it.each([
    '',
    '/',
    '/etc/passwd',
    '..',
    '../a',
    'a/../b',
    'a/..',
    './a',
    'a//b',
    'a/',
    'a\\b',
    'a\0b',
    'a b',
    '~unfinished/x',
  ])('refuses the name %p', async (name) => {
    await expect(store.put(name, Buffer.from('x'))).rejects.toThrow(SnapshotStoreError);
    await expect(collect(store.get(name))).rejects.toThrow(SnapshotStoreError);
    await expect(store.delete([name])).rejects.toThrow(SnapshotStoreError);
  });

  it.each(['/', '../', 'a/../', 'a//', '~'])('refuses to list %p', async (prefix) => {
    await expect(listed(store, prefix)).rejects.toThrow(SnapshotStoreError);
  });
}

/** What no store around another one can change. `open` gives an empty one. */
export function itHasRoomForMany(open: () => Promise<SnapshotStore>): void {
  it('lists and deletes more objects than fit in a request', async () => {
    const store = await open();
    const names = Array.from({ length: 1_005 }, (_, index) => `app/files/7/0_${String(index).padStart(4, '0')}`);
    await putAll(store, [...names, 'app/kept'], Buffer.from('content'));
    expect(await namesIn(store, 'app/files/')).toEqual(names);
    await store.delete(names);
    expect(await namesIn(store)).toEqual(['app/kept']);
    store.close();
  });
}
