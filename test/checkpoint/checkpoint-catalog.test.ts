import { CheckpointExistsError, CheckpointNotFoundError } from '../../src/checkpoint/catalog-errors';
import { CheckpointCatalog, type CleanUp } from '../../src/checkpoint/checkpoint-catalog';
import { SavepointIdError } from '../../src/checkpoint/checkpoint-id';
import type { CheckpointMetadata } from '../../src/checkpoint/checkpoint-metadata';
import { SnapshotDamagedError, SnapshotStoreError } from '../../src/checkpoint/errors';
import { encodeMetadata } from '../../src/checkpoint/metadata-codec';
import type { Deletion } from '../../src/checkpoint/file-deletion';
import { metadataObject } from '../../src/checkpoint/object-names';
import type { VerifyProgress } from '../../src/checkpoint/verify-checkpoint';
import { createLogger } from '../../src/logging/create-logger';
import { APPLICATION, checkpointOf, fileOf, putFiles, savepointOf } from './checkpoints';
import { FailingStore } from './failing-store';

describe('the catalog of checkpoints', () => {
  let store: FailingStore;
  let catalog: CheckpointCatalog;
  let lines: Record<string, unknown>[];

  beforeEach(() => {
    store = new FailingStore();
    lines = [];
    const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
    catalog = new CheckpointCatalog(store, APPLICATION, createLogger({ format: 'json', destination }));
  });

  /** Writes a checkpoint as a coordinator does: its files, then its metadata. */
  async function complete(metadata: CheckpointMetadata): Promise<void> {
    const files = metadata.tasks.flatMap((task) => task.files);
    await putFiles(
      store,
      files.filter(({ object }) => !store.objects.has(object)),
    );
    await catalog.write(metadata);
  }

  /** As a coordinator does after a checkpoint. */
  const cleanUp = async (changes: Pick<CleanUp, 'below'> & Partial<CleanUp>): Promise<Deletion> =>
    (await catalog.cleanUp({ keep: 9, inUse: undefined, ...changes })).deletion;

  function damage(metadata: CheckpointMetadata): void {
    const object = metadataObject(APPLICATION, metadata.kind, metadata.id);
    store.objects.set(object, store.objects.get(object)!.subarray(0, 50));
  }

  const ids = async (): Promise<string[]> => (await catalog.list()).map(({ id }) => id);
  const recoverable = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { id } of catalog.latestCheckpoints()) found.push(id);
    return found;
  };
  const fileObjects = (): string[] => [...store.objects.keys()].filter((name) => name.includes('/files/')).sort();

  describe('lists', () => {
    it('checkpoints and savepoints by their number, the newest first', async () => {
      for (const metadata of [checkpointOf(9), savepointOf(10, 'before-upgrade'), checkpointOf(11), checkpointOf(100)])
        await complete(metadata);
      expect(await ids()).toEqual(['checkpoint-100', 'checkpoint-11', 'before-upgrade', 'checkpoint-9']);
      expect(await recoverable()).toEqual(['checkpoint-100', 'checkpoint-11', 'before-upgrade', 'checkpoint-9']);
      expect(await catalog.read('before-upgrade')).toEqual(savepointOf(10, 'before-upgrade'));
    });

    it('nothing of other applications, whose names may begin in the same way', async () => {
      const other = new CheckpointCatalog(store, `${APPLICATION}-2`, createLogger({ level: 'silent' }));
      await other.write({ ...checkpointOf(1), applicationId: `${APPLICATION}-2` });
      expect(await ids()).toEqual([]);
      expect(await catalog.highestNumber()).toBe(0);
    });

    it('what is damaged as damaged, with the reason, and offers it to no recovery', async () => {
      for (const metadata of [checkpointOf(1), savepointOf(2, 'mine'), checkpointOf(3)]) await complete(metadata);
      damage(checkpointOf(3));
      damage(savepointOf(2, 'mine'));
      expect(await catalog.list()).toEqual([
        expect.objectContaining({
          id: 'checkpoint-3',
          status: 'damaged',
          number: 3,
          damage: expect.any(String) as string,
        }),
        expect.objectContaining({ id: 'checkpoint-1', status: 'complete', metadata: checkpointOf(1) }),
        expect.objectContaining({ id: 'mine', status: 'damaged', number: undefined }),
      ]);
      expect(await recoverable()).toEqual(['checkpoint-1']);
      expect(lines.map(({ event, checkpoint }) => [event, checkpoint])).toEqual([
        ['checkpoint_damaged', 'mine'],
        ['checkpoint_damaged', 'checkpoint-3'],
      ]);
      await expect(catalog.read('mine')).rejects.toThrow(SnapshotDamagedError);
    });

    it('metadata that lies under the name of another as damaged', async () => {
      await complete(checkpointOf(1));
      const content = store.objects.get(metadataObject(APPLICATION, 'checkpoint', 'checkpoint-1'))!;
      store.objects.set(metadataObject(APPLICATION, 'checkpoint', 'checkpoint-2'), content);
      expect(await catalog.list()).toMatchObject([{ id: 'checkpoint-2', status: 'damaged' }, { status: 'complete' }]);
    });

    it('nothing when the store does not answer, but throws', async () => {
      await complete(checkpointOf(1));
      store.failAfter = 0;
      await expect(catalog.list()).rejects.toThrow(SnapshotStoreError);
      await expect(recoverable()).rejects.toThrow(SnapshotStoreError);
    });
  });

  it('says that there is no such checkpoint', async () => {
    await catalog.markRestoring({ sourceApplicationId: APPLICATION, id: 'x', beganAt: 1 });
    for (const id of ['checkpoint-7', 'mine', '../restoring', '', '..']) {
      await expect(catalog.read(id)).rejects.toThrow(CheckpointNotFoundError);
      await expect(catalog.delete(id)).rejects.toThrow(CheckpointNotFoundError);
      expect(await catalog.isTaken(id)).toBe(false);
    }
  });

  describe('writes', () => {
    it('the same checkpoint again without an error, and no other one in its place', async () => {
      await complete(savepointOf(1, 'mine'));
      await catalog.write(savepointOf(1, 'mine'));
      expect(await catalog.isTaken('mine')).toBe(true);
      await expect(catalog.write(savepointOf(2, 'mine'))).rejects.toThrow(CheckpointExistsError);
      expect((await catalog.read('mine')).number).toBe(1);
    });

    it.each(['', '.', '..', '.hidden', '-flag', 'a/b', 'a b', 'ä', 'x'.repeat(201), 'checkpoint-7', 'checkpoint-007'])(
      "no savepoint with the name '%s'",
      async (id) => {
        await expect(catalog.write(savepointOf(7, id))).rejects.toThrow(SavepointIdError);
        expect(store.objects.size).toBe(0);
      },
    );

    it.each(['a', 'Before_upgrade-2.0', '2026-11-21', 'checkpoint', 'checkpoint-7-before', 'x'.repeat(200)])(
      "savepoints with names such as '%s'",
      async (id) => {
        await catalog.write(savepointOf(7, id));
        expect(await ids()).toEqual([id]);
      },
    );

    it('nothing of a coordinator that slept until a later checkpoint was complete', async () => {
      await complete(checkpointOf(6));
      for (const late of [checkpointOf(5), savepointOf(5, 'mine')])
        await expect(catalog.write(late)).rejects.toMatchObject({
          code: 'CHECKPOINT_SUPERSEDED',
          later: 'checkpoint-6',
        });
      expect(await ids()).toEqual(['checkpoint-6']);
      await catalog.write(checkpointOf(6));
    });

    it('what is never used, and expires, when such a coordinator slept in the very last step', async () => {
      const late = checkpointOf(5, [fileOf(5, 'late')]);
      await putFiles(store, [fileOf(5, 'late')]);
      await complete(checkpointOf(6, [fileOf(6, 'a')]));
      expect(await cleanUp({ below: 7 })).toMatchObject({ files: 1 });
      store.objects.set(metadataObject(APPLICATION, 'checkpoint', late.id), encodeMetadata(late));

      expect(await recoverable()).toEqual(['checkpoint-6', 'checkpoint-5']);
      expect(await catalog.verify(late)).toMatchObject({ problems: [{ problem: 'is missing' }] });
      expect(await catalog.verify(await catalog.read('checkpoint-6'))).toMatchObject({ problems: [] });
      await complete(checkpointOf(7, [fileOf(6, 'a')]));
      expect(await cleanUp({ keep: 2, below: 8 })).toMatchObject({ ids: ['checkpoint-5'], files: 0 });
    });

    it('no checkpoint of another number or application', async () => {
      await expect(catalog.write(checkpointOf(1, [], { id: 'checkpoint-2' }))).rejects.toThrow(RangeError);
      await expect(catalog.write(checkpointOf(1, [], { applicationId: 'other' }))).rejects.toThrow(RangeError);
    });
  });

  describe('numbers', () => {
    it('the next checkpoint above all that is in the store, begun or complete, and above what the caller knows', async () => {
      expect(await catalog.highestNumber()).toBe(0);
      expect(await catalog.nextNumberAfter(0)).toBe(1);
      await complete(checkpointOf(3));
      await complete(savepointOf(5, 'mine'));
      expect(await catalog.nextNumberAfter(4)).toBe(6);
      await putFiles(store, [fileOf(12, 'of-an-aborted-one')]);
      expect(await catalog.highestNumber()).toBe(12);
      expect(await catalog.nextNumberAfter(4)).toBe(13);
      expect(await catalog.nextNumberAfter(40)).toBe(41);
    });
  });

  describe('verifies', () => {
    const files = [fileOf(1, '000007.sst'), fileOf(2, '000009.sst'), fileOf(2, 'CURRENT')];
    const metadata = checkpointOf(2, files, {
      channels: [
        { topic: { name: 'w', internal: true }, partition: 0, from: 0, barriers: [], records: fileOf(2, 'w-0') },
      ],
    });
    beforeEach(() => putFiles(store, [...files, fileOf(2, 'w-0')]));

    it('that every file is there, and says how far it is', async () => {
      const progress: VerifyProgress[] = [];
      const found = await catalog.verify(metadata, { deep: true, onProgress: (each) => progress.push(each) });
      expect(found).toEqual({ files: 4, bytes: 30, problems: [] });
      expect(progress).toHaveLength(4);
      expect(progress.at(-1)).toEqual({ files: 4, filesDone: 4, bytes: 30, bytesDone: 30 });
    });

    it('and finds each one that is missing, or shorter', async () => {
      store.objects.delete(files[0]!.object);
      store.objects.delete(fileOf(2, 'w-0').object);
      store.objects.set(files[1]!.object, Buffer.from('0000'));
      const { problems } = await catalog.verify(metadata);
      expect(problems).toEqual([
        { object: files[0]!.object, name: '000007.sst', problem: 'is missing' },
        { object: files[1]!.object, name: '000009.sst', problem: 'has 4 bytes instead of 10' },
        { object: fileOf(2, 'w-0').object, name: 'w-0', problem: 'is missing' },
      ]);
    });

    it('and finds a changed byte when it looks at the content', async () => {
      store.objects.set(files[1]!.object, Buffer.from('000008.sst'));
      expect((await catalog.verify(metadata)).problems).toEqual([]);
      expect((await catalog.verify(metadata, { deep: true })).problems).toEqual([
        { object: files[1]!.object, name: '000009.sst', problem: 'has other content than was written' },
      ]);
    });

    it('with what a store adds to files, as encryption does', async () => {
      store.objects.set(files[1]!.object, Buffer.from('000009.sst and a tag'));
      expect((await catalog.verify(metadata)).problems).toEqual([]);
      expect((await catalog.verify(metadata, { deep: true })).problems).toMatchObject([
        { problem: 'has 20 bytes instead of 10' },
      ]);
    });

    it('nothing when the store does not answer: that is no damage', async () => {
      store.failAfter = 0;
      await expect(catalog.verify(metadata)).rejects.toThrow(SnapshotStoreError);
    });
  });

  describe('deletes', () => {
    const shared = fileOf(1, 'shared');
    const only = (number: number): ReturnType<typeof fileOf> => fileOf(number, `only-${number}`);
    const withShared = (number: number): CheckpointMetadata => checkpointOf(number, [shared, only(number)]);

    it('metadata before files, and leaves files that others list', async () => {
      await complete(withShared(1));
      await complete(savepointOf(2, 'mine', [shared, only(2)]));
      store.changes.length = 0;
      expect(await catalog.delete('checkpoint-1')).toMatchObject({ ids: ['checkpoint-1'], files: 1, bytes: 6 });
      expect(store.changes).toEqual([
        'delete orders/checkpoints/checkpoint-1.json',
        'delete orders/files/1/0_0-only-1',
      ]);
      expect((await catalog.verify(await catalog.read('mine'))).problems).toEqual([]);
    });

    it('of the newest one only the metadata, as the checkpoint under way may share its files', async () => {
      await complete(withShared(1));
      await complete(withShared(2));
      expect(await catalog.delete('checkpoint-2')).toMatchObject({ files: 0, left: expect.any(String) as string });
      expect(await ids()).toEqual(['checkpoint-1']);
      expect(fileObjects()).toContain(only(2).object);
    });

    it('the files of the newest one too, when the application is stopped', async () => {
      await complete(withShared(1));
      await complete(withShared(2));
      expect(await catalog.delete('checkpoint-2', { applicationStopped: true })).toMatchObject({
        files: 1,
        left: undefined,
      });
      expect(fileObjects()).toEqual([only(1).object, shared.object]);
    });

    it('no files while other metadata cannot be read, which may list them', async () => {
      await complete(withShared(1));
      await complete(withShared(2));
      await complete(withShared(3));
      damage(withShared(3));
      const deletion = await catalog.delete('checkpoint-1', { applicationStopped: true });
      expect(deletion).toMatchObject({ files: 0, unreadable: ['checkpoint-3'] });
      expect(deletion.left).toContain('checkpoint-3');
      expect(lines).toMatchObject([{ event: 'snapshot_files_left', unreadable: ['checkpoint-3'] }]);
    });

    it('what is damaged, and leaves its files to the next sweep', async () => {
      await complete(withShared(1));
      await complete(withShared(2));
      damage(withShared(1));
      expect(await catalog.delete('checkpoint-1')).toMatchObject({ files: 0, unreadable: ['checkpoint-1'] });
      expect(await cleanUp({ below: 3 })).toMatchObject({ files: 1, left: undefined });
      expect(fileObjects()).toEqual([shared.object, only(2).object]);
    });
  });

  describe('keeps the newest checkpoints', () => {
    const file = (number: number): ReturnType<typeof fileOf> => fileOf(number, `of-${number}`);
    /** Each shares the file of the one before. */
    const chained = (number: number): CheckpointMetadata =>
      checkpointOf(number, [...(number > 1 ? [file(number - 1)] : []), file(number)]);

    it('and savepoints, and what these list', async () => {
      for (const number of [1, 2, 3, 4, 5]) await complete(chained(number));
      await complete(savepointOf(6, 'mine', [file(1), file(6)]));
      const deletion = await cleanUp({ keep: 2, below: 7 });
      expect(deletion).toMatchObject({ ids: ['checkpoint-3', 'checkpoint-2', 'checkpoint-1'], files: 1 });
      expect(await ids()).toEqual(['mine', 'checkpoint-5', 'checkpoint-4']);
      expect(fileObjects()).toEqual([1, 3, 4, 5, 6].map((number) => file(number).object));
      expect(await cleanUp({ keep: 2, below: 7 })).toMatchObject({ ids: [], files: 0 });
    });

    it('counting only those that can be read, and deletes damaged ones that are older', async () => {
      for (const number of [1, 2, 3, 4, 5]) await complete(chained(number));
      damage(chained(4));
      damage(chained(1));
      expect((await cleanUp({ keep: 2, below: 6 })).ids).toEqual(['checkpoint-2', 'checkpoint-1']);
      expect(await ids()).toEqual(['checkpoint-5', 'checkpoint-4', 'checkpoint-3']);
    });

    it('and what a checkpoint under way shares, though its metadata may have gone', async () => {
      for (const number of [1, 2, 3]) await complete(chained(number));
      await cleanUp({ keep: 1, below: 4, inUse: chained(1) });
      expect(fileObjects()).toEqual([1, 2, 3].map((number) => file(number).object));
    });

    it('and says which these are, having listed the store once', async () => {
      for (const number of [1, 2, 3]) await complete(chained(number));
      await complete(savepointOf(4, 'mine', [file(4)]));
      store.reads.length = 0;
      const { kept } = await catalog.cleanUp({ keep: 2, below: 5, inUse: undefined });
      expect(kept.map(({ id }) => id)).toEqual(['mine', 'checkpoint-3', 'checkpoint-2']);
      expect(store.reads.filter((read) => read.startsWith('list'))).toEqual([
        'list orders/files/',
        'list orders/checkpoints/',
        'list orders/savepoints/',
      ]);
      expect(store.reads.filter((read) => read.startsWith('get'))).toHaveLength(4);
    });

    it('at least one', async () => {
      await expect(cleanUp({ keep: 0, below: 1 })).rejects.toThrow(RangeError);
    });
  });

  describe('sweeps', () => {
    it('files that nothing lists and that are not of a checkpoint under way', async () => {
      await complete(checkpointOf(1, [fileOf(1, 'a')]));
      await putFiles(store, [fileOf(1, 'orphan'), fileOf(2, 'aborted'), fileOf(3, 'running')]);
      expect(await cleanUp({ below: 3 })).toMatchObject({ files: 2, left: undefined });
      expect(fileObjects()).toEqual([fileOf(1, 'a').object, fileOf(3, 'running').object]);
    });

    it('nothing that a checkpoint under way shares with one that was deleted by hand', async () => {
      const base = checkpointOf(1, [fileOf(1, 'a')]);
      await complete(base);
      await catalog.delete('checkpoint-1');
      expect(await cleanUp({ below: 2, inUse: base })).toMatchObject({ files: 0 });
      expect(await cleanUp({ below: 2 })).toMatchObject({ files: 1 });
    });

    it('nothing at all while there is metadata that cannot be read, and says so', async () => {
      await complete(savepointOf(1, 'mine', [fileOf(1, 'a')]));
      await putFiles(store, [fileOf(1, 'orphan')]);
      damage(savepointOf(1, 'mine'));
      expect(await cleanUp({ below: 2 })).toMatchObject({ files: 0, unreadable: ['mine'] });
      expect(lines).toMatchObject([{ event: 'snapshot_files_left', level: 'warn', unreadable: ['mine'] }]);
      expect(fileObjects()).toHaveLength(2);
    });
  });

  describe('remembers a restore', () => {
    const mark = { sourceApplicationId: APPLICATION, id: 'mine', beganAt: 5 };

    it('until it is over, and the latest one', async () => {
      expect(await catalog.restoring()).toBeUndefined();
      await catalog.markRestoring({ ...mark, id: 'former' });
      await catalog.markRestoring(mark);
      expect(await catalog.restoring()).toEqual(mark);
      await catalog.clearRestoring();
      await catalog.clearRestoring();
      expect(await catalog.restoring()).toBeUndefined();
    });

    it('and does not take damage for nothing', async () => {
      await catalog.markRestoring(mark);
      store.objects.set('orders/restoring.json', Buffer.from('{"id":'));
      await expect(catalog.restoring()).rejects.toThrow(SnapshotDamagedError);
    });
  });
});
