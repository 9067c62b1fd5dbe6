import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { openMemoryState } from '../../src/state/memory-state';
import { openRocksDbState } from '../../src/state/rocksdb-state';
import type { ScanBounds, StateDatabase, StoreFormat, StoreHandle } from '../../src/state/state-database';
import { StateDatabaseClosedError } from '../../src/state/state-database-errors';
import { rocksDbOptions, storeFormat } from './state-fixtures';

const stores: StoreFormat[] = [storeFormat('counts'), storeFormat('names')];

let parent: string;
let database: StateDatabase;
let opened = 0;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'millrace-state-'));
});
afterAll(() => rm(parent, { recursive: true }));
afterEach(() => database.close());

const backends: [string, () => Promise<StateDatabase>][] = [
  ['rocksdb', () => openRocksDbState(join(parent, String(opened++)), stores, rocksDbOptions)],
  ['memory', async () => openMemoryState('task 0_0', stores)],
];

async function put(store: StoreHandle, entries: readonly (readonly [string, string | undefined])[]): Promise<void> {
  const write = database.write();
  for (const [key, value] of entries) {
    const stored = store.prefixed(Buffer.from(key));
    if (value === undefined) write.delete(store, stored);
    else write.put(store, stored, Buffer.from(value));
  }
  await write.commit();
}

async function get(store: StoreHandle, ...keys: string[]): Promise<(string | undefined)[]> {
  const values = await database.getMany(
    store,
    keys.map((key) => store.prefixed(Buffer.from(key))),
  );
  return values.map((value) => value?.toString());
}

async function scan(store: StoreHandle, bounds?: ScanBounds): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const [key, value] of database.scan(store, bounds))
    found.push([key.subarray(store.prefixLength).toString(), value.toString()]);
  return found;
}

