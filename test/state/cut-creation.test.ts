import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateDirectory } from '../../src/state/state-directory';
import { rocksDbOptions, storeFormat } from './state-fixtures';

describe('a process that died while it made the directories of a task', () => {
  const parent = mkdtempSync(join(tmpdir(), 'millrace-cut-'));

  afterAll(() => rmSync(parent, { recursive: true }));

  it('leaves a task that counts for nothing, and that opens as a new one', async () => {
    mkdirSync(join(parent, 'app/tasks/0_0'), { recursive: true });
    const directory = await StateDirectory.open(parent, 'app');
    try {
      expect(await directory.localTasks()).toEqual([]);
      const database = await directory.openTask('0_0', [storeFormat('entries')], rocksDbOptions);
      expect(database.isNew).toBe(true);
    } finally {
      await directory.close();
    }
  });
});
