import { resolveConfig } from '../../src/config/millrace-config';
import { InstanceMemory } from '../../src/runtime/instance-memory';
import { TaskId } from '../../src/task/task-id';
import { build, text } from '../topology/build';

const MEGABYTE = 1 << 20;

/** Subtopology 0 has a store, subtopology 1 has none. */
function memory(globalTables = 0): InstanceMemory {
  const topology = build((builder) => {
    for (let table = 1; table <= globalTables; table++) builder.globalTable(`rows-${table}`, text);
    builder.stream('counted', text).groupByKey().count('counts');
    builder.stream('passed', text).to('out');
  });
  const config = resolveConfig({
    applicationId: 'app',
    brokers: 'localhost:9092',
    numStreamThreads: 2,
    cacheMaxBytes: 32 * MEGABYTE,
    rocksdbBlockCacheBytes: 8 * MEGABYTE,
  });
  return new InstanceMemory(config, topology);
}

const counting = (...partitions: number[]): TaskId[] => partitions.map((partition) => new TaskId(0, partition));
const passing = (...partitions: number[]): TaskId[] => partitions.map((partition) => new TaskId(1, partition));

describe('InstanceMemory', () => {
  it('shares the caches out between the tasks with stores', () => {
    const shares = memory();
    shares.assigned('thread', [...counting(0, 1), ...passing(0, 1)], () => undefined);
    expect(shares.cacheBytesOf(new TaskId(0, 0))).toBe(16 * MEGABYTE);
    expect(shares.cacheBytesOf(new TaskId(1, 0))).toBe(0);
    expect(shares.blockCacheBytesPerTask(0)).toBe(4 * MEGABYTE);
  });

  it('gives a quarter of the cache to global tables, where there are any', () => {
    expect(memory().cacheBytesPerGlobalTable).toBe(0);
    const shares = memory(2);
    shares.assigned('thread', counting(0, 1), () => undefined);
    expect(shares.cacheBytesPerGlobalTable).toBe(4 * MEGABYTE);
    expect(shares.cacheBytesOf(new TaskId(0, 0))).toBe(12 * MEGABYTE);
  });

  it('gives the share of a thread that died to the others', () => {
    const shares = memory();
    const one = jest.fn();
    shares.assigned('one', counting(0), one);
    shares.assigned('two', counting(1), () => undefined);
    expect(shares.cacheBytesOf(new TaskId(0, 0))).toBe(16 * MEGABYTE);
    one.mockClear();
    shares.released('two');
    shares.released('two');
    expect(shares.cacheBytesOf(new TaskId(0, 0))).toBe(32 * MEGABYTE);
    expect(one).toHaveBeenCalledTimes(1);
  });

  it('keeps all threads together below the limit, in whichever order they get their tasks', () => {
    const shares = memory();
    const held = new Map<string, number>();
    const assign = (thread: string, tasks: TaskId[]): void =>
      shares.assigned(thread, tasks, () =>
        held.set(
          thread,
          tasks.reduce((sum, id) => sum + shares.cacheBytesOf(id), 0),
        ),
      );
    const total = (): number => [...held.values()].reduce((sum, bytes) => sum + bytes, 0);
    assign('one', counting(0, 1, 2, 3));
    expect(total()).toBe(32 * MEGABYTE);
    assign('two', counting(4, 5, 6, 7));
    expect(total()).toBe(32 * MEGABYTE);
    assign('one', counting(0));
    expect(total()).toBe(32 * MEGABYTE);
    expect(held.get('one')).toBe((32 * MEGABYTE) / 5);
  });

  it('gives each thread its part of what is not in caches', () => {
    const shares = memory();
    const { inputBufferMaxBytes, epochMaxBytes } = resolveConfig({ applicationId: 'app', brokers: 'localhost:9092' });
    expect(shares.inputBufferBytesPerThread).toBe(inputBufferMaxBytes / 2);
    expect(shares.epochBytesPerThread).toBe(epochMaxBytes / 2);
  });
});
