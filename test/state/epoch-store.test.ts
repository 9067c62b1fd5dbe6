import fc from 'fast-check';
import { serdes } from '../../src/serde/serdes';
import { EpochStore } from '../../src/state/epoch-store';
import { openMemoryState } from '../../src/state/memory-state';
import type { StateDatabase, StateWrite } from '../../src/state/state-database';
import type { StoreDefinition } from '../../src/topology/graph';

const definition: StoreDefinition = {
  kind: 'timestamped-key-value',
  name: 'counts',
  keySerde: serdes.string,
  valueSerde: serdes.json<{ n: number }>(),
  changelog: true,
  backend: 'memory',
};

interface Setup {
  readonly store: EpochStore<string, { n: number }>;
  readonly database: StateDatabase;
  /** Of an epoch that is sealed and not committed. */
  underWay?: StateWrite | undefined;
}

function setUp(cacheBytes: number, { valueSerde = definition.valueSerde }: Partial<StoreDefinition> = {}): Setup {
  const own = { ...definition, valueSerde };
  const database = openMemoryState('test', [own]);
  const store = new EpochStore<string, { n: number }>(own, database, { timestamp: 7 }, cacheBytes, true);
  return { store, database };
}

async function commit(setup: Setup): Promise<void> {
  await beginCommit(setup);
  await endCommit(setup);
}

/** Seals the open epoch. What comes until `endCommit` comes while its commit is under way. */
async function beginCommit(setup: Setup): Promise<void> {
  await endCommit(setup);
  const write = setup.database.write();
  if (setup.store.seal(write)) setup.underWay = write;
}

async function endCommit(setup: Setup): Promise<void> {
  const { underWay, store } = setup;
  if (underWay === undefined) return;
  setup.underWay = undefined;
  await underWay.commit();
  store.sealedWritten();
}

/** What the open epoch changed, as the changelog has it. */
function sealed({ store, database }: Setup): [key: string, value: string | undefined][] {
  const changes: [string, string | undefined][] = [];
  store.seal(database.write(), (_, key, value) => changes.push([key.toString(), value?.toString()]));
  return changes;
}

type Step =
  | { type: 'put'; key: number; n: number }
  | { type: 'delete'; key: number }
  | { type: 'get'; key: number }
  | { type: 'prefetch'; keys: number[] }
  | { type: 'commit' | 'beginCommit' | 'endCommit' }
  | { type: 'range'; from: number; to: number };

const key = fc.nat(60);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('put' as const), key, n: fc.nat(1000) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('get' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('prefetch' as const), keys: fc.array(key, { maxLength: 20 }) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('commit', 'beginCommit', 'endCommit') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('range' as const), from: key, to: key }) },
);

const name = (index: number): string => `key-${String(index).padStart(3, '0')}`;

