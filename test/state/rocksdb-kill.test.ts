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

describe('a process that is killed while it opens its state or writes', () => {
  it(
    `leaves exactly a prefix of its writes, with the positions of that prefix (seed ${seed}, ${KILLS} kills)`,
    async () => {
      const random = seededRandom(seed);
      const directory = await mkdtemp(join(tmpdir(), 'millrace-kill-'));
      try {
        // A process killed while it makes a new database leaves one that is refused; there is nothing in it to lose.
        await (await openRocksDbState(directory, [storeFormat('entries')], rocksDbOptions)).close();
        let written = 0;
        for (let kill = 0; kill < KILLS; kill++) {
          // Twice in a row while it opens: replaying the logs must itself stand a kill.
          const duringOpen = kill % 3 !== 2;
          const acknowledged = await runUntilKilled(
            directory,
            duringOpen ? { afterMs: random() * 60 } : { reports: 1 + Math.floor(random() * 60) },
          );
          if (duringOpen && kill % 3 === 0) continue;
          const database = await openRocksDbState(directory, [storeFormat('entries')], rocksDbOptions);
          const prefix = database.inputOffset('input', 0) ?? 0;
          expect(prefix).toBeGreaterThanOrEqual(Math.max(acknowledged, written));
          expect(database.changelogPosition('entries') ?? 0).toBe(prefix * 2);
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

/**
 * Starts a writer and kills it: so long after it began to open its state, or when it said so many times that writes are done.
 *
 * @returns how many writes it said were done
 */
async function runUntilKilled(directory: string, kill: { afterMs: number } | { reports: number }): Promise<number> {
  const script = join(__dirname, 'write-batches.ts');
  const writer = spawn(process.execPath, ['--import', 'tsx', script, directory, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(writer, 'exit');
  let acknowledged = 0;
  let reports = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    if (line === 'opening') {
      if ('afterMs' in kill) setTimeout(() => writer.kill('SIGKILL'), kill.afterMs);
    } else {
      acknowledged = Number(line);
      if ('reports' in kill && ++reports === kill.reports) writer.kill('SIGKILL');
    }
  }
  expect(await exit).toEqual([null, 'SIGKILL']);
  return acknowledged;
}
