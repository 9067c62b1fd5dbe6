import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StateCorruptedError } from '../../src/state/state-database-errors';
import { StateDirectory } from '../../src/state/state-directory';
import { StateDirectoryError } from '../../src/state/state-directory-errors';
import { StatePositions } from '../../src/state/state-positions';
import { foldedEntries, readBothWays, writeBatch } from './batches';
import { copySnapshot } from './copy-snapshot';
import { rocksDbOptions, storeFormat } from './state-fixtures';

const SEED = 7;
const stores = [storeFormat('entries')];

let parent: string;
let saved: string;
let directory: StateDirectory | undefined;

/** Files of a database with the first `batches` changes, as they are downloaded. */
async function makeFiles(batches: number): Promise<string> {
  const target = join(parent, `files-${batches}`);
  const from = await StateDirectory.open(join(parent, 'elsewhere'), 'app');
  const database = await from.openTask('0_0', stores, rocksDbOptions);
  for (let batch = 0; batch < batches; batch++) await writeBatch(database, SEED, batch);
  const snapshot = await database.snapshot(from.snapshotPath('0_0', 4));
  await copySnapshot(snapshot, target);
  await snapshot.release();
  await from.wipeTask('0_0');
  await from.close();
  return target;
}

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'millrace-install-'));
  saved = await makeFiles(60);
});
afterAll(() => rm(parent, { recursive: true }));

beforeEach(async () => {
  directory = await StateDirectory.open(join(parent, 'state'), 'app');
});
afterEach(async () => {
  await directory?.close();
  directory = undefined;
  await rm(join(parent, 'state'), { recursive: true });
});

function positions(offset: number): StatePositions {
  const made = new StatePositions();
  made.setInputOffset('other', 1, offset);
  made.setChangelogPosition('entries', offset + 1);
  return made;
}

const copyTo = (files: string) => (target: string) => cp(files, target, { recursive: true });

