import fc from 'fast-check';
import { serdes } from '../../src/serde/serdes';
import { BucketExpiry } from '../../src/state/bucket-expiry';
import { EpochStore } from '../../src/state/epoch-store';
import { openMemoryState } from '../../src/state/memory-state';
import { OrderedKeys } from '../../src/state/ordered-keys';
import type { StoreDefinition } from '../../src/topology/graph';
import { commitStore } from './commit-store';

const definition: StoreDefinition = {
  kind: 'key-value',
  name: 'keys',
  keySerde: serdes.string,
  valueSerde: serdes.int32,
  changelog: true,
  backend: 'memory',
};

function open() {
  const database = openMemoryState('test', [definition]);
  const store = new EpochStore<string, number>(definition, database, { timestamp: 0 }, 0, true);
  const commit = (): Promise<boolean> => commitStore(store, database);
  return { store, commit };
}

const name = (index: number): string => `k${String(index).padStart(3, '0')}`;

describe('ordered keys', () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ type: fc.constant('add' as const), key: fc.nat(60) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('remove' as const), key: fc.nat(60) }) },
    { weight: 3, arbitrary: fc.constant({ type: 'take first' as const, key: 0 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom({ type: 'commit' as const, key: 0 }, { type: 'begin again' as const, key: 0 }),
    },
  );

  it('are the lowest of a part of a store, however few of them are in memory', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.nat(60), async (steps, asked) => {
        const { store, commit } = open();
        store.put('a', 0);
        store.put('z', 0);
        const make = (): OrderedKeys<number> => new OrderedKeys(store, 'k', 'l', { mostKnown: 6, readAtOnce: 3 });
        let keys = make();
        const model = new Set<string>();
        for (const { type, key } of steps) {
          if (type === 'add') {
            store.put(name(key), key);
            keys.add(name(key));
            model.add(name(key));
          } else if (type === 'remove') {
            store.delete(name(key));
            keys.remove(name(key));
            model.delete(name(key));
          } else if (type === 'commit') await commit();
          else if (type === 'begin again') keys = make();
          else {
            if (keys.needsLoading) await keys.load();
            const sorted = [...model].sort();
            const { first } = keys;
            expect(first).toBe(sorted[0]);
            if (first === undefined) continue;
            expect(await keys.last()).toBe(sorted.at(-1));
            expect(await keys.after(first)).toBe(sorted[1]);
            expect(await keys.after(name(asked))).toBe(sorted.find((other) => other > name(asked)));
            store.delete(first);
            keys.remove(first);
            model.delete(first);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the expiry of buckets', () => {
  it('removes what is before a time, some of it at once, and nothing else', async () => {
    const { store, commit } = open();
    for (let index = 0; index < 10; index++) store.put(name(index), index);
    await commit();
    store.put(`${name(3)}b`, 3);
    const expiry = new BucketExpiry(store, name, 4);
    const left = async (): Promise<number[]> => {
      const values: number[] = [];
      for await (const [, value] of store.all()) values.push(value);
      return values;
    };
    await expiry.advance(8);
    expect(await left()).toEqual([3, 4, 5, 6, 7, 8, 9]);
    await commit();
    await expiry.advance(8);
    expect(await left()).toEqual([7, 8, 9]);
    await expiry.advance(8);
    expect(await left()).toEqual([8, 9]);
    expect(expiry.advance(8)).toBeUndefined();
    expect(expiry.advance(7)).toBeUndefined();
  });
});
