import { serdes } from '../../src/serde/serdes';
import type { Headers } from '../../src/serde/record';
import type { KeyValueStore, Processor, ProcessorContext } from '../../src/topology/processor-api';
import { StateCorruptedError } from '../../src/state/state-database-errors';
import { stores } from '../../src/topology/stores';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import { APPLICATION, TaskRun, type TaskRunOptions } from '../task/support/task-run';

type Text = Processor<string, string, string, string>;
type Context = ProcessorContext<string, string>;

const text = { key: serdes.string, value: serdes.string };
const memo = stores.keyValue({ name: 'memo', key: serdes.string, value: serdes.string });

/** A processor between `in` and `out`, made by a function of its context. */
function processing(process: (context: Context) => Text['process'], options: TaskRunOptions = {}): Promise<TaskRun> {
  const builder = new StreamsBuilder();
  builder.addStore(memo);
  builder
    .stream('in', text)
    .process<string, string>(supplierOf(process), { stores: ['memo'] })
    .to('out', text);
  return TaskRun.open(builder.build(), options);
}

function supplierOf(process: (context: Context) => Text['process']): () => Text {
  return () => {
    const processor: Text = {
      init: (context) => {
        processor.process = process(context);
      },
      process: () => undefined,
    };
    return processor;
  };
}

