/**
 * How long the snapshot of a task's state takes, which is how long its writes wait, by size and count of files; and how long the event
 * loop is held meanwhile.
 *
 *     node --import tsx bench/micro/snapshot.ts [--megabytes 1024] [--write-buffer-mb 4] [--snapshots 30] [--backend memory] [--writing]
 *
 * With `--writing`, entries are written between snapshots, so that flushes and compactions go on during them. Prints JSON lines.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { openMemoryState } from '../../src/state/memory-state';
import { openRocksDbState } from '../../src/state/rocksdb-state';
import type { StateDatabase } from '../../src/state/state-database';

const { values: args } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '1024' },
    'write-buffer-mb': { type: 'string', default: '4' },
    snapshots: { type: 'string', default: '30' },
    backend: { type: 'string', default: 'rocksdb' },
    writing: { type: 'boolean', default: false },
  },
});
const VALUE_BYTES = 1000;
const BATCH = 2000;
const stores = [{ name: 'entries', kind: 'key-value', keySerde: { name: 'x' }, valueSerde: { name: 'x' } }] as const;

let written = 0;
async function writeEntries(database: StateDatabase, count: number): Promise<void> {
  const store = database.store('entries');
  for (let done = 0; done < count; done += BATCH) {
    const write = database.write();
    for (let index = 0; index < BATCH; index++) {
      // In no order, so that files overlap and are compacted.
      const key = Buffer.from(String((written++ * 2_654_435_761) % 4_294_967_296));
      write.put(store, store.prefixed(key), Buffer.alloc(VALUE_BYTES, written));
    }
    await write.commit();
  }
}

async function main(): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  const database =
    args.backend === 'memory'
      ? openMemoryState('bench', stores)
      : await openRocksDbState(join(parent, 'db'), stores, {
          blockCacheBytes: 8 << 20,
          writeBufferBytes: Math.round(Number(args['write-buffer-mb']) * 2 ** 20),
          maxOpenFiles: 256,
        });
  try {
    await writeEntries(database, (Number(args.megabytes) * 2 ** 20) / VALUE_BYTES);
    const times: number[] = [];
    let files = 0;
    let bytes = 0;
    let heldMs = 0;
    for (let number = 0; number < Number(args.snapshots); number++) {
      if (args.writing) await writeEntries(database, 20_000);
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      const startedAt = performance.now();
      const snapshot = await database.snapshot(join(parent, 'snapshots', String(number)));
      times.push(performance.now() - startedAt);
      delay.disable();
      heldMs = Math.max(heldMs, delay.max / 1e6);
      const found = await snapshot.files();
      files = found.length;
      bytes = found.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
      await snapshot.release();
    }
    times.sort((a, b) => a - b);
    const round = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;
    console.log(
      JSON.stringify({
        bench: 'snapshot',
        backend: args.backend,
        writing: args.writing,
        files,
        megabytes: Math.round(bytes / 2 ** 20),
        medianMs: round(times[times.length >>> 1]!),
        maxMs: round(times.at(-1)!),
        eventLoopHeldMs: round(heldMs),
      }),
    );
    await database.close();
  } finally {
    await rm(parent, { recursive: true });
  }
}

void main();
