import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeNative, openNative } from '../../src/state/rocksdb-native';
import { StateDirectory } from '../../src/state/state-directory';
import { rocksDbOptions, storeFormat } from './state-fixtures';

describe('a process that died while it began the state of a task', () => {
  const parent = mkdtempSync(join(tmpdir(), 'millrace-cut-'));

  afterAll(() => rmSync(parent, { recursive: true }));

  it('and left a database without its first write: it counts for nothing, and opens as a new one', async () => {
    const database = join(parent, 'app/tasks/0_2/db');
    mkdirSync(database, { recursive: true });
    const native = await openNative(database, {
      createIfMissing: true,
      errorIfExists: true,
      readOnly: false,
      cacheSize: 1 << 16,
      writeBufferSize: 1 << 20,
      maxOpenFiles: 16,
    });
    await closeNative(database, native);
    const directory = await StateDirectory.open(parent, 'app');
    try {
      expect(await directory.localTasks()).toEqual([]);
      const opened = await directory.openTask('0_2', [storeFormat('entries')], rocksDbOptions);
      expect(opened.isNew).toBe(true);
      await directory.wipeTask('0_2');
    } finally {
      await directory.close();
    }
  });

  it.each([
    { left: 'a directory only', taskId: '0_0', files: [] },
    {
      left: 'a database that was not complete',
      taskId: '0_1',
      files: ['LOCK', 'LOG', 'IDENTITY', 'MANIFEST-000001', '000001.dbtmp'],
    },
  ])('and left $left: it counts for nothing, and opens as a new one', async ({ taskId, files }) => {
    const task = join(parent, 'app/tasks', taskId);
    mkdirSync(task, { recursive: true });
    for (const file of files) {
      mkdirSync(join(task, 'db'), { recursive: true });
      writeFileSync(join(task, 'db', file), 'what was written so far');
    }
    const directory = await StateDirectory.open(parent, 'app');
    try {
      expect(await directory.localTasks()).toEqual([]);
      const database = await directory.openTask(taskId, [storeFormat('entries')], rocksDbOptions);
      expect(database.isNew).toBe(true);
      const write = database.write();
      write.setInputOffset('input', 0, 7);
      await write.commit();
      await directory.closeTask(taskId);
      const again = await directory.openTask(taskId, [storeFormat('entries')], rocksDbOptions);
      expect(again.inputOffset('input', 0)).toBe(7);
      await directory.wipeTask(taskId);
    } finally {
      await directory.close();
    }
  });
});
