import { windows as kinds } from '../../src';
import { JoinSideStore } from '../../src/processors/join-side-store';
import { serdes } from '../../src/serde/serdes';
import { EpochStore } from '../../src/state/epoch-store';
import { openMemoryState } from '../../src/state/memory-state';
import type { StateDatabase } from '../../src/state/state-database';
import { joinBucketKeys, joinBucketMs, joinRetentionMs, type StreamJoin } from '../../src/topology/stream-join';
import { streamJoinStores } from '../../src/topology/stream-join-stores';
import { commitStore } from '../state/commit-store';

const windows = kinds.join({ timeDifferenceMs: 1000, graceMs: 100_000 });
const keys = joinBucketKeys(windows, serdes.string);
const bucketMs = joinBucketMs(windows);
const join: StreamJoin = {
  name: 'join',
  joinType: 'inner',
  windows,
  joiner: () => null,
  keySerde: serdes.string,
  leftSerde: serdes.string,
  rightSerde: serdes.string,
  leftStore: 'left',
  rightStore: 'right',
  unjoinedStore: undefined,
};
const definition = streamJoinStores(join, { backend: 'memory' })[0]!;

/** One side of a join on a database that counts what is read of it. */
async function open(database: StateDatabase) {
  const reads: string[] = [];
  const counting = Object.assign(Object.create(database) as StateDatabase, {
    getMany: (...[store, stored]: Parameters<StateDatabase['getMany']>) => {
      for (const key of stored) reads.push(key.toString('latin1'));
      return database.getMany(store, stored);
    },
  });
  // A cache that does not know everything: what it has not, it asks for.
  const store = new EpochStore<string, Buffer>(definition, counting, { timestamp: 0 }, 1 << 20, false);
  const side = new JoinSideStore(store, keys, serdes.string, bucketMs, joinRetentionMs(windows));
  await side.init();
  reads.length = 0;
  return {
    reads,
    side,
    add: async (key: string, time: number) => {
      const entry = side.entryFor(key, time);
      if (entry === undefined) return side.load();
      side.put(entry, time, Buffer.from(key), false);
      return undefined;
    },
    commit: () => commitStore(store, counting),
  };
}

describe('what a join reads of its database', () => {
  it('is nothing for keys that a new bucket does not have', async () => {
    const { side, reads, add, commit } = await open(openMemoryState('test', [definition]));
    for (let number = 0; number < 1000; number++) {
      const time = number * 20;
      side.request(`other-${number}`, time - 1000, time + 1000);
      await side.load();
      expect(side.find(`other-${number}`, time - 1000, time + 1000)).toEqual([]);
      await add(`key-${number}`, time);
      if (number % 100 === 99) await commit();
    }
    expect(reads).toEqual([]);
  });

  it('is what an earlier process may have written', async () => {
    const database = openMemoryState('test', [definition]);
    const before = await open(database);
    await before.add('a', 500);
    await before.add('a', bucketMs + 500);
    await before.commit();
    const { side, reads } = await open(database);
    for (const time of [500, bucketMs + 500]) {
      expect(side.find('a', time, time)).toBeUndefined();
      await side.load();
      expect(side.find('a', time, time)).toMatchObject([{ time }]);
    }
    expect(side.find('a', 2 * bucketMs, 2 * bucketMs + 10)).toEqual([]);
    expect(reads).toHaveLength(2);
  });
});
