import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serdes } from '../../src/serde/serdes';
import { MEMORY_FILE } from '../../src/state/memory-file';
import { openMemoryState } from '../../src/state/memory-state';
import { loadMemoryStores } from '../../src/state/memory-snapshot';
import { stampValue } from '../../src/state/entry-codec';
import { openRocksDbState } from '../../src/state/rocksdb-state';
import { SnapshotEntries } from '../../src/state/snapshot-entries';
import { SplitState } from '../../src/state/split-state';
import type { StateDatabase } from '../../src/state/state-database';
import { StateCorruptedError, StateIncompatibleError } from '../../src/state/state-database-errors';
import type { StoreDefinition } from '../../src/topology/graph';
import { copySnapshot } from './copy-snapshot';
import { seededRandom } from './seeded-random';
import { rocksDbOptions } from './state-fixtures';

const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 1e6));

function definition(name: string, kind: StoreDefinition['kind'], backend: StoreDefinition['backend']): StoreDefinition {
  return { kind, name, backend, changelog: true, keySerde: serdes.string, valueSerde: serdes.string };
}

const disk = definition('disk', 'timestamped-key-value', 'rocksdb');
const plain = definition('plain', 'key-value', 'rocksdb');
const memory = definition('memory', 'key-value', 'memory');
const windows = definition('windows', 'time-windows', 'memory');
const all = [disk, plain, memory, windows];
const inMemory = [memory, windows];

/** By store: key, value, timestamp. */
type Model = Map<string, Map<string, [value: string, timestamp: number | undefined]>>;

let parent: string;
let opened = 0;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'millrace-mixed-'));
});
afterEach(() => rm(parent, { recursive: true }));

async function openState(backend: string): Promise<{ database: StateDatabase; stores: readonly StoreDefinition[] }> {
  if (backend === 'memory') return { database: openMemoryState('task 0_0', inMemory), stores: inMemory };
  const durable = await openRocksDbState(join(parent, `db-${opened++}`), [disk, plain], {
    ...rocksDbOptions,
    writeBufferBytes: 1 << 16,
  });
  if (backend === 'rocksdb') return { database: durable, stores: [disk, plain] };
  const split = new SplitState(
    durable,
    openMemoryState('task 0_0', inMemory),
    new Set(inMemory.map(({ name }) => name)),
  );
  return { database: split, stores: all };
}

const isTimestamped = (store: StoreDefinition): boolean => store === disk || store === windows;

/** One write of random changes to all stores; keys and values from empty to large. */
async function change(
  database: StateDatabase,
  stores: readonly StoreDefinition[],
  model: Model,
  random: () => number,
  position: number,
): Promise<void> {
  const write = database.write();
  for (const store of stores) {
    const entries = model.get(store.name) ?? new Map<string, [string, number | undefined]>();
    model.set(store.name, entries);
    const handle = database.store(store.name);
    for (let index = Math.floor(random() * 300); index > 0; index--) {
      const key = random() < 0.01 ? '' : `key-${Math.floor(random() * 500)}`;
      if (random() < 0.2) {
        write.delete(handle, handle.prefixed(Buffer.from(key)));
        entries.delete(key);
        continue;
      }
      const value = 'v'.repeat(Math.floor(random() * (random() < 0.002 ? 600_000 : 60)));
      const timestamp = isTimestamped(store) ? Math.floor(random() * 2 ** 42) : undefined;
      const bytes = Buffer.from(value);
      write.put(
        handle,
        handle.prefixed(Buffer.from(key)),
        timestamp === undefined ? bytes : stampValue(bytes, timestamp),
      );
      entries.set(key, [value, timestamp]);
    }
    write.setChangelogPosition(store.name, position);
  }
  write.setInputOffset('input', 0, position);
  await write.commit();
}

async function readEntries(directory: string, stores: readonly StoreDefinition[]): Promise<Model> {
  const found: Model = new Map();
  const snapshot = await SnapshotEntries.open(directory, stores);
  try {
    for (const store of stores) {
      const entries = new Map<string, [string, number | undefined]>();
      for await (const { key, value, timestamp } of snapshot.of(store))
        entries.set(key.toString(), [value.toString(), timestamp]);
      found.set(store.name, entries);
    }
  } finally {
    await snapshot.close();
  }
  return found;
}

const copyOf = (model: Model): Model => new Map([...model].map(([name, entries]) => [name, new Map(entries)]));

