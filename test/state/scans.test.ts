import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { serdes } from '../../src/serde/serdes';
import { EpochStore } from '../../src/state/epoch-store';
import { openMemoryState } from '../../src/state/memory-state';
import { openRocksDbState } from '../../src/state/rocksdb-state';
import type { StateDatabase } from '../../src/state/state-database';
import type { StoreDefinition } from '../../src/topology/graph';
import { rocksDbOptions } from './state-fixtures';

const definition: StoreDefinition = {
  kind: 'key-value',
  name: 'letters',
  keySerde: serdes.string,
  valueSerde: serdes.int32,
  changelog: true,
  backend: 'memory',
};

// Also the last character of one byte, and ones of several bytes, whose order differs from that of JavaScript's strings.
const key = fc
  .array(fc.constantFrom('a', 'b', 'c', '\u007f', 'é', '\uffee', '\u{1f600}'), { minLength: 1, maxLength: 3 })
  .map((letters) => letters.join(''));
const change = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('put' as const), key, value: fc.nat(99) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.constantFrom({ type: 'seal' as const }, { type: 'commit' as const }) },
);

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

async function list<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

let parent: string;
let opened = 0;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'millrace-scans-'));
});

afterAll(() => rm(parent, { recursive: true, force: true }));

const backends: readonly (readonly [string, number, () => Promise<StateDatabase>])[] = [
  ['memory', 300, async () => openMemoryState('test', [definition])],
  ['rocksdb', 15, () => openRocksDbState(join(parent, String(opened++)), [definition], rocksDbOptions)],
];

describe.each(backends)('scans of a store (%s)', (_name, numRuns, open) => {
  it('see the open and the sealed epoch over the database, in both directions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 40 }), key, key, async (changes, one, other) => {
        const database = await open();
        const store = new EpochStore<string, number>(definition, database, { timestamp: 0 }, 1 << 16, true);
        const model = new Map<string, number>();
        let unwritten: (() => Promise<void>) | undefined;
        const writeSealed = async (): Promise<void> => {
          await unwritten?.();
          unwritten = undefined;
        };
        for (const step of changes) {
          if (step.type === 'put') {
            store.put(step.key, step.value);
            model.set(step.key, step.value);
          } else if (step.type === 'delete') {
            store.delete(step.key);
            model.delete(step.key);
          } else {
            await writeSealed();
            const write = database.write();
            if (!store.seal(write)) continue;
            unwritten = async () => {
              await write.commit();
              store.sealedWritten();
            };
            if (step.type === 'commit') await writeSealed();
          }
        }
        const sorted = [...model].sort(([a], [b]) => byBytes(a, b));
        const [from, to] = [one, other].sort(byBytes) as [string, string];
        const within = sorted.filter(([name]) => byBytes(name, from) >= 0 && byBytes(name, to) <= 0);
        const prefixed = sorted.filter(([name]) => name.startsWith(one));
        expect(await list(store.all())).toEqual(sorted);
        expect(await list(store.reverseAll())).toEqual([...sorted].reverse());
        expect(await list(store.range(from, to))).toEqual(within);
        expect(await list(store.reverseRange(from, to))).toEqual([...within].reverse());
        expect(await list(store.prefixScan(one))).toEqual(prefixed);
        expect(await list(store.prefixScan(Buffer.from(one)))).toEqual(prefixed);
        await writeSealed();
        await database.close();
      }),
      { numRuns },
    );
  });
});

describe('a store', () => {
  it('finds a prefix of the highest bytes', async () => {
    const binary: StoreDefinition = { ...definition, keySerde: serdes.bytes };
    const database = openMemoryState('test', [binary]);
    const store = new EpochStore<Buffer, number>(binary, database, { timestamp: 0 }, 1 << 16, true);
    store.put(Buffer.from([0xff]), 1);
    store.put(Buffer.from([0xff, 0xff]), 2);
    store.put(Buffer.from([0xfe]), 3);
    expect((await list(store.prefixScan(Buffer.from([0xff])))).map(([, value]) => value)).toEqual([1, 2]);
  });

  it('puts a value where there is none, and only there', async () => {
    const database = openMemoryState('test', [definition]);
    const store = new EpochStore<string, number>(definition, database, { timestamp: 0 }, 0, false);
    expect(await store.putIfAbsent('a', 1)).toBeUndefined();
    expect(await store.putIfAbsent('a', 2)).toBe(1);
    expect(await store.get('a')).toBe(1);
  });
});
