import { StreamsBuilder } from '../../src/topology/streams-builder';
import { SeededRandom } from '../support/seeded-random';
import { text } from '../topology/build';
import type { InputRecord } from './support/array-cursor';
import { TaskRun, type TaskRunOptions } from './support/task-run';

/** A task that reads two topics, and the values that it processed, in order. */
async function twoTopics(options: TaskRunOptions = {}): Promise<{ run: TaskRun; seen: string[] }> {
  const seen: string[] = [];
  const builder = new StreamsBuilder();
  builder.stream(['left', 'right'], text).forEach((_key, value) => void seen.push(value));
  return { run: await TaskRun.open(builder.build(), { knowsInputs: false, ...options }), seen };
}

const at = (...timestamps: number[]): InputRecord[] =>
  timestamps.map((timestamp) => ({ key: 'a', value: String(timestamp), timestamp }));

describe('a task with several partitions', () => {
  it('waits for one of which nothing is known yet', async () => {
    const { run, seen } = await twoTopics();
    await run.add('left', at(5, 6)).process();
    expect(seen).toEqual([]);
    await run.add('right', []).process();
    expect(seen).toEqual(['5', '6']);
  });

  it('waits for records that are known to be in Kafka, however long', async () => {
    let clock = 0;
    const { run, seen } = await twoTopics({ wallClock: () => clock });
    await run.add('right', [], { end: 2 }).add('left', at(5)).process();
    clock += 1_000_000;
    await run.process();
    expect(run.task.nextDue).toBe(Infinity);
    expect(seen).toEqual([]);
    await run.add('right', at(1), { end: 2 }).process();
    expect(seen).toEqual(['1']);
    await run.add('right', at(2)).process();
    expect(seen).toEqual(['1', '2', '5']);
  });

  it('does not wait by default for one that it has read to its end', async () => {
    const { run, seen } = await twoTopics();
    await run.add('right', []).add('left', at(5)).process();
    expect(seen).toEqual(['5']);
  });

  it('waits maxTaskIdleMs for one that it has read to its end, and says until when', async () => {
    let clock = 100;
    const { run, seen } = await twoTopics({ wallClock: () => clock, maxTaskIdleMs: 50 });
    await run.add('right', []).add('left', at(5)).process();
    expect(run.task.nextDue).toBe(150);
    clock = 149;
    await run.process();
    expect(seen).toEqual([]);
    clock = 150;
    await run.process();
    expect(seen).toEqual(['5']);
    await run.add('left', at(7)).process();
    expect(seen).toEqual(['5', '7']);
  });

  it('begins to wait anew after records came', async () => {
    let clock = 0;
    const { run, seen } = await twoTopics({ wallClock: () => clock, maxTaskIdleMs: 50 });
    await run.add('right', []).add('left', at(5)).process();
    clock = 40;
    await run.add('right', at(4)).process();
    expect(seen).toEqual(['4']);
    clock = 60;
    await run.process();
    expect(seen).toEqual(['4']);
    clock = 90;
    await run.process();
    expect(seen).toEqual(['4', '5']);
  });

  it('waits for nothing when idling is disabled', async () => {
    const { run, seen } = await twoTopics({ maxTaskIdleMs: -1 });
    await run.add('right', [], { end: 9 }).add('left', at(5)).process();
    expect(seen).toEqual(['5']);
  });

  it.each(Array.from({ length: 40 }, (_, index) => index + 1))(
    'processes the same in the same order however the fetches arrive (seed %d)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const topics = ['left', 'right'] as const;
      // Within a topic in the order of its offsets, out-of-order timestamps included; never two of one time in both.
      const records = topics.map((_, side) => {
        let time = 0;
        return Array.from({ length: 5 + random.between(0, 39) }, () => {
          time += random.between(-1, 5);
          return 2 * Math.max(0, time) + side;
        });
      });
      const runs: string[][] = [];
      for (let arrival = 0; arrival < 4; arrival++) {
        const { run, seen } = await twoTopics();
        const next = [0, 0];
        while (topics.some((_, side) => next[side]! < records[side]!.length)) {
          const side = random.between(0, 1);
          const all = records[side]!;
          const count = random.between(0, 7);
          run.add(topics[side]!, at(...all.slice(next[side], next[side]! + count)), { end: all.length });
          next[side] = Math.min(all.length, next[side]! + count);
          if (random.chance(0.3)) await run.process();
        }
        for (const [side, topic] of topics.entries()) run.add(topic, [], { end: records[side]!.length });
        await run.process();
        expect(seen).toHaveLength(records[0]!.length + records[1]!.length);
        runs.push(seen);
      }
      for (const run of runs) expect(run).toEqual(runs[0]);
    },
  );

  it.each(Array.from({ length: 30 }, (_, index) => index + 1))(
    'commits the same in the same order also when it dies in between (seed %d)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const builder = new StreamsBuilder();
      builder
        .stream(['left', 'right'], text)
        .processValues<string>(() => {
          let forward!: (key: string, value: string) => unknown;
          return {
            // Stream time says what was processed before, the crash or not.
            init: (context) =>
              void (forward = (key, value) => context.forward(key, `${value} ${context.streamTime()}`)),
            process: ({ key, value }) => forward(key, value) as undefined,
          };
        })
        .to('out', text);
      const topology = builder.build();
      const topics = ['left', 'right'] as const;
      const records = topics.map((_, side) =>
        Array.from({ length: 30 }, (__, index) => 2 * Math.max(0, 3 * index + random.between(-10, 10)) + side),
      );
      const outputs: unknown[] = [];
      for (let arrival = 0; arrival < 4; arrival++) {
        let run = await TaskRun.open(topology, { knowsInputs: false });
        let next = [0, 0];
        while (topics.some((_, side) => next[side]! < records[side]!.length)) {
          const side = random.between(0, 1);
          const end = records[side]!.length;
          const batch = records[side]!.slice(next[side], next[side]! + random.between(0, 8));
          run.add(topics[side]!, at(...batch), { end });
          next[side]! += batch.length;
          if (random.chance(0.5)) await run.process();
          if (random.chance(0.3)) await run.commit();
          if (arrival > 0 && random.chance(0.15)) {
            run = await run.crash();
            next = topics.map((topic) => run.committedOffset(topic) ?? 0);
          }
        }
        for (const [side, topic] of topics.entries()) run.add(topic, [], { end: records[side]!.length });
        await run.process();
        await run.commit();
        outputs.push(run.committedOutput('out'));
      }
      expect(outputs[0]).toHaveLength(60);
      for (const output of outputs) expect(output).toEqual(outputs[0]);
    },
  );
});