describe.each(['rocksdb', 'memory', 'mixed'])('a snapshot of a task with stores of this backend: %s', (backend) => {
  it(`gives back every entry as its changelog has it, of the moment of the cut (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const { database, stores } = await openState(backend);
    const model: Model = new Map();
    for (let round = 1; round <= 12; round++) {
      for (let index = 0; index < 4; index++) await change(database, stores, model, random, round);
      const expected = copyOf(model);
      const snapshot = await database.snapshot(join(parent, `snapshot-${round}`));
      await change(database, stores, model, random, round + 0.5);
      const copy = join(parent, 'copy');
      await copySnapshot(snapshot, copy);
      await snapshot.release();
      expect(await readEntries(copy, stores)).toEqual(expected);
      // And not changed by having been read.
      expect(await readEntries(copy, stores)).toEqual(expected);
      await rm(copy, { recursive: true });
    }
    await database.close();
  });
});

describe('the stores in memory of a snapshot', () => {
  async function snapshotInMemory(): Promise<{ directory: string; model: Model }> {
    const { database, stores } = await openState('memory');
    const model: Model = new Map();
    for (let round = 1; round <= 5; round++) await change(database, stores, model, seededRandom(seed + round), round);
    const directory = join(parent, 'snapshot');
    const snapshot = await database.snapshot(directory);
    // What is written after closing was listed before.
    await database.close();
    await snapshot.files();
    return { directory, model };
  }

  it('are put back with their changelog positions, in whatever order the topology has them now', async () => {
    const { directory, model } = await snapshotInMemory();
    const stores = [definition('new', 'key-value', 'memory'), windows, memory];
    const database = openMemoryState('task 0_0', stores);
    const entries = [...model.values()].reduce((sum, { size }) => sum + size, 0);
    expect(await loadMemoryStores(directory, database, stores)).toBe(entries);
    expect(database.approximateEntries()).toBe(entries);
    expect(database.changelogPosition('memory')).toBe(5);
    expect(database.changelogPosition('new')).toBeUndefined();
    for (const store of inMemory) {
      const found = new Map<string, string>();
      for await (const [key, value] of database.scan(database.store(store.name)))
        found.set(key.subarray(2).toString(), value.subarray(isTimestamped(store) ? 8 : 0).toString());
      expect(found).toEqual(new Map([...model.get(store.name)!].map(([key, [value]]) => [key, value])));
    }
  });

  it('are left out when the topology has them no more, and refused when they are others now', async () => {
    const { directory, model } = await snapshotInMemory();
    const database = openMemoryState('task 0_0', [memory]);
    expect(await loadMemoryStores(directory, database, [memory])).toBe(model.get('memory')!.size);
    const other = definition('memory', 'session-windows', 'memory');
    await expect(loadMemoryStores(directory, database, [other])).rejects.toThrow(StateIncompatibleError);
    await expect(SnapshotEntries.open(directory, [other])).rejects.toThrow(StateIncompatibleError);
  });

  it('are none in a snapshot without them', async () => {
    await mkdir(join(parent, 'empty'));
    expect(await loadMemoryStores(join(parent, 'empty'), openMemoryState('task', inMemory), inMemory)).toBe(0);
  });

  it(`are refused when any byte is wrong, or the file is cut (seed ${seed})`, async () => {
    const { directory } = await snapshotInMemory();
    const random = seededRandom(seed);
    const path = join(directory, MEMORY_FILE);
    const sound = await readFile(path);
    const offsets = [0, 9, sound.length - 1, sound.length - 6];
    while (offsets.length < 40) offsets.push(Math.floor(random() * sound.length));
    const refused = async (): Promise<void> => {
      const database = openMemoryState('task', inMemory);
      await expect(loadMemoryStores(directory, database, inMemory)).rejects.toThrow(StateCorruptedError);
      expect(database.approximateEntries()).toBe(0);
      await expect(SnapshotEntries.open(directory, inMemory)).rejects.toThrow(StateCorruptedError);
    };
    for (const offset of offsets) {
      const damaged = Buffer.from(sound);
      damaged[offset]! ^= 1 << Math.floor(random() * 8);
      await writeFile(path, damaged);
      await refused();
    }
    for (const length of [0, 3, 12, Math.floor(sound.length / 2), sound.length - 1]) {
      await writeFile(path, sound);
      await truncate(path, length);
      await refused();
    }
  });
});
