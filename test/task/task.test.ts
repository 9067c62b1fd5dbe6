import { serdes } from '../../src/serde/serdes';
import type { StateDatabase } from '../../src/state/state-database';
import { StateCorruptedError } from '../../src/state/state-database-errors';
import type { KeyValueStore } from '../../src/topology/processor-api';
import { stores } from '../../src/topology/stores';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import type { Topology } from '../../src/topology/graph';
import type { InputRecord } from './support/array-cursor';
import { APPLICATION, TaskRun } from './support/task-run';

const text = { key: serdes.string, value: serdes.string };
const counts = { value: serdes.decimalText };

function passing(topics: string | string[] = 'in'): Topology {
  const builder = new StreamsBuilder();
  builder.stream(topics, text).to('out');
  return builder.build();
}

function counting(): Topology {
  const builder = new StreamsBuilder();
  builder.stream('in', text).groupByKey().count('counts').toStream().to('out', counts);
  return builder.build();
}

const records = (count: number, valueLength = 1): InputRecord[] =>
  Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: 'x'.repeat(valueLength) }));
const valuesOf = (run: TaskRun): (string | null)[] => run.output('out').map(({ value }) => value);

/** How many keys each getMany asks for. */
function watch(database: StateDatabase): { store: string; keys: number }[] {
  const reads: { store: string; keys: number }[] = [];
  const getMany = database.getMany.bind(database);
  database.getMany = (store, keys) => {
    reads.push({ store: store.name, keys: keys.length });
    return getMany(store, keys);
  };
  return reads;
}

