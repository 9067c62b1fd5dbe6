import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateDatabase } from '../../src/state/state-database';
import { StateDirectory } from '../../src/state/state-directory';
import {
  StateDirectoryError,
  StateDirectoryLockedError,
  StateDirectoryNameError,
} from '../../src/state/state-directory-errors';
import { rocksDbOptions, storeFormat } from './state-fixtures';

const stores = [storeFormat('counts'), storeFormat('names')];

let stateDir: string;
let directory: StateDirectory | undefined;
let child: ChildProcess | undefined;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'millrace-directory-'));
});
afterEach(async () => {
  await directory?.close();
  directory = undefined;
  child?.kill('SIGKILL');
  child = undefined;
  await rm(stateDir, { recursive: true });
});

async function write(database: StateDatabase, position: number): Promise<void> {
  const store = database.store('counts');
  const changes = database.write();
  changes.put(store, store.prefixed(Buffer.from('a')), Buffer.from(String(position)));
  changes.setChangelogPosition('counts', position);
  changes.setChangelogPosition('names', 1000);
  await changes.commit();
}

async function value(database: StateDatabase): Promise<string | undefined> {
  const store = database.store('counts');
  return (await database.getMany(store, [store.prefixed(Buffer.from('a'))]))[0]?.toString();
}