async function expectEntries(batches: number): Promise<void> {
  const database = await directory!.openTask('0_1', stores, rocksDbOptions);
  expect(await readBothWays(database)).toEqual([foldedEntries(SEED, batches), foldedEntries(SEED, batches)]);
  await directory!.closeTask('0_1');
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

describe('installing the state of a task', () => {
  it('gives a task without state that of the files, with the positions that it is told and no others', async () => {
    await directory!.installTask('0_1', copyTo(saved), positions(17));
    expect(await directory!.localTasks()).toEqual([{ taskId: '0_1', changelogSum: 18 }]);
    const database = await directory!.openTask('0_1', stores, rocksDbOptions);
    expect(database.isNew).toBe(false);
    expect(database.inputOffset('other', 1)).toBe(17);
    expect(database.inputOffset('input', 0)).toBeUndefined();
    expect(database.changelogPosition('entries')).toBe(18);
    await directory!.closeTask('0_1');
    await expectEntries(60);
    expect(await readdir(join(directory!.databasePath('0_1'), '..', 'incoming'))).toEqual([]);
  });

  it('replaces the state that was there', async () => {
    const database = await directory!.openTask('0_1', stores, rocksDbOptions);
    for (let batch = 0; batch < 90; batch++) await writeBatch(database, SEED, batch);
    await directory!.closeTask('0_1');
    await directory!.installTask('0_1', copyTo(saved), positions(3));
    expect(await directory!.localTasks()).toEqual([{ taskId: '0_1', changelogSum: 4 }]);
    await expectEntries(60);
  });

  it('leaves the state as it was when the files are damaged, are no database, or cannot be written', async () => {
    await directory!.installTask('0_1', copyTo(saved), positions(3));
    const damaged = join(parent, 'damaged');
    await cp(saved, damaged, { recursive: true });
    const manifest = (await readFile(join(damaged, 'CURRENT'), 'utf8')).trim();
    const bytes = await readFile(join(damaged, manifest));
    bytes[20]! ^= 1;
    await writeFile(join(damaged, manifest), bytes);
    await expect(directory!.installTask('0_1', copyTo(damaged), positions(5))).rejects.toThrow(StateCorruptedError);
    const nothing = directory!.installTask('0_1', async () => undefined, positions(5));
    await expect(nothing).rejects.toThrow(StateCorruptedError);
    await expect(nothing).rejects.toThrow('it has no database');
    const failure = new Error('the download failed');
    await expect(directory!.installTask('0_1', () => Promise.reject(failure), positions(5))).rejects.toBe(failure);
    expect(await directory!.localTasks()).toEqual([{ taskId: '0_1', changelogSum: 4 }]);
    await expectEntries(60);
    expect(await readdir(join(directory!.databasePath('0_1'), '..', 'incoming'))).toEqual([]);
  });

  it('is refused while the task is open', async () => {
    await directory!.openTask('0_1', stores, rocksDbOptions);
    await expect(directory!.installTask('0_1', copyTo(saved), positions(5))).rejects.toThrow('is open');
  });

  it('gives an empty directory for other work, for this user alone, and deletes it behind it', async () => {
    let seen = '';
    const result = await directory!.withIncoming('0_1', async (path) => {
      seen = path;
      expect(await readdir(path)).toEqual([]);
      expect((await stat(path)).mode & 0o777).toBe(0o700);
      await writeFile(join(path, 'x'), 'x');
      return 5;
    });
    expect(result).toBe(5);
    expect(await exists(seen)).toBe(false);
    await directory!.close();
    await writeFile(join(parent, 'a-file'), '');
    directory = await StateDirectory.open(join(parent, 'state'), 'app');
    await rm(join(parent, 'state/app/tasks'), { recursive: true });
    await writeFile(join(parent, 'state/app/tasks'), '');
    await expect(directory.withIncoming('0_1', async () => 5)).rejects.toThrow(StateDirectoryError);
  });
});

describe('what a dead process left beside the states of tasks', () => {
  it('is deleted at the next start: snapshots, and files that were on their way in', async () => {
    await directory!.installTask('0_1', copyTo(saved), positions(17));
    const database = await directory!.openTask('0_1', stores, rocksDbOptions);
    await database.snapshot(directory!.snapshotPath('0_1', 3));
    const task = join(parent, 'state/app/tasks/0_1');
    await mkdir(join(task, 'incoming', 'half'), { recursive: true });
    await cp(saved, join(task, 'incoming', 'half'), { recursive: true });
    await mkdir(join(parent, 'state/app/tasks/0_2/incoming/half'), { recursive: true });
    await directory!.close();
    expect(await readdir(join(task, 'snapshots'))).toEqual(['3']);
    directory = await StateDirectory.open(join(parent, 'state'), 'app');
    expect(await readdir(task)).toEqual(['db']);
    expect(await directory.localTasks()).toEqual([{ taskId: '0_1', changelogSum: 18 }]);
    await expectEntries(60);
  });

  it('is never taken for state: killed at any step, a task has its old state or the new one, with the positions of it', async () => {
    await directory!.close();
    directory = undefined;
    const seen = new Set<number>();
    const newer = await makeFiles(80);
    const kills = Number(process.env['MILLRACE_TEST_KILLS'] ?? 12);
    for (let kill = 0; kill < kills; kill++) {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', join(__dirname, 'install-tasks.ts'), join(parent, 'state'), saved, newer],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const exit = once(child, 'exit');
      for await (const line of createInterface({ input: child.stdout }))
        if (line === 'installing') setTimeout(() => child.kill('SIGKILL'), kill * 15 + Math.random() * 10);
      expect(await exit).toEqual([null, 'SIGKILL']);
      directory = await StateDirectory.open(join(parent, 'state'), 'app');
      const [local] = await directory.localTasks();
      // None before the first one was complete, and between two there is a moment without: then all is read from the changelog.
      if (local === undefined) expect(await exists(directory.databasePath('0_1'))).toBe(false);
      else {
        expect([61, 81]).toContain(local.changelogSum);
        await expectEntries(local.changelogSum - 1);
      }
      seen.add(local?.changelogSum ?? 0);
      await directory.close();
      directory = undefined;
    }
    expect(seen.size).toBeGreaterThan(1);
  });
});
