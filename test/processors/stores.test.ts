import fc from 'fast-check';
import type { ProcessorContext, SessionStore, StoreDefinition, StoreOf, StreamRecord, WindowStore } from '../../src';
import { serdes, stores } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { build, text } from '../topology/build';

type Work<S> = (store: S, record: StreamRecord<string, string>, context: ProcessorContext<string, string>) => unknown;

/** A topology with one processor, which does with its store what a test says. */
async function withStore<S>(definition: StoreDefinition & StoreOf<S>, work: Work<S>) {
  const topology = build((builder) => {
    builder.addStore(definition);
    builder
      .stream('in', text)
      .process<string, string>(
        () => {
          let context: ProcessorContext<string, string>;
          let store: S;
          return {
            init: (given) => {
              context = given;
              store = context.store(definition);
            },
            process: async (record) => {
              await work(store, record, context);
            },
          };
        },
        { stores: [definition.name] },
      )
      .to('out', text);
  });
  const driver = await TopologyTestDriver.open(topology, { commit: 'manual' });
  return { driver, input: driver.createInputTopic('in', text), out: driver.createOutputTopic('out', text) };
}

async function list<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const named = { name: 'store', key: serdes.string, value: serdes.string };

describe('a timestamped key-value store', () => {
  it('keeps the timestamps that it is given, also over a restart', async () => {
    const seen: unknown[] = [];
    const { driver, input } = await withStore(stores.timestampedKeyValue(named), async (store, { key, value }) => {
      seen.push(await store.get(key), await list(store.reverseAll()), await list(store.prefixScan('a')));
      seen.push(await store.putIfAbsent(key, { value, timestamp: 77 }));
    });
    await input.pipeInput('a', '1', { timestamp: 5 });
    await driver.commit();
    for (const state of ['kept', 'lost'] as const) {
      await driver.restart({ state });
      await input.pipeInput('a', '2', { timestamp: 6 });
    }
    const entry = { value: '1', timestamp: 77 };
    expect(seen.slice(0, 4)).toEqual([undefined, [], [], undefined]);
    expect(seen.slice(4, 8)).toEqual([entry, [['a', entry]], [['a', entry]], entry]);
    expect(seen.slice(8, 12)).toEqual(seen.slice(4, 8));
  });
});

describe('a window store', () => {
  it('fetches one window, a key’s windows and all windows, in both directions, with the open epoch', async () => {
    const seen: unknown[] = [];
    const definition = stores.window({ ...named, retentionMs: 10_000, windowSizeMs: 10 });
    const { driver, input } = await withStore(definition, async (store, { key, value, timestamp }) => {
      if (key !== '?') return store.put(key, value, timestamp);
      seen.push(await store.fetch('a', 10), await store.fetch('a', 11));
      seen.push(await list(store.fetch('a', 10, 20)), await list(store.backwardFetch('a', 0, 9_999_999)));
      seen.push(await list(store.fetchAll(20, 30)), await list(store.backwardAll()));
    });
    await input.pipeInput('a', 'a10', { timestamp: 10 });
    await input.pipeInput('a', 'a20', { timestamp: 20 });
    await driver.commit();
    await input.pipeInput('ab', 'ab20', { timestamp: 20 });
    await input.pipeInput('a', 'a30', { timestamp: 30 });
    await input.pipeInput('?', '');
    expect(seen).toEqual([
      'a10',
      undefined,
      [
        [10, 'a10'],
        [20, 'a20'],
      ],
      [
        [30, 'a30'],
        [20, 'a20'],
        [10, 'a10'],
      ],
      [
        [{ key: 'a', start: 20, end: 30 }, 'a20'],
        [{ key: 'a', start: 30, end: 40 }, 'a30'],
        [{ key: 'ab', start: 20, end: 30 }, 'ab20'],
      ],
      [
        [{ key: 'ab', start: 20, end: 30 }, 'ab20'],
        [{ key: 'a', start: 30, end: 40 }, 'a30'],
        [{ key: 'a', start: 20, end: 30 }, 'a20'],
        [{ key: 'a', start: 10, end: 20 }, 'a10'],
      ],
    ]);
    expect(await (await driver.getProcessorWindowStore<string, string>('store'))!.fetch('a', 30)).toBe('a30');
  });

  it('drops and counts what it would forget at once, and deletes at null', async () => {
    const definition = stores.window({ ...named, retentionMs: 100, windowSizeMs: 10 });
    const { driver, input } = await withStore(definition, (store, { key, value, timestamp }) =>
      store.put(key, value === '' ? null : value, timestamp),
    );
    await input.pipeInput('a', 'old', { timestamp: 50 });
    await input.pipeInput('a', 'new', { timestamp: 150 });
    await input.pipeInput('a', 'late', { timestamp: 50 });
    await input.pipeInput('a', 'in time', { timestamp: 51 });
    await input.pipeInput('a', 'gone', { timestamp: 60 });
    await input.pipeInput('a', '', { timestamp: 60 });
    const store = (await driver.getProcessorWindowStore<string, string>('store'))!;
    expect(await list(store.all())).toEqual([
      [{ key: 'a', start: 51, end: 61 }, 'in time'],
      [{ key: 'a', start: 150, end: 160 }, 'new'],
    ]);
    expect(driver.skipped).toEqual(new Map([['late-record', 1]]));
  });

  it('keeps the duplicates of a window where asked to, in their order, also over restarts', async () => {
    const definition = stores.window({ ...named, retentionMs: 100, windowSizeMs: 10, retainDuplicates: true });
    const { driver, input } = await withStore(definition, (store, { key, value, timestamp }) =>
      store.put(key, value, timestamp),
    );
    await input.pipeInput('a', '1', { timestamp: 50 });
    await driver.commit();
    await driver.restart({ state: 'lost' });
    await input.pipeInput('a', '2', { timestamp: 50 });
    await input.pipeInput('a', '1', { timestamp: 50 });
    const store = (await driver.getProcessorWindowStore<string, string>('store'))!;
    expect((await list(store.fetch('a', 0, 100))).map(([, value]) => value)).toEqual(['1', '2', '1']);
    expect(() => store.fetch('a', 50)).toThrow("The store 'store' has several values for a window");
  });

  it('removes what is forgotten', async () => {
    const definition = stores.window({ ...named, retentionMs: 2000, windowSizeMs: 10 });
    const { driver, input } = await withStore(definition, (store, { key, value, timestamp }) =>
      store.put(key, value, timestamp),
    );
    for (let timestamp = 0; timestamp < 40_000; timestamp += 200) await input.pipeInput('a', 'x', { timestamp });
    await driver.commit();
    expect((await list(driver.getKeyValueStore('store')!.all())).length).toBeLessThan(20);
  });

  it('has what a plain model has, with restarts anywhere', async () => {
    const put = fc.record({
      key: fc.constantFrom('a', 'b', 'ba'),
      value: fc.constantFrom('x', 'y', ''),
      timestamp: fc.oneof(fc.nat(50), fc.nat(5000)),
    });
    const then = fc.constantFrom('go on', 'go on', 'commit', 'kept', 'lost');
    await fc.assert(
      fc.asyncProperty(fc.nat(3000), fc.array(fc.tuple(put, then), { maxLength: 40 }), async (more, steps) => {
        const retentionMs = 10 + more;
        const definition = stores.window({ ...named, retentionMs, windowSizeMs: 10 });
        const { driver, input } = await withStore(definition, (store, { key, value, timestamp }) =>
          store.put(key, value === '' ? undefined : value, timestamp),
        );
        let newest = -1;
        const model = new Map<string, { key: string; start: number; value: string }>();
        for (const [{ key, value, timestamp }, next] of steps) {
          await input.pipeInput(key, value, { timestamp });
          newest = Math.max(newest, timestamp);
          if (timestamp > newest - retentionMs) {
            if (value === '') model.delete(`${key} ${timestamp}`);
            else model.set(`${key} ${timestamp}`, { key, start: timestamp, value });
          }
          if (next === 'commit') await driver.commit();
          if (next === 'kept' || next === 'lost') {
            await driver.commit();
            await driver.restart({ state: next });
          }
        }
        const store = await driver.getProcessorWindowStore<string, string>('store');
        for (const key of ['a', 'b', 'ba']) {
          const expected = [...model.values()]
            .filter((entry) => entry.key === key && entry.start > newest - retentionMs)
            .sort((a, b) => a.start - b.start)
            .map(({ start, value }) => [start, value]);
          expect(await list(store!.fetch(key, 0, Infinity))).toEqual(expected);
          expect(await list(store!.backwardFetch(key, 0, Infinity))).toEqual(expected.reverse());
        }
        await driver.close();
      }),
      { numRuns: 100 },
    );
  });
});