describe('StateDirectory', () => {
  it('is readable by its user alone', async () => {
    await mkdir(join(stateDir, 'app'), { mode: 0o755 });
    directory = await StateDirectory.open(stateDir, 'app');
    expect((await stat(join(stateDir, 'app'))).mode & 0o777).toBe(0o700);
  });

  it('keeps its instance id, and makes another for another application', async () => {
    directory = await StateDirectory.open(stateDir, 'app');
    const { instanceId } = directory;
    expect(instanceId).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    await directory.close();
    directory = await StateDirectory.open(stateDir, 'app');
    expect(directory.instanceId).toBe(instanceId);
    await directory.close();
    directory = await StateDirectory.open(stateDir, 'other');
    expect(directory.instanceId).not.toBe(instanceId);
  });

  it('makes a new instance id when the file was left half written', async () => {
    await mkdir(join(stateDir, 'app'));
    await writeFile(join(stateDir, 'app', 'instance-id'), '1234');
    directory = await StateDirectory.open(stateDir, 'app');
    expect(directory.instanceId).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect((await readFile(join(stateDir, 'app', 'instance-id'), 'utf8')).trim()).toBe(directory.instanceId);
  });

  it.each(['', '.', '..', '../elsewhere', 'a/b', 'a\\b', '/etc', 'a b', 'ä', 'a\0b', 'x'.repeat(201)])(
    'refuses %j as an application id',
    async (applicationId) => {
      await expect(StateDirectory.open(stateDir, applicationId)).rejects.toThrow(StateDirectoryNameError);
      expect(await readdir(stateDir)).toEqual([]);
    },
  );

  it.each(['', '0', '0_', '../0_1', '0_1/..', '0_1 ', '-1_0'])('refuses %j as a task id', async (taskId) => {
    directory = await StateDirectory.open(stateDir, 'app');
    await expect(directory.openTask(taskId, stores, rocksDbOptions)).rejects.toThrow(StateDirectoryNameError);
    await expect(directory.wipeTask(taskId)).rejects.toThrow(StateDirectoryNameError);
  });

  it('keeps the state of a task', async () => {
    directory = await StateDirectory.open(stateDir, 'app');
    await write(await directory.openTask('0_1', stores, rocksDbOptions), 7);
    await directory.closeTask('0_1');
    const again = await directory.openTask('0_1', stores, rocksDbOptions);
    expect(again.isNew).toBe(false);
    expect(await value(again)).toBe('7');
    expect(again.changelogPosition('counts')).toBe(7);
  });

  it('tells which tasks have state here and how far it is, whether open, closed, or left by an earlier process', async () => {
    directory = await StateDirectory.open(stateDir, 'app');
    expect(await directory.localTasks()).toEqual([]);
    await write(await directory.openTask('0_1', stores, rocksDbOptions), 7);
    await write(await directory.openTask('0_2', stores, rocksDbOptions), 9);
    await directory.openTask('1_0', stores, rocksDbOptions);
    await directory.closeTask('0_2');
    const expected = [
      { taskId: '0_1', changelogSum: 1007 },
      { taskId: '0_2', changelogSum: 1009 },
      { taskId: '1_0', changelogSum: 0 },
    ];
    const byId = (a: { taskId: string }, b: { taskId: string }): number => a.taskId.localeCompare(b.taskId);
    expect((await directory.localTasks()).sort(byId)).toEqual(expected);
    await directory.close();
    directory = await StateDirectory.open(stateDir, 'app');
    expect((await directory.localTasks()).sort(byId)).toEqual(expected);
    // It was opened to be read; that must not be in the way of opening it.
    await write(await directory.openTask('0_1', stores, rocksDbOptions), 8);
    expect((await directory.localTasks()).sort(byId)[0]).toEqual({ taskId: '0_1', changelogSum: 1008 });
  });

  it('leaves a task with damaged state out', async () => {
    directory = await StateDirectory.open(stateDir, 'app');
    await write(await directory.openTask('0_1', stores, rocksDbOptions), 7);
    await directory.close();
    await rm(join(stateDir, 'app', 'tasks', '0_1', 'db', 'CURRENT'));
    directory = await StateDirectory.open(stateDir, 'app');
    expect(await directory.localTasks()).toEqual([]);
  });

  it('wipes the state of a task, even while it is open', async () => {
    directory = await StateDirectory.open(stateDir, 'app');
    await write(await directory.openTask('0_1', stores, rocksDbOptions), 7);
    await directory.wipeTask('0_1');
    expect(await directory.localTasks()).toEqual([]);
    expect(await readdir(join(stateDir, 'app', 'deleted'))).toEqual([]);
    const again = await directory.openTask('0_1', stores, rocksDbOptions);
    expect(again.isNew).toBe(true);
    expect(await value(again)).toBeUndefined();
    await directory.wipeTask('5_5');
  });

  it('never opens what was half deleted, and deletes the rest at the next start', async () => {
    directory = await StateDirectory.open(stateDir, 'app');
    await directory.close();
    await mkdir(join(stateDir, 'app', 'deleted', '0_1-x', 'db'), { recursive: true });
    await writeFile(join(stateDir, 'app', 'deleted', '0_1-x', 'db', '000004.sst'), 'half');
    directory = await StateDirectory.open(stateDir, 'app');
    expect(await readdir(join(stateDir, 'app'))).not.toContain('deleted');
    expect(await directory.localTasks()).toEqual([]);
  });

  it('deletes state that was not in use for long enough, and nothing else', async () => {
    directory = await StateDirectory.open(stateDir, 'app');
    for (const taskId of ['0_0', '0_1', '0_2'])
      await write(await directory.openTask(taskId, stores, rocksDbOptions), 7);
    await directory.closeTask('0_1');
    await directory.closeTask('0_2');
    const tasks = join(stateDir, 'app', 'tasks');
    await writeFile(join(tasks, 'not a task'), '');
    const now = Date.now();
    for (const taskId of ['0_0', '0_1']) {
      const longAgo = new Date(now - 600_000);
      await utimes(join(tasks, taskId), longAgo, longAgo);
      await utimes(join(tasks, taskId, 'db'), longAgo, longAgo);
    }
    expect(await directory.removeUnused(599_000, now)).toEqual(['0_1']);
    expect((await readdir(tasks)).sort()).toEqual(['0_0', '0_2', 'not a task']);
    expect(await value(await directory.openTask('0_2', stores, rocksDbOptions))).toBe('7');
  });

  it('refuses a directory that cannot be made, and says what the system said', async () => {
    await writeFile(join(stateDir, 'file'), '');
    const failure = await StateDirectory.open(join(stateDir, 'file'), 'app').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StateDirectoryError);
    expect(failure).toMatchObject({ code: 'STATE_DIRECTORY_UNUSABLE' });
    expect((failure as Error).message).toMatch(/ENOTDIR/);
  });

  describe('is locked', () => {
    it('against a second instance in the same process, which is told who holds it', async () => {
      directory = await StateDirectory.open(stateDir, 'app');
      const second = await StateDirectory.open(stateDir, 'app').catch((error: unknown) => error);
      expect(second).toBeInstanceOf(StateDirectoryLockedError);
      expect((second as Error).message).toContain(`process ${process.pid} `);
      // The attempt must not have cost the first one its lock.
      await expect(startHolder(stateDir)).rejects.toThrow(/STATE_DIRECTORY_LOCKED/);
    });

    it('against another process, until that process is gone, even by SIGKILL', async () => {
      const holder = await startHolder(stateDir);
      const refused = await StateDirectory.open(stateDir, 'app').catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(StateDirectoryLockedError);
      expect((refused as StateDirectoryLockedError).holder?.pid).toBe(holder.pid);
      holder.kill('SIGKILL');
      await once(holder, 'exit');
      directory = await StateDirectory.open(stateDir, 'app');
      expect(directory.instanceId).toBeDefined();
    });

    it('also when the process that holds it is stopped', async () => {
      const holder = await startHolder(stateDir);
      holder.kill('SIGSTOP');
      await expect(StateDirectory.open(stateDir, 'app')).rejects.toThrow(StateDirectoryLockedError);
    });

    it('not against another application', async () => {
      await startHolder(stateDir);
      directory = await StateDirectory.open(stateDir, 'other');
      expect(directory.instanceId).toBeDefined();
    });

    it('even when the files of the lock were damaged meanwhile', async () => {
      await (await StateDirectory.open(stateDir, 'app')).close();
      await writeFile(join(stateDir, 'app', 'lock', 'CURRENT'), 'damaged lock');
      directory = await StateDirectory.open(stateDir, 'app');
      await expect(startHolder(stateDir)).rejects.toThrow(/STATE_DIRECTORY_LOCKED/);
    });

    it('no longer once it was closed', async () => {
      await (await StateDirectory.open(stateDir, 'app')).close();
      const holder = await startHolder(stateDir);
      expect(holder.exitCode).toBeNull();
    });
  });
});

/** A process that holds the directory of `app` until it is killed. */
async function startHolder(stateDirectory: string): Promise<ChildProcess> {
  const process_ = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'hold-directory.ts'), stateDirectory], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = process_;
  let errors = '';
  process_.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  await new Promise<void>((resolve, reject) => {
    process_.stdout.once('data', () => resolve());
    process_.once('exit', () => reject(new Error(`The holder ended: ${errors}`)));
  });
  return process_;
}