describe('Task', () => {
  describe('takes records', () => {
    it('with the lowest timestamp first among its input partitions, and in order within each', async () => {
      const run = await TaskRun.open(passing(['left', 'right']));
      const at = (...timestamps: number[]): InputRecord[] =>
        timestamps.map((timestamp) => ({ key: 'k', value: `${timestamp}`, timestamp }));
      await run
        .add('left', at(10, 5, 40))
        .add('right', at(20, 30, 8, 50))
        .process();
      expect(valuesOf(run)).toEqual(['10', '5', '20', '30', '8', '40', '50']);
    });

    it('from several topics with their own offsets', async () => {
      const run = await TaskRun.open(passing(['left', 'right']));
      await run.add('left', records(3)).add('right', records(2), { from: 5 }).process();
      await run.commit();
      expect([run.committedOffset('left'), run.committedOffset('right')]).toEqual([3, 7]);
    });

    it('of topics that have this partition only', async () => {
      const run = await TaskRun.open(passing(['left', 'right']), { sourcePartitions: { right: 3 } });
      expect(run.task.inputs.map(({ topic }) => topic)).toEqual(['left', 'right']);
    });

    it('at the time that the extractor says, in whole milliseconds', async () => {
      const builder = new StreamsBuilder();
      builder.stream('in', { ...text, timestampExtractor: ({ value }) => Number(value) }).to('out');
      const run = await TaskRun.open(builder.build());
      await run
        .add(
          'in',
          ['1100.0000000000002', '7'].map((value) => ({ key: 'k', value, timestamp: 99 })),
        )
        .process();
      expect(run.output('out').map(({ timestamp }) => timestamp)).toEqual([1100, 7]);
    });
  });

  describe('slices its work', () => {
    it('by the clock', async () => {
      const run = await TaskRun.open(passing());
      run.add('in', records(500));
      let time = 0;
      const first = run.slice({ now: () => ++time, deadline: 2 });
      expect(first).toBeGreaterThan(0);
      expect(first).toBeLessThan(200);
      await run.process();
      expect(run.output('out')).toHaveLength(500);
    });

    it('by the size of the epoch', async () => {
      const run = await TaskRun.open(passing());
      run.add('in', records(100, 98));
      expect(run.slice({ epochBytes: 1000 })).toBe(10);
      expect(run.slice({ epochBytes: 2000 })).toBe(10);
    });

    it('by the size of what the epoch changes in the stores', async () => {
      const builder = new StreamsBuilder();
      builder.stream('in', text).groupByKey().count({ store: 'counts', changelog: false });
      const run = await TaskRun.open(builder.build());
      run.add('in', records(500));
      const processed = run.slice({ epochBytes: 1000 });
      expect(processed).toBeGreaterThan(0);
      expect(processed).toBeLessThan(100);
    });

    it('where a processor asks for a commit', async () => {
      const builder = new StreamsBuilder();
      builder.stream('in', text).process(() => {
        let commit!: () => void;
        return {
          init: (context) => void (commit = () => context.requestCommit()),
          process: ({ key }) => (key === 'k2' ? commit() : undefined),
        };
      });
      const run = await TaskRun.open(builder.build());
      run.add('in', records(5));
      expect(run.slice()).toBe(3);
      expect(run.task.commitRequested).toBe(true);
      await run.commit();
      expect(run.task.commitRequested).toBe(false);
      expect(run.slice()).toBe(2);
    });
  });

  it('knows what it processed and did not commit', async () => {
    const run = await TaskRun.open(passing());
    await run.add('in', [{ value: 'a' }, { value: 'b' }]).process();
    const epoch = run.transact();
    await run.add('in', [{ value: 'c' }]).process();
    expect(run.task.uncommittedRecords).toBe(3);
    await run.write(epoch);
    expect(run.task.uncommittedRecords).toBe(1);
  });

  describe('memory', () => {
    it('counts what waits in the queues, and comes back to nothing', async () => {
      const run = await TaskRun.open(passing());
      const [queue] = run.task.inputs;
      run.add('in', records(10, 1000)).add('in', records(10, 1000));
      expect(queue!.queuedBytes).toBeGreaterThan(20_000);
      await run.process();
      expect(queue!.queuedBytes).toBe(0);
      expect(queue!.inPreparation).toBe(0);
    });

    it('is not taken by many large records at once', async () => {
      const run = await TaskRun.open(passing());
      const megabyte = 1 << 20;
      for (let batch = 0; batch < 20; batch++) run.add('in', records(1, megabyte));
      run.task.prepare(() => undefined);
      expect(run.task.inputs[0]!.queuedBytes).toBeGreaterThan(14 * megabyte);
      await run.process();
      expect(run.output('out')).toHaveLength(20);
    });

    it('of several inputs is not taken by many large records either', async () => {
      const run = await TaskRun.open(passing(['left', 'right']));
      const megabyte = 1 << 20;
      for (let batch = 0; batch < 10; batch++) run.add('left', records(1, megabyte)).add('right', records(1, megabyte));
      run.task.prepare(() => undefined);
      const queued = run.task.inputs.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0);
      expect(queued).toBeGreaterThan(14 * megabyte);
      await run.process();
      expect(run.output('out')).toHaveLength(20);
    });

    it('lets go of state that is in the database, where the cache has no room for it', async () => {
      const run = await TaskRun.open(counting(), { cacheBytes: 0 });
      for (const key of ['a', 'b', 'c']) {
        await run.add('in', [{ key, value: 'x' }]).process();
        await run.commit();
      }
      const reads = watch(run.database);
      await run.add('in', [{ key: 'a', value: 'x' }]).process();
      expect(reads).toEqual([{ store: 'counts', keys: 1 }]);
      expect(run.output('out')).toMatchObject([{ key: 'a', value: '2' }]);
    });
  });

  describe('loads state ahead', () => {
    const twoStores = (): Topology => {
      const builder = new StreamsBuilder();
      const lines = builder.stream('in', text);
      lines.groupByKey().count('counts').toStream().to('out', counts);
      lines
        .mapValues((value) => value.toUpperCase())
        .groupByKey({ value: serdes.string })
        .reduce((_all, value) => value, { store: 'latest', value: serdes.string });
      return builder.build();
    };

    it('with one read for each store and batch, each key once', async () => {
      const run = await TaskRun.open(twoStores());
      await run.add('in', records(50)).process();
      await run.commit();
      const next = await run.crash();
      const reads = watch(next.database);
      await next.add('in', [...records(50), ...records(50)]).process();
      expect(reads).toEqual([
        { store: 'counts', keys: 50 },
        { store: 'latest', keys: 50 },
      ]);
      expect(valuesOf(next)).toEqual([...Array<string>(50).fill('2'), ...Array<string>(50).fill('3')]);
    });

    it('so that no record of it waits', async () => {
      const run = await TaskRun.open(counting(), { cacheBytes: 0 });
      await run.add('in', records(50)).process();
      await run.commit();
      run.add('in', records(50)).task.prepare(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
      expect(run.slice()).toBe(50);
      expect(run.task.isWaiting).toBe(false);
    });

    it('and wakes its thread when it is there', async () => {
      const run = await (await TaskRun.open(counting())).add('in', records(5)).process();
      await run.commit();
      const next = await run.crash();
      next.add('in', records(5));
      const woken = new Promise<void>((resolve) => next.task.prepare(resolve));
      expect(next.slice()).toBe(0);
      await woken;
      expect(next.slice()).toBe(5);
    });

    it('and fails when the state is damaged, as it is, so that the state can be rebuilt', async () => {
      const run = await (await TaskRun.open(counting())).add('in', records(5)).process();
      await run.commit();
      const next = await run.crash();
      const damage = new StateCorruptedError('/state', 'a test says so');
      next.database.getMany = () => Promise.reject(damage);
      await expect(next.add('in', records(5)).process()).rejects.toBe(damage);
    });

    it('and no handler skips a record because the state is damaged', async () => {
      const builder = new StreamsBuilder();
      builder.addStore(stores.keyValue({ name: 'memo', key: serdes.string, value: serdes.string }));
      builder.stream('in', text).process(
        () => {
          let memo!: KeyValueStore<string, string>;
          return {
            init: (context) => void (memo = context.store('memo')),
            process: async ({ key, value }) => {
              await memo.get(`other ${key}`);
              memo.put(key, value);
            },
          };
        },
        { stores: ['memo'] },
      );
      const topology = builder.build();
      const run = await TaskRun.open(topology, { handlers: { processing: 'continue' } });
      await run.add('in', records(1)).process();
      await run.commit();
      const next = await run.crash();
      const damage = new StateCorruptedError('/state', 'a test says so');
      const getMany = next.database.getMany.bind(next.database);
      let reads = 0;
      // The first read is the one ahead; the second is the processor's own.
      next.database.getMany = (store, keys) => (++reads === 1 ? getMany(store, keys) : Promise.reject(damage));
      await expect(next.add('in', records(1)).process()).rejects.toBe(damage);
      expect(next.counter.skipped).toEqual({});
    });
  });

  describe('commits', () => {
    it('only what was processed', async () => {
      const run = await TaskRun.open(passing());
      run.add('in', records(100, 98)).slice({ epochBytes: 1000 });
      const sealed = await run.commit();
      expect(sealed!.inputOffsets).toMatchObject([{ topic: 'in', partition: 0, offset: 10 }]);
      expect(run.committedOutput('out')).toHaveLength(10);
    });

    it('the fetch position when all is processed, past records that nobody sees', async () => {
      const run = await TaskRun.open(passing());
      run.add('in', records(3), { nextOffset: 4 });
      run.add('in', records(2), { nextOffset: 9 });
      run.slice();
      await run.commit();
      run.slice();
      expect(run.task.inputs[0]!.committableOffset).toBe(9);
      run.add('in', [], { nextOffset: 12 });
      expect((await run.commit())!.inputOffsets).toMatchObject([{ topic: 'in', partition: 0, offset: 12 }]);
    });

    it('never the fetch position while a record is in preparation', async () => {
      const run = await TaskRun.open(counting());
      await (await run.add('in', records(3)).process()).commit();
      const next = await run.crash();
      next.add('in', records(3), { nextOffset: 10 }).slice();
      expect(next.task.inputs[0]!.inPreparation).toBe(3);
      expect(next.task.seal()).toBeUndefined();
    });

    it('not what came while the last record of a batch waited', async () => {
      const builder = new StreamsBuilder();
      let release!: () => void;
      const waits = new Promise<void>((resolve) => (release = resolve));
      builder.stream('in', text).process(() => ({ process: () => waits }));
      const run = await TaskRun.open(builder.build());
      run.add('in', records(1)).slice();
      run.add('in', records(1)).slice();
      release();
      await run.task.settled();
      expect((await run.commit())!.inputOffsets).toMatchObject([{ topic: 'in', partition: 0, offset: 1 }]);
    });

    it('nothing twice', async () => {
      const run = await TaskRun.open(counting());
      await run.add('in', records(3)).process();
      expect(await run.commit()).toBeDefined();
      expect(await run.commit()).toBeUndefined();
      expect(run.collector.open).toEqual([]);
    });

    it('one changelog record for each key and epoch, with its last value and timestamp', async () => {
      const run = await TaskRun.open(counting());
      const at = (key: string, timestamp: number): InputRecord => ({ key, value: 'x', timestamp });
      await run.add('in', [at('a', 1), at('b', 2), at('a', 3)]).process();
      await run.commit();
      await run.add('in', [at('b', 4)]).process();
      await run.commit();
      const changelog = run.committedOutput(`${APPLICATION}-counts-changelog`);
      expect(changelog.map(({ key, timestamp }) => [key, timestamp])).toEqual([
        ['a', 3],
        ['b', 2],
        ['b', 4],
      ]);
      expect(run.collector.open).toEqual([]);
    });

    it('the changelog to the partition of the task, whatever the key', async () => {
      const run = await TaskRun.open(counting());
      await run.add('in', records(3)).process();
      run.task.seal();
      const logged = run.collector.open.filter(({ topic }) => topic.endsWith('-changelog'));
      expect(logged.map(({ partition }) => partition)).toEqual([0, 0, 0]);
    });

    it('into the database only after the transaction: state, input offsets and changelog positions at once', async () => {
      const run = await TaskRun.open(counting());
      await run.add('in', records(3)).process();
      const epoch = run.transact();
      expect(run.database.approximateEntries()).toBe(0);
      expect(run.database.inputOffset('in', 0)).toBeUndefined();
      await run.write(epoch);
      expect(run.database.approximateEntries()).toBe(3);
      expect(run.database.inputOffset('in', 0)).toBe(3);
      expect(run.database.changelogPosition('counts')).toBe(3);
    });

    it('while the next epoch goes on with what the sealed one wrote', async () => {
      const run = await TaskRun.open(counting(), { cacheBytes: 0 });
      await run.add('in', records(3)).process();
      const epoch = run.transact();
      await run.add('in', records(3)).process();
      expect(valuesOf(run)).toEqual(['2', '2', '2']);
      await run.write(epoch);
      await run.commit();
      await run.add('in', records(3)).process();
      expect(valuesOf(run)).toEqual(['3', '3', '3']);
    });

    it('no changelog where the store has none', async () => {
      const builder = new StreamsBuilder();
      builder.stream('in', text).groupByKey().count({ store: 'counts', changelog: false });
      const run = await TaskRun.open(builder.build());
      await run.add('in', records(3)).process();
      await run.commit();
      expect(run.database.approximateEntries()).toBe(3);
      expect(run.committedOutput(`${APPLICATION}-counts-changelog`)).toEqual([]);
    });
  });
});