describe('a session store', () => {
  it('finds the sessions of a key that overlap a time', async () => {
    const seen: unknown[] = [];
    const definition = stores.session({ ...named, retentionMs: 1000 });
    const { driver, input } = await withStore<SessionStore<string, string>>(
      definition,
      async (store, { key, value }) => {
        if (key === '?') {
          seen.push(await store.fetchSession('a', 20, 30), await list(store.findSessions('a', 25, 45)));
          seen.push(await list(store.backwardFindSessions('a', 0, 1000)), await list(store.fetch('b')));
          return;
        }
        const [start, end] = value.split('-').map(Number) as [number, number];
        store.put({ key, start, end }, value);
        if (key === 'b') store.remove({ key, start, end });
      },
    );
    for (const session of ['0-10', '20-30', '40-50', '60-70']) await input.pipeInput('a', session);
    await driver.commit();
    await input.pipeInput('b', '1-2');
    await input.pipeInput('?', '');
    expect(seen).toEqual([
      '20-30',
      [
        [{ key: 'a', start: 20, end: 30 }, '20-30'],
        [{ key: 'a', start: 40, end: 50 }, '40-50'],
      ],
      [
        [{ key: 'a', start: 60, end: 70 }, '60-70'],
        [{ key: 'a', start: 40, end: 50 }, '40-50'],
        [{ key: 'a', start: 20, end: 30 }, '20-30'],
        [{ key: 'a', start: 0, end: 10 }, '0-10'],
      ],
      [],
    ]);
    await input.pipeInput('a', '1000-1031');
    const store = (await driver.getProcessorSessionStore<string, string>('store'))!;
    expect((await list(store.fetch('a'))).map(([, value]) => value)).toEqual(['40-50', '60-70', '1000-1031']);
  });

  it('names a session that is none', async () => {
    const definition = stores.session({ ...named, retentionMs: 1000 });
    const { input } = await withStore(definition, (store, { key }) => store.put({ key, start: 5, end: 4 }, ''));
    await expect(input.pipeInput('a', '')).rejects.toThrow("The store 'store' was given a session from 5 to 4");
  });
});

it('a store asked for by its name has the type that the caller says', async () => {
  const definition = stores.window({ ...named, retentionMs: 1000, windowSizeMs: 10 });
  const { driver, input } = await withStore(definition, (_store, { key, value, timestamp }, context) => {
    context.store<WindowStore<string, string>>('store').put(key, value, timestamp);
  });
  await input.pipeInput('a', 'x', { timestamp: 1 });
  expect(await (await driver.getProcessorWindowStore('store'))!.fetch('a', 1)).toBe('x');
});
