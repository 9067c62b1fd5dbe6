import type { OutputRecord } from '../scenario';
import { append, changesTo, stream } from '../kinds/graph-steps';
import type { IntendedDifference } from './intended-difference';
import { hasWindow, mayBeForgotten } from './windowed-outputs';

export const aggregatesForgottenByCogroup: IntendedDifference = {
  name: 'cogroup over windows keeps what all inputs gave',
  reason:
    'In Kafka Streams each input of a windowed cogroup has a stream time of its own, and their common store the latest of all. A ' +
    'record that is in time for its input finds no aggregate where the store has forgotten it, and begins a new one; what the window ' +
    'had is lost. Millrace goes on from what the window had.',
  example: {
    id: 'a window that one input still takes records for',
    graph: [
      stream('a'),
      stream('b'),
      { id: 'g', op: 'groupByKey', in: 'a' },
      { id: 'h', op: 'groupByKey', in: 'b' },
      { id: 'c', op: 'cogroup', in: 'g', aggregator: append, with: [{ in: 'h', aggregator: append }] },
      { id: 'w', op: 'windowedBy', in: 'c', window: { type: 'tumbling', sizeMs: 10, graceMs: 0 } },
      { id: 'r', op: 'aggregate', in: 'w', initializer: 'i' },
      ...changesTo('r'),
    ],
    steps: [
      { topic: 'a', key: 'a', value: 'a1', timestamp: 5 },
      { topic: 'b', key: 'b', value: 'b1', timestamp: 15 },
      { topic: 'a', key: 'a', value: 'a2', timestamp: 8 },
    ],
  },
  comparison: {
    concerns: (scenario) =>
      scenario.graph.some(({ op }) => op === 'cogroup') && hasWindow(scenario, ['tumbling', 'hopping', 'sliding']),
    without({ kafka, millrace }, scenario) {
      // From the moment on at which a window may be forgotten, what its key has is not comparable.
      const since = new Map<string | null, number>();
      for (const record of [...kafka, ...millrace]) {
        if (mayBeForgotten(record, scenario))
          since.set(record.key, Math.min(record.step, since.get(record.key) ?? Infinity));
      }
      const comparable = (record: OutputRecord): boolean => record.step < (since.get(record.key) ?? Infinity);
      return { kafka: kafka.filter(comparable), millrace: millrace.filter(comparable) };
    },
  },
};
