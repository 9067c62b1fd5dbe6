import { serdes, type StreamsBuilder } from '../../src/index';
import { externalTopics, planTopics, type TopicPlan } from '../../src/runtime/topic-plan';
import { build, text } from '../topology/build';

const plan = (write: (builder: StreamsBuilder) => void, counts: Record<string, number>): TopicPlan =>
  planTopics('app', build(write), new Map(Object.entries(counts)));
const partitions = ({ internalTopics }: TopicPlan): Record<string, number> =>
  Object.fromEntries(internalTopics.map(({ name, partitions: count }) => [name, count]));
const byValue = (_key: string, value: string): string => value;

describe('planTopics', () => {
  it('makes a task for each subtopology and partition of its largest source', () => {
    const { tasks, sourcePartitions } = plan(
      (builder) => {
        builder.stream(['small', 'large'], text).to('out');
        builder.stream('other', text).to('out');
      },
      { small: 1, large: 3, other: 2 },
    );
    expect(tasks.map(String)).toEqual(['0_0', '0_1', '0_2', '1_0', '1_1']);
    expect(Object.fromEntries(sourcePartitions)).toEqual({ small: 1, large: 3, other: 2 });
  });

  it('gives a changelog as many partitions as its subtopology has tasks, and none where it is not wanted', () => {
    const topics = plan(
      (builder) => {
        const grouped = builder.stream('in', text).groupByKey();
        grouped.count('logged');
        grouped.count({ store: 'unlogged', changelog: false });
      },
      { in: 4 },
    );
    expect(topics.internalTopics).toEqual([{ name: 'app-logged-changelog', kind: 'changelog', partitions: 4 }]);
  });

  describe('gives a repartition topic', () => {
    it('the count that was asked for', () => {
      const topics = plan((builder) => builder.stream('in', text).repartition({ name: 'r', partitions: 7 }).to('out'), {
        in: 2,
      });
      expect(partitions(topics)).toEqual({ 'app-r-repartition': 7 });
      expect(topics.tasks).toHaveLength(2 + 7);
    });

    it('that of the largest source of those who write to it', () => {
      const topics = plan((builder) => builder.stream(['a', 'b'], text).groupBy(byValue, text).count('c'), {
        a: 2,
        b: 5,
      });
      expect(partitions(topics)).toEqual({ 'app-c-repartition': 5, 'app-c-changelog': 5 });
    });

    it('that of the one before it, along a chain', () => {
      const topics = plan(
        (builder) =>
          builder
            .stream('in', text)
            .groupBy(byValue, text)
            .count('first')
            .toStream()
            .groupBy((_key, count) => String(count), { key: serdes.string, value: serdes.decimalText })
            .count('second'),
        { in: 6 },
      );
      expect(partitions(topics)).toMatchObject({ 'app-first-repartition': 6, 'app-second-repartition': 6 });
    });

    it('that of the topic that it must be co-partitioned with, rather than its writers', () => {
      const topics = plan(
        (builder) => {
          const moved = builder
            .stream('large', text)
            .selectKey(byValue)
            .repartition({ name: 'r', ...text });
          builder.stream('small', text).merge(moved).groupByKey(text).count('c');
        },
        { large: 8, small: 3 },
      );
      expect(partitions(topics)).toEqual({ 'app-r-repartition': 3, 'app-c-changelog': 3 });
    });

    it('the largest of all in its group, where several must be co-partitioned, in whichever order they are declared', () => {
      const both = (first: string, second: string): TopicPlan =>
        plan(
          (builder) => {
            const moved = (topic: string) =>
              builder
                .stream(topic, text)
                .selectKey(byValue)
                .repartition({ name: topic, ...text });
            moved(first).merge(moved(second)).groupByKey(text).count('c');
          },
          { a: 2, b: 5 },
        );
      expect(partitions(both('a', 'b'))).toEqual(partitions(both('b', 'a')));
      expect(partitions(both('a', 'b'))).toMatchObject({ 'app-a-repartition': 5, 'app-b-repartition': 5 });
    });

    it('the explicit count of another in its group', () => {
      const topics = plan(
        (builder) => {
          const moved = (name: string, count?: number) =>
            builder
              .stream(name, text)
              .selectKey(byValue)
              .repartition({ name, ...text, partitions: count });
          moved('a').merge(moved('b', 4)).groupByKey(text).count('c');
        },
        { a: 2, b: 2 },
      );
      expect(partitions(topics)).toMatchObject({ 'app-a-repartition': 4, 'app-b-repartition': 4 });
    });

    it('that of its other writers, where it also feeds itself', () => {
      const topics = plan(
        (builder) => {
          const lines = builder.stream('in', text);
          lines.merge(lines.repartition({ name: 'again' })).to('out');
        },
        { in: 3 },
      );
      expect(partitions(topics)).toEqual({ 'app-again-repartition': 3 });
    });
  });

  describe('refuses topics that must be co-partitioned and are not', () => {
    it('naming each with its count, and the node where they meet', () => {
      expect(() => plan((builder) => builder.stream(['a', 'b'], text).groupByKey().count('c'), { a: 2, b: 3 })).toThrow(
        "Topics that are processed together at node 'count-1' must have the same number of partitions, but 'a' has 2, 'b' has 3. Recreate one, or pass one through repartition().",
      );
    });

    it('also where the count of one was asked for', () => {
      expect(() =>
        plan(
          (builder) => {
            const moved = builder
              .stream('b', text)
              .selectKey(byValue)
              .repartition({ name: 'r', ...text, partitions: 9 });
            builder.stream('a', text).merge(moved).groupByKey(text).count('c');
          },
          { a: 2, b: 3 },
        ),
      ).toThrow("'app-r-repartition' has 9, 'a' has 2");
    });
  });
});

describe('externalTopics', () => {
  it('names what users have to create: no internal topics, and no sinks that are chosen for each record', () => {
    const topology = build((builder) => {
      const lines = builder.stream(['a', 'b'], text);
      lines.groupBy(byValue, text).count('c').toStream().to('fixed', { value: serdes.decimalText });
      lines.to((_key, value) => value);
    });
    expect(externalTopics(topology)).toEqual({ sources: ['a', 'b'], sinks: ['fixed'], globals: [] });
  });
});
