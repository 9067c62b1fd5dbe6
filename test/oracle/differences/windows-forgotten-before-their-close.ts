import { changesTo, stream } from '../kinds/graph-steps';
import type { IntendedDifference } from './intended-difference';
import { hasWindow, mayBeForgotten } from './windowed-outputs';

export const windowsForgottenBeforeTheirClose: IntendedDifference = {
  name: 'on close, every window has its result',
  reason:
    'When the record that closes a window is later than that by more than the window and its grace, the store of Kafka Streams ' +
    'forgets the window before it is emitted, and its result is lost. Millrace emits it.',
  example: {
    id: 'a window that closes late',
    graph: [
      stream('a'),
      { id: 'g', op: 'groupByKey', in: 'a' },
      { id: 'w', op: 'windowedBy', in: 'g', window: { type: 'tumbling', sizeMs: 10, graceMs: 5 }, emit: 'on-close' },
      { id: 'r', op: 'count', in: 'w' },
      ...changesTo('r'),
    ],
    steps: [
      { topic: 'a', key: 'a', value: 'x', timestamp: 1 },
      { topic: 'a', key: 'b', value: 'x', timestamp: 100 },
    ],
  },
  comparison: {
    concerns: (scenario) =>
      scenario.graph.some(({ emit }) => emit === 'on-close') && hasWindow(scenario, ['tumbling', 'hopping', 'sliding']),
    without({ kafka, millrace }, scenario) {
      const emitted = new Set(kafka.map(({ step, topic, key }) => JSON.stringify([step, topic, key])));
      return {
        kafka,
        millrace: millrace.filter(
          (record) =>
            emitted.has(JSON.stringify([record.step, record.topic, record.key])) || !mayBeForgotten(record, scenario),
        ),
      };
    },
  },
};