describe('EpochStore', () => {
  // With a cache of none, some or all of the entries every layer has to answer.
  it.each([
    ['nothing but the open epoch in memory', 0],
    ['decoded entries only, and few of them', 4 * 1024],
    ['a small cache', 44 * 1024],
    ['everything in memory', 1 << 20],
  ])('reads what was written last, with %s', async (_name, cacheBytes) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 150 }), async (steps) => {
        const setup = setUp(cacheBytes);
        const model = new Map<string, number>();
        for (const each of steps) await apply(setup, model, each);
        await commit(setup);
        const all: [string, number][] = [];
        for await (const [k, v] of setup.store.all()) all.push([k, v.n]);
        expect(all).toEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)));
      }),
      { numRuns: 200 },
    );
  });

  async function apply(setup: Setup, model: Map<string, number>, each: Step): Promise<void> {
    const { store } = setup;
    switch (each.type) {
      case 'put':
        store.put(name(each.key), { n: each.n });
        model.set(name(each.key), each.n);
        return;
      case 'delete':
        store.delete(name(each.key));
        model.delete(name(each.key));
        return;
      case 'get':
        expect((await store.get(name(each.key)))?.n).toBe(model.get(name(each.key)));
        return;
      case 'prefetch':
        each.keys.forEach((k) => store.request(name(k)));
        await store.loadRequested();
        for (const k of each.keys) expect(store.lookup(name(k))?.value?.n).toBe(model.get(name(k)));
        return;
      case 'commit':
        return commit(setup);
      case 'beginCommit':
        return beginCommit(setup);
      case 'endCommit':
        return endCommit(setup);
      case 'range': {
        const found: [string, number][] = [];
        for await (const [k, v] of store.range(name(each.from), name(each.to))) found.push([k, v.n]);
        const expected = [...model]
          .filter(([k]) => k >= name(each.from) && k <= name(each.to))
          .sort(([a], [b]) => (a < b ? -1 : 1));
        expect(found).toEqual(expected);
        return;
      }
    }
  }

  it('keeps a write that is sealed but not committed, whatever else is read meanwhile', async () => {
    const setup = setUp(0);
    setup.store.put('a', { n: 1 });
    sealed(setup);
    for (let index = 0; index < 100; index++) await setup.store.get(`other-${index}`);
    expect((await setup.store.get('a'))?.n).toBe(1);
  });

  it('serializes a key once per epoch, with its last value', () => {
    const setup = setUp(1 << 20);
    for (let n = 0; n < 5; n++) setup.store.put('a', { n });
    expect(sealed(setup)).toEqual([['a', '{"n":4}']]);
    expect(sealed(setup)).toEqual([]);
  });

  it('leaves no trace of a key that came and went in one epoch', async () => {
    const setup = setUp(1 << 20);
    const { store } = setup;
    store.putNew('a', { n: 1 });
    store.delete('a');
    expect(sealed(setup)).toEqual([]);
    store.putNew('a', { n: 2 });
    await commit(setup);
    store.delete('a');
    expect(sealed(setup)).toEqual([['a', undefined]]);
  });

  it('deletes a key that it has not read', () => {
    const setup = setUp(1 << 20);
    setup.store.put('a', { n: 1 });
    setup.store.delete('a');
    expect(sealed(setup)).toEqual([['a', undefined]]);
  });

  it('keeps entries decoded in what serialized ones leave of its cache', async () => {
    const setup = setUp(1 << 20);
    const { store } = setup;
    /** How often the older ones of 1,500 entries that are used all the time are dropped. */
    const drops = async (): Promise<number> => {
      const before = store.generation;
      for (let round = 0; round < 5; round++) {
        for (let index = 0; index < 1500; index++) {
          await store.get(name(index));
          store.put(name(index), { n: round });
        }
        await commit(setup);
      }
      return store.generation - before;
    };
    expect(await drops()).toBe(0);
    for (let index = 1500; index < 20_000; index++) store.putNew(name(index), { n: index });
    await commit(setup);
    expect(await drops()).toBeGreaterThanOrEqual(4);
  });

  it.each([
    ['keeps a committed epoch decoded where the next one fits beside it', 800, 0],
    ['lets a committed epoch go where the next one does not fit beside it', 1200, 1200],
  ])('%s', async (_name, keys, expected) => {
    const json = serdes.json<{ n: number }>();
    let decoded = 0;
    const deserialize = (bytes: Buffer): { n: number } => (decoded++, json.deserialize(bytes));
    const setup = setUp(1 << 20, { valueSerde: { ...json, deserialize } });
    for (let epoch = 0; epoch < 2; epoch++) {
      for (let index = 0; index < keys; index++) setup.store.putNew(name(epoch * keys + index), { n: index });
      await commit(setup);
    }
    for (let index = 0; index < keys; index++) expect(setup.store.get(name(keys + index))).toEqual({ n: index });
    expect(decoded).toBe(expected);
  });

  it('forgets in time what was only read', async () => {
    const setup = setUp(0);
    setup.store.put('other', { n: 1 });
    await commit(setup);
    await setup.store.get('a');
    expect(setup.store.lookup('a')).toBeDefined();
    await commit(setup);
    await setup.store.get('b');
    await commit(setup);
    expect(setup.store.lookup('a')).toBeUndefined();
  });

  it('goes on with what is in memory and in the database when its cache is resized', async () => {
    const setup = setUp(1 << 20);
    setup.store.put('committed', { n: 1 });
    await commit(setup);
    setup.store.put('open', { n: 2 });
    setup.store.resizeCache(8 * 1024);
    expect((await setup.store.get('committed'))?.n).toBe(1);
    expect((await setup.store.get('open'))?.n).toBe(2);
    expect(await setup.store.get('never')).toBeUndefined();
  });

  it('answers a prefetched key without a promise', async () => {
    const setup = setUp(0);
    setup.store.put('a', { n: 1 });
    await commit(setup);
    setup.store.request('a');
    await setup.store.loadRequested();
    expect(setup.store.get('a')).toEqual({ n: 1 });
  });

  it('does not let a read that was under way bring back an older value', async () => {
    const setup = setUp(0);
    setup.store.put('a', { n: 1 });
    await commit(setup);
    setup.store.put('b', { n: 0 });
    await commit(setup);
    await commit(setup);
    // The read of the old value begins; before its answer is used, newer ones are committed and dropped from memory.
    setup.store.request('a');
    const loading = setup.store.loadRequested();
    for (let n = 2; n < 6; n++) {
      setup.store.put('a', { n });
      await commit(setup);
      setup.store.put(`other-${n}`, { n });
      await commit(setup);
    }
    await loading;
    expect((await setup.store.get('a'))?.n).toBe(5);
  });
});