const header = (key: string): Headers => [{ key, value: null }];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('processors of the user', () => {
  it('see the record, where it came from, and the stream time', async () => {
    const seen: unknown[] = [];
    const run = await processing((context) => (record) => {
      seen.push(record, context.recordMetadata(), context.streamTime());
    });
    await run.add('in', [{ key: 'a', value: '1', timestamp: 9, headers: header('h') }], { from: 7 }).process();
    await run.add('in', [{ key: 'b', value: '2', timestamp: 4 }]).process();
    expect(seen).toEqual([
      { key: 'a', value: '1', timestamp: 9, headers: header('h') },
      { topic: 'in', partition: 0, offset: 7 },
      9,
      { key: 'b', value: '2', timestamp: 4, headers: [] },
      { topic: 'in', partition: 0, offset: 8 },
      9,
    ]);
  });

  it('read back at once what they wrote, and keep it across commits', async () => {
    const run = await processing((context) => {
      const store = context.store<string, string>('memo');
      return async ({ key, value }) => {
        const before = await store.get(key);
        store.put(key, `${before ?? ''}${value}`);
        await context.forward(key, (await store.get(key))!);
      };
    });
    await run
      .add(
        'in',
        ['1', '2'].map((value) => ({ key: 'a', value })),
      )
      .process();
    await run.commit();
    await run.add('in', [{ key: 'a', value: '3' }]).process();
    expect(run.output('out').map(({ value }) => value)).toEqual(['123']);
    expect(run.committedOutput('out').map(({ value }) => value)).toEqual(['1', '12']);
  });

  it('write changes under the timestamp of the record, and delete with a null', async () => {
    const run = await processing((context) => {
      const store = context.store<string, string>('memo');
      return ({ key, value }) => (value === 'delete' ? store.delete(key) : store.put(key, value));
    });
    await run
      .add('in', [
        { key: 'a', value: '1', timestamp: 5 },
        { key: 'b', value: '2', timestamp: 6 },
        { key: 'a', value: 'delete', timestamp: 3 },
      ])
      .process();
    await run.commit();
    expect(run.committedOutput(`${APPLICATION}-memo-changelog`)).toEqual([
      { key: 'a', value: null, timestamp: 3 },
      { key: 'b', value: '2', timestamp: 6 },
    ]);
  });

  it('cannot have a store that they were not given', async () => {
    const builder = new StreamsBuilder();
    builder.addStore(memo);
    builder.stream('in', text).processValues(
      supplierOf(() => () => undefined),
      { stores: ['memo'] },
    );
    builder.stream('in', text).process(
      supplierOf((context) => {
        context.store('memo');
        return () => undefined;
      }),
    );
    await expect(TaskRun.open(builder.build())).rejects.toThrow(
      "Processor 'process-1' asked for the store 'memo', but it was given no store at all.",
    );
  });

  it('scan a store in the order of its keys, open writes included', async () => {
    const scanned: string[][] = [];
    const run = await processing((context) => {
      const store: KeyValueStore<string, string> = context.store('memo');
      return async ({ key, value }) => {
        if (value === 'delete') store.delete(key);
        else store.put(key, value);
        const keys: string[] = [];
        for await (const [each] of store.all()) keys.push(each);
        scanned.push(keys);
      };
    });
    await run
      .add(
        'in',
        ['c', 'a'].map((key) => ({ key, value: 'x' })),
      )
      .process();
    await run.commit();
    await run
      .add('in', [
        { key: 'b', value: 'x' },
        { key: 'a', value: 'delete' },
      ])
      .process();
    expect(scanned).toEqual([['c'], ['a', 'c'], ['a', 'b', 'c'], ['b', 'c']]);
  });

  it('are closed with their task', async () => {
    const closed: string[] = [];
    const builder = new StreamsBuilder();
    builder.stream('in', text).process(() => ({ process: () => undefined, close: () => void closed.push('closed') }));
    const run = await TaskRun.open(builder.build());
    await run.task.close();
    expect(closed).toEqual(['closed']);
  });

  describe('forward', () => {
    it('hands on timestamp and headers of the record, unless others are given, for that record only', async () => {
      const run = await processing((context) => ({ key, value }) => {
        void context.forward(key, `${value} before`);
        void context.forward(key, `${value} changed`, { timestamp: 77, headers: header('new') });
        void context.forward(key, `${value} after`);
      });
      await run.add('in', [{ key: 'a', value: '1', timestamp: 5, headers: header('old') }]).process();
      expect(run.collector.open.map((r) => [r.value!.toString(), r.timestamp, r.headers[0]!.key])).toEqual([
        ['1 before', 5, 'old'],
        ['1 changed', 77, 'new'],
        ['1 after', 5, 'old'],
      ]);
    });

    it('hands on the timestamp that the processor sees, where an aggregation changed it', async () => {
      const builder = new StreamsBuilder();
      builder.addStore(memo);
      builder
        .stream('in', text)
        .groupByKey()
        .count('counts')
        .toStream()
        .processValues<string>(
          () => {
            let context: ProcessorContext<string, string>;
            return {
              init: (given) => void (context = given),
              process: ({ key, value }) => {
                context.store<string, string>('memo').put(key, String(value));
                return context.forward(key, String(value));
              },
            };
          },
          { stores: ['memo'] },
        )
        .to('out', { value: serdes.string });
      const run = await TaskRun.open(builder.build());
      await run
        .add(
          'in',
          [50, 20].map((timestamp) => ({ key: 'a', value: 'x', timestamp })),
        )
        .process();
      expect(run.output('out').map(({ timestamp }) => timestamp)).toEqual([50, 50]);
      await run.commit();
      expect(run.committedOutput(`${APPLICATION}-memo-changelog`)).toEqual([{ key: 'a', value: '2', timestamp: 50 }]);
    });

    it.each([-1, 1.5, NaN, Infinity])('refuses the timestamp %d', async (timestamp) => {
      const run = await processing(
        (context) =>
          ({ key, value }) =>
            context.forward(key, value, { timestamp }),
      );
      await expect(run.add('in', [{ key: 'a', value: '1' }]).process()).rejects.toThrow(
        `Processor 'process-1' forwarded a record with the timestamp ${timestamp}`,
      );
      expect(run.collector.open).toEqual([]);
    });

    it('outside of a record is refused: it would belong to no epoch', async () => {
      let stray!: Context;
      const run = await processing((context) => {
        stray = context;
        return () => undefined;
      });
      await run.add('in', [{ key: 'a', value: '1' }]).process();
      expect(() => stray.forward('a', 'late')).toThrow('while it was processing no record');
    });
  });

  describe('with asynchronous work', () => {
    it('keep the order of the records, and of what they forward', async () => {
      const run = await processing((context) => async ({ key, value }) => {
        for (let n = 0; n < 5 - Number(value); n++) await turn();
        await context.forward(key, `${value} first`);
        await turn();
        await context.forward(key, `${value} second`);
      });
      await run
        .add(
          'in',
          ['1', '2', '3'].map((value) => ({ key: 'a', value })),
        )
        .process();
      expect(run.output('out').map(({ value }) => value)).toEqual(
        ['1', '2', '3'].flatMap((value) => [`${value} first`, `${value} second`]),
      );
    });

    it('hold back the records behind them, and the task says so', async () => {
      const waiting: (() => void)[] = [];
      const run = await processing(
        (context) =>
          ({ key, value }) =>
            new Promise<void>((resolve) => waiting.push(resolve)).then(() => context.forward(key, value)),
      );
      run.add(
        'in',
        ['1', '2'].map((value) => ({ key: 'a', value })),
      );
      expect(run.slice()).toBe(1);
      expect(run.task.isWaiting).toBe(true);
      expect(run.slice()).toBe(0);
      expect(waiting).toHaveLength(1);
      expect(run.task.inputs[0]!.committableOffset).toBe(0);
      waiting[0]!();
      await run.task.quiesced();
      expect(run.task.isWaiting).toBe(false);
      expect(run.task.inputs[0]!.committableOffset).toBe(1);
    });

    it('may return a promise of any kind', async () => {
      let release!: () => void;
      const gate = new Promise<void>((resolve) => (release = resolve));
      const run = await processing((context) => ({ key, value }) => {
        const thenable: PromiseLike<void> = {
          then: (done, failed) => gate.then(() => context.forward(key, value)).then(done, failed),
        };
        return thenable as Promise<void>;
      });
      run.add('in', [{ key: 'a', value: '1' }]).slice();
      expect(run.task.isWaiting).toBe(true);
      release();
      await run.task.quiesced();
      expect(run.output('out')).toHaveLength(1);
    });

    it('are done only when what they forwarded is, even if they did not wait for it', async () => {
      const builder = new StreamsBuilder();
      builder
        .stream('in', text)
        .process<string, string>(
          supplierOf((context) => ({ key, value }) => {
            void context.forward(key, `${value}.1`);
            void context.forward(key, `${value}.2`, { timestamp: 9 });
          }),
        )
        .process<string, string>(
          supplierOf((context) => async ({ key, value }) => {
            await turn();
            await context.forward(key, value);
          }),
        )
        .to('out', text);
      const run = await TaskRun.open(builder.build());
      run
        .add(
          'in',
          ['1', '2'].map((value) => ({ key: 'a', value, timestamp: 3 })),
        )
        .slice();
      expect(run.task.isWaiting).toBe(true);
      await run.process();
      expect(run.output('out').map(({ value, timestamp }) => [value, timestamp])).toEqual([
        ['1.1', 3],
        ['1.2', 9],
        ['2.1', 3],
        ['2.2', 9],
      ]);
    });

    it('fail after an await as they fail before it', async () => {
      const failing = (): Promise<TaskRun> =>
        processing(() => async () => {
          await turn();
          throw new Error('too late');
        });
      await expect((await failing()).add('in', [{ key: 'a', value: '1' }]).process()).rejects.toMatchObject({
        code: 'PROCESSING_FAILED',
        location: { node: 'process-1', topic: 'in', partition: 0, offset: 0 },
      });
      const skipping = await processing(
        (context) => async (record) => {
          await turn();
          if (record.value === 'bad') throw new Error('bad');
          await context.forward(record.key, record.value);
        },
        { handlers: { processing: 'continue' } },
      );
      await skipping
        .add(
          'in',
          ['1', 'bad', '2'].map((value) => ({ key: 'a', value })),
        )
        .process();
      expect(skipping.output('out').map(({ value }) => value)).toEqual(['1', '2']);
      expect(skipping.counter.skipped).toEqual({ 'in processing': 1 });
    });
  });

  it('leave no rejected promise behind when they do not look at a forward that fails', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const builder = new StreamsBuilder();
      builder
        .stream('in', text)
        .process<string, string>(
          supplierOf((context) => async ({ key, value }) => {
            void context.forward(key, value);
            for (let n = 0; n < 5; n++) await turn();
          }),
        )
        .process<string, string>(
          supplierOf(() => async () => {
            await turn();
            throw new Error('below');
          }),
        );
      const run = await TaskRun.open(builder.build());
      await expect(run.add('in', [{ key: 'a', value: '1' }]).process()).rejects.toThrow('below');
      await turn();
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('cannot hide that the state below could not be read', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', text)
      .processValues<string>(
        supplierOf((context) => async ({ value }) => {
          try {
            await context.forward('another key', value);
          } catch {
            // The point of the test.
          }
        }),
      )
      .groupByKey(text)
      .count('counts');
    const run = await TaskRun.open(builder.build());
    await run.add('in', [{ key: 'a', value: '1' }]).process();
    await run.commit();
    const next = await run.crash();
    const damage = new StateCorruptedError('/state', 'a test says so');
    const getMany = next.database.getMany.bind(next.database);
    let reads = 0;
    // The first read is the one ahead, of the record's own key.
    next.database.getMany = (store, keys) => (++reads === 1 ? getMany(store, keys) : Promise.reject(damage));
    await expect(next.add('in', [{ key: 'a', value: '2' }]).process()).rejects.toBe(damage);
    expect(next.task.inputs[0]!.consumedOffset).toBe(1);
  });

  describe('cannot hide that a node below failed', () => {
    const below = (process: (context: Context) => Text['process'], fail: Text['process']): Promise<TaskRun> => {
      const builder = new StreamsBuilder();
      builder
        .stream('in', text)
        .process<string, string>(supplierOf(process))
        .process<string, string>(supplierOf(() => fail));
      return TaskRun.open(builder.build());
    };
    const fails = {
      'at once': () => {
        throw new Error('below');
      },
      'after an await': async () => {
        await turn();
        throw new Error('below');
      },
    };
    const swallows: Record<string, (context: Context) => Text['process']> = {
      'by catching its error': (context) => async (record) => {
        try {
          await context.forward(record.key, record.value);
        } catch {
          // The point of the test.
        }
      },
      'by throwing another one': (context) => async (record) => {
        try {
          await context.forward(record.key, record.value);
        } catch (error) {
          throw new Error('something else', { cause: error });
        }
      },
      'by not waiting for it': (context) => (record) => {
        try {
          void context.forward(record.key, record.value);
        } catch {
          // The point of the test.
        }
      },
    };
    for (const [how, process] of Object.entries(swallows)) {
      it.each(Object.entries(fails))(`${how}, when it failed %s`, async (_when, fail) => {
        const run = await below(process, fail);
        await expect(run.add('in', [{ key: 'a', value: '1' }]).process()).rejects.toMatchObject({
          code: 'PROCESSING_FAILED',
          location: { node: 'process-2' },
        });
        expect(() => run.task.seal()).toThrow('below');
      });
    }
  });
});