describe.each(backends)('a %s state database', (_name, open) => {
  let counts: StoreHandle;
  let names: StoreHandle;

  beforeEach(async () => {
    database = await open();
    counts = database.store('counts');
    names = database.store('names');
  });

  it('is new, empty and without positions at first', async () => {
    expect(database.isNew).toBe(true);
    expect(database.inputOffset('words', 0)).toBeUndefined();
    expect(database.changelogPosition('counts')).toBeUndefined();
    expect(await get(counts, 'a')).toEqual([undefined]);
    expect(await scan(counts)).toEqual([]);
  });

  it('gives values in the order asked for, missing and repeated keys included', async () => {
    await put(counts, [
      ['a', '1'],
      ['b', ''],
      ['', 'the empty key'],
    ]);
    expect(await get(counts, 'b', 'x', 'a', 'a', '')).toEqual(['', undefined, '1', '1', 'the empty key']);
    expect(await get(counts)).toEqual([]);
  });

  it('reads many keys at once', async () => {
    const entries = Array.from({ length: 3001 }, (_, n) => [`key-${n}`, String(n)] as const);
    await put(counts, entries);
    expect(await get(counts, ...entries.map(([key]) => key), 'missing')).toEqual([
      ...entries.map(([, value]) => value),
      undefined,
    ]);
  });

  it('keeps stores apart', async () => {
    await put(counts, [['a', 'count']]);
    await put(names, [['a', 'name']]);
    await put(counts, [['a', undefined]]);
    expect(await get(counts, 'a')).toEqual([undefined]);
    expect(await scan(names)).toEqual([['a', 'name']]);
    expect(() => database.store('unknown')).toThrow(/no store 'unknown'/);
  });

  it('shows a write and its positions only after the commit, the last change of a key winning', async () => {
    const key = counts.prefixed(Buffer.from('a'));
    const write = database.write();
    write.put(counts, key, Buffer.from('1'));
    write.delete(counts, key);
    write.put(counts, key, Buffer.from('2'));
    write.setInputOffset('words', 3, 17);
    write.setChangelogPosition('counts', 5);
    expect(await get(counts, 'a')).toEqual([undefined]);
    expect(database.inputOffset('words', 3)).toBeUndefined();
    await write.commit();
    expect(await get(counts, 'a')).toEqual(['2']);
    expect(database.inputOffset('words', 3)).toBe(17);
    expect(database.inputOffset('words', 2)).toBeUndefined();
    expect(database.changelogPosition('counts')).toBe(5);
    expect(() => write.put(counts, key, Buffer.from('3'))).toThrow(/committed already/);
  });

  it('takes copies, so that buffers can be used again at once', async () => {
    const key = counts.prefixed(Buffer.from('a'));
    const value = Buffer.from('1');
    const write = database.write();
    write.put(counts, key, value);
    key.fill(0xff);
    value.fill(0xff);
    await write.commit();
    expect(await get(counts, 'a')).toEqual(['1']);
  });

  it('applies writes in the order of their commits, without waiting in between', async () => {
    const key = counts.prefixed(Buffer.from('a'));
    await Promise.all(
      Array.from({ length: 200 }, (_, n) => {
        const write = database.write();
        write.put(counts, key, Buffer.from(String(n)));
        write.setInputOffset('words', 0, n);
        return write.commit();
      }),
    );
    expect(await get(counts, 'a')).toEqual(['199']);
    expect(database.inputOffset('words', 0)).toBe(199);
  });

  it('scans in the order of bytes, between any bounds, in both directions', async () => {
    const keys = fc.uniqueArray(
      fc.uint8Array({ maxLength: 3, min: 0, max: 4 }).map((bytes) => Buffer.from(bytes)),
      {
        selector: (key) => key.toString('hex'),
      },
    );
    const bound = fc.option(fc.uint8Array({ maxLength: 3, min: 0, max: 5 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(keys, bound, bound, bound, bound, fc.boolean(), async (present, gte, gt, lt, lte, reverse) => {
        const write = database.write();
        for (const [key] of await entriesOf(counts)) write.delete(counts, key);
        for (const key of present) write.put(counts, counts.prefixed(key), key);
        // Entries of the other store lie right behind.
        write.put(names, names.prefixed(Buffer.from('a')), Buffer.from('b'));
        await write.commit();
        const bounds = {
          ...(gte && { gte: counts.prefixed(gte) }),
          ...(gt && { gt: counts.prefixed(gt) }),
          ...(lt && { lt: counts.prefixed(lt) }),
          ...(lte && { lte: counts.prefixed(lte) }),
          reverse,
        };
        const expected = present
          .filter(
            (key) =>
              (!gte || Buffer.compare(key, gte) >= 0) &&
              (!gt || Buffer.compare(key, gt) > 0) &&
              (!lt || Buffer.compare(key, lt) < 0) &&
              (!lte || Buffer.compare(key, lte) <= 0),
          )
          .sort(Buffer.compare);
        if (reverse) expected.reverse();
        const found = await entriesOf(counts, bounds);
        expect(found.map(([key]) => key.subarray(counts.prefixLength).toString('hex'))).toEqual(
          expected.map((key) => key.toString('hex')),
        );
        expect(found.every(([key, value]) => key.subarray(counts.prefixLength).equals(value))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  async function entriesOf(store: StoreHandle, bounds?: ScanBounds): Promise<(readonly [Buffer, Buffer])[]> {
    const found: (readonly [Buffer, Buffer])[] = [];
    for await (const entry of database.scan(store, bounds)) found.push(entry);
    return found;
  }

  it('scans the state as it was when the scan began, however long it takes', async () => {
    const entries = Array.from({ length: 5000 }, (_, n) => [`key-${String(n).padStart(5, '0')}`, 'before'] as const);
    await put(counts, entries);
    const seen: [string, string][] = [];
    for await (const [key, value] of database.scan(counts)) {
      if (seen.length === 0)
        await put(counts, [
          ['key-00001', undefined],
          ['key-02500', 'after'],
          ['key-99999', 'after'],
        ]);
      seen.push([key.subarray(counts.prefixLength).toString(), value.toString()]);
    }
    expect(seen).toEqual(entries);
    expect(await scan(counts, { gte: counts.prefixed(Buffer.from('key-04999')) })).toEqual([
      ['key-04999', 'before'],
      ['key-99999', 'after'],
    ]);
  });

  it('lets a scan end early, and closes while one is open', async () => {
    await put(
      counts,
      Array.from({ length: 3000 }, (_, n) => [`key-${n}`, String(n)] as const),
    );
    for await (const entry of database.scan(counts)) {
      expect(entry).toHaveLength(2);
      break;
    }
    const half = database.scan(counts)[Symbol.asyncIterator]();
    expect((await half.next()).done).toBe(false);
    await database.close();
    await expect(
      (async () => {
        while (!(await half.next()).done);
      })(),
    ).rejects.toThrow(StateDatabaseClosedError);
  });

  it('finishes what is under way before it closes, and refuses what comes after', async () => {
    const write = database.write();
    const late = database.write();
    write.put(counts, counts.prefixed(Buffer.from('a')), Buffer.from('1'));
    const committed = write.commit();
    const closed = database.close();
    await expect(committed).resolves.toBeUndefined();
    await closed;
    await expect(database.getMany(counts, [counts.prefixed(Buffer.from('a'))])).rejects.toThrow(
      StateDatabaseClosedError,
    );
    await expect(late.commit()).rejects.toThrow(StateDatabaseClosedError);
    await expect(scan(counts)).rejects.toThrow(StateDatabaseClosedError);
    expect(() => database.write()).toThrow(StateDatabaseClosedError);
    await expect(database.close()).resolves.toBeUndefined();
  });

  it('knows about how many entries it has', async () => {
    await put(
      counts,
      Array.from({ length: 1000 }, (_, n) => [`key-${n}`, String(n)] as const),
    );
    expect(database.approximateEntries()).toBeGreaterThanOrEqual(1000);
    expect(database.approximateEntries()).toBeLessThan(1010);
  });
});
