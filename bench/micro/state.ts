/**
 * What a task's state costs, alone: writing, reading, scanning, opening, memory; and the byte cache in front of it.
 *
 *     node --import tsx bench/micro/state.ts [--entries 1000000] [--databases 1] [--block-cache-mb 8] [--write-buffer-mb 4]
 *
 * Prints JSON lines. On a machine that does other things too, compare `perCpuSecond` (all threads), not `perSecond`.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ByteCache } from '../../src/state/byte-cache';
import { openRocksDbState, type RocksDbOptions } from '../../src/state/rocksdb-state';
import type { StateDatabase, StoreHandle } from '../../src/state/state-database';

const { values: args } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    databases: { type: 'string', default: '1' },
    'block-cache-mb': { type: 'string', default: '8' },
    'write-buffer-mb': { type: 'string', default: '4' },
    'max-open-files': { type: 'string', default: '64' },
  },
});
const ENTRIES = Number(args.entries);
const DATABASES = Number(args.databases);
const READS = 400_000;
const BATCH = 20_000;
const KEY_BYTES = 16;
const options: RocksDbOptions = {
  blockCacheBytes: Number(args['block-cache-mb']) * 2 ** 20,
  writeBufferBytes: Number(args['write-buffer-mb']) * 2 ** 20,
  maxOpenFiles: Number(args['max-open-files']),
};

function report(name: string, fields: Record<string, number>): void {
  console.log(JSON.stringify({ bench: 'state', case: name, entries: ENTRIES, databases: DATABASES, ...fields }));
}

async function measure(
  name: string,
  count: number,
  work: () => Promise<void> | void,
  more: Record<string, number> = {},
): Promise<void> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  report(name, {
    ...more,
    perSecond: Math.round(count / seconds),
    perCpuSecond: Math.round(count / cpuSeconds),
    milliseconds: Math.round(seconds * 1000),
  });
}

/** Key n, in no order, as bytes of text are. */
function writeKey(target: Buffer, start: number, n: number): void {
  const mixed = Math.imul(n, 0x9e3779b1) >>> 0;
  for (let digit = 0; digit < 8; digit++) target[start + KEY_BYTES - 1 - digit] = 97 + ((mixed >>> (digit * 4)) & 15);
}

const keyBuffer = Buffer.alloc(BATCH * (KEY_BYTES + 2), 'u');
const value = Buffer.alloc(16);

class KeyBatch {
  readonly keys: Buffer[];
  constructor(store: StoreHandle, size: number) {
    const prefix = store.prefixed(Buffer.alloc(0));
    const stride = KEY_BYTES + prefix.length;
    this.keys = Array.from({ length: size }, (_, index) => keyBuffer.subarray(index * stride, (index + 1) * stride));
    for (const key of this.keys) prefix.copy(key);
  }
  set(index: number, n: number): Buffer {
    const key = this.keys[index]!;
    writeKey(key, key.length - KEY_BYTES, n);
    return key;
  }
}

async function fill(database: StateDatabase, from: number): Promise<void> {
  const store = database.store('counts');
  const batch = new KeyBatch(store, 1);
  for (let start = 0; start < ENTRIES / DATABASES; start += BATCH) {
    const write = database.write();
    for (let n = start; n < start + BATCH; n++) {
      value.writeBigInt64BE(1_700_000_000_000n + BigInt(n), 0);
      value.writeInt32BE(n, 12);
      write.put(store, batch.set(0, from + n), value);
    }
    write.setInputOffset('input', 0, start + BATCH);
    await write.commit();
  }
}

async function main(): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'millrace-bench-state-'));
  const stores = [
    { name: 'counts', kind: 'timestamped-key-value', keySerde: { name: 'string' }, valueSerde: { name: 'int64' } },
  ] as const;
  const open = (index: number): Promise<StateDatabase> =>
    openRocksDbState(join(parent, String(index)), stores, options);
  try {
    const rssBefore = process.memoryUsage.rss();
    let databases = await Promise.all(Array.from({ length: DATABASES }, (_, index) => open(index)));
    await measure('write', ENTRIES, async () => {
      for (const [index, database] of databases.entries()) await fill(database, index * (ENTRIES / DATABASES));
    });
    await measure('overwrite', ENTRIES, async () => {
      for (const [index, database] of databases.entries()) await fill(database, index * (ENTRIES / DATABASES));
    });
    report('memory after writing', { rssGrowthMb: Math.round((process.memoryUsage.rss() - rssBefore) / 2 ** 20) });
    for (const database of databases) await database.close();

    await measure('open', DATABASES, async () => {
      databases = await Promise.all(databases.map((_, index) => open(index)));
    });
    const database = databases[0]!;
    const store = database.store('counts');
    let random = 1;
    const next = (bound: number): number => {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      return Math.floor((random / 2 ** 32) * bound);
    };
    for (const size of [64, 512, 4096, 16384]) {
      const batch = new KeyBatch(store, size);
      for (const [name, offset] of [
        ['getMany hit', 0],
        ['getMany miss', 0x4000_0000],
      ] as const) {
        await measure(
          name,
          READS,
          async () => {
            for (let read = 0; read < READS; read += size) {
              for (let index = 0; index < size; index++) batch.set(index, offset + next(ENTRIES / DATABASES));
              await database.getMany(store, batch.keys);
            }
          },
          { batch: size },
        );
      }
    }
    const scanned = Math.min(1_000_000, ENTRIES / DATABASES);
    await measure('scan', scanned, async () => {
      let seen = 0;
      for await (const [key] of database.scan(store)) if (key.length > 0 && ++seen === scanned) break;
    });
    for (const other of databases.slice(1)) {
      const batch = new KeyBatch(other.store('counts'), 4096);
      for (let index = 0; index < 4096; index++) batch.set(index, next(ENTRIES));
      await other.getMany(other.store('counts'), batch.keys);
    }
    let diskBytes = 0;
    for (const name of await readdir(parent, { recursive: true })) diskBytes += (await stat(join(parent, name))).size;
    report('memory after reading', {
      rssGrowthMb: Math.round((process.memoryUsage.rss() - rssBefore) / 2 ** 20),
      diskMb: Math.round(diskBytes / 2 ** 20),
    });
    for (const each of databases) await each.close();
  } finally {
    await rm(parent, { recursive: true });
  }
  await benchCache();
}

async function benchCache(): Promise<void> {
  const cache = new ByteCache(Math.max(1, ENTRIES / 1e6) * 64e6, true);
  const key = Buffer.alloc(KEY_BYTES, 'u');
  const entry = Buffer.alloc(8);
  await measure('cache insert', ENTRIES, () => {
    for (let n = 0; n < ENTRIES; n++) {
      writeKey(key, 0, n);
      cache.set(key, entry);
    }
  });
  await measure('cache update', ENTRIES, () => {
    for (let n = 0; n < ENTRIES; n++) {
      writeKey(key, 0, n);
      cache.set(key, entry);
    }
  });
  for (const keys of [10_000, ENTRIES]) {
    let hits = 0;
    let random = 1;
    await measure(
      'cache get',
      2_000_000,
      () => {
        for (let read = 0; read < 2_000_000; read++) {
          random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
          writeKey(key, 0, Math.floor((random / 2 ** 32) * keys));
          if (cache.get(key, 0, KEY_BYTES)) hits++;
        }
      },
      { keys },
    );
    if (hits !== 2_000_000) throw new Error(`${hits} hits`);
  }
  report('cache memory', { megabytes: Math.round(cache.sizeInBytes / 1e6) });
}

void main();
