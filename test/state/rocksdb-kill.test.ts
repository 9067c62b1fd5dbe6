import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openRocksDbState } from '../../src/state/rocksdb-state';
import { foldedEntries, readBothWays } from './batches';
import { seededRandom } from './seeded-random';
import { rocksDbOptions, storeFormat } from './state-fixtures';

const KILLS = Number(process.env['MILLRACE_TEST_KILLS'] ?? 12);
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 1e6));

describe('a process that is killed while it writes', () => {
  it(
    `leaves exactly a prefix of its writes, with the positions of that prefix (seed ${seed}, ${KILLS} kills)`,
    async () => {
      const random = seededRandom(seed);
      const directory = await mkdtemp(join(tmpdir(), 'millrace-kill-'));
      try {
        let written = 0;
        for (let kill = 0; kill < KILLS; kill++) {
          const acknowledged = await writeUntilKilled(directory, 1 + Math.floor(random() * 60));
          const database = await openRocksDbState(directory, [storeFormat('entries')], rocksDbOptions);
          const prefix = database.inputOffset('input', 0)!;
          expect(database.isNew).toBe(false);
          expect(prefix).toBeGreaterThanOrEqual(Math.max(acknowledged, written));
          expect(database.changelogPosition('entries')).toBe(prefix * 2);
          const [scanned, got] = await readBothWays(database);
          const expected = foldedEntries(seed, prefix);
          expect(scanned).toEqual(expected);
          expect(got).toEqual(expected);
          await database.close();
          written = prefix;
        }
      } finally {
        await rm(directory, { recursive: true });
      }
    },
    KILLS * 10_000,
  );
});

/** Kills the writer after it said so many times that writes are done. Returns how many writes it said were done. */
async function writeUntilKilled(directory: string, reports: number): Promise<number> {
  const writer = spawn(
    process.execPath,
    ['--import', 'tsx', join(__dirname, 'write-batches.ts'), directory, String(seed)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exit = once(writer, 'exit');
  let acknowledged = 0;
  let seen = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged = Number(line);
    if (++seen === reports) writer.kill('SIGKILL');
  }
  expect(await exit).toEqual([null, 'SIGKILL']);
  return acknowledged;
}
