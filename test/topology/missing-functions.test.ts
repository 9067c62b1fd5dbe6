import { windows, type StreamsBuilder } from '../../src/index';
import { problemsOf, text } from './build';

/** As a program without types would hand it over. */
const nothing = undefined as never;
const number = 7 as never;
const count = { key: text.key, value: text.value };

describe('a function that is missing is a problem of the topology, where it is', () => {
  const cases: Record<string, [(builder: StreamsBuilder) => void, string]> = {
    'the joiner of a join of streams': [
      (builder) =>
        builder
          .stream('left', text)
          .join(builder.stream('right', text), nothing, windows.join({ timeDifferenceMs: 1_000, graceMs: 0 }), {
            name: 'pairs',
          }),
      "Node 'pairs-left' takes a function as its joiner, and was given undefined.",
    ],
    'the reducer of a window': [
      (builder) =>
        builder
          .stream('in', text)
          .groupByKey()
          .windowedBy(windows.tumbling({ sizeMs: 1_000, graceMs: 0 }))
          .reduce(number, { store: 'sums' }),
      'takes a function as its aggregator, and was given number.',
    ],
    'the initializer of a window': [
      (builder) =>
        builder
          .stream('in', text)
          .groupByKey()
          .windowedBy(windows.tumbling({ sizeMs: 1_000, graceMs: 0 }))
          .aggregate(nothing, () => '', { ...count, store: 'sums' }),
      'takes a function as its initializer, and was given undefined.',
    ],
    'the id of a deduplication': [
      (builder) => builder.stream('in', text).deduplicate({ withinMs: 1_000, graceMs: 0, name: 'once', id: number }),
      "Node 'once' takes a function as its id, and was given number.",
    ],
  };

  it.each(Object.entries(cases))('%s', (_, [write, message]) => {
    expect(problemsOf(write).map((problem) => problem.message)).toContainEqual(expect.stringContaining(message));
  });
});
