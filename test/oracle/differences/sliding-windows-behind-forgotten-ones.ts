import { changesTo, stream } from '../kinds/graph-steps';
import type { OutputRecord } from '../scenario';
import type { IntendedDifference } from './intended-difference';
import { hasWindow, latestTime, windowedKey, windowIn } from './windowed-outputs';

export const slidingWindowsBehindForgottenOnes: IntendedDifference = {
  name: 'a late record finds the sliding window behind the record before it',
  reason:
    'Kafka Streams knows of that record by its own window, and forgets it when another key is far enough ahead, though the window ' +
    'behind it is still open. A late record is then missing in that window, or the window is. Millrace has them.',
  example: {
    id: 'a late record behind a forgotten one',
    graph: [
      stream('a'),
      { id: 'g', op: 'groupByKey', in: 'a' },
      { id: 'w', op: 'windowedBy', in: 'g', window: { type: 'sliding', timeDifferenceMs: 15, graceMs: 0 } },
      { id: 'r', op: 'count', in: 'w' },
      ...changesTo('r'),
    ],
    steps: [
      { topic: 'a', key: 'b', value: 'x', timestamp: 68 },
      { topic: 'a', key: 'a', value: 'x', timestamp: 82 },
      { topic: 'a', key: 'a', value: 'x', timestamp: 83 },
      { topic: 'a', key: 'b', value: 'x', timestamp: 80 },
    ],
  },
  comparison: {
    concerns: (scenario) => hasWindow(scenario, ['sliding']),
    without({ kafka, millrace }, scenario) {
      const { graceMs } = windowIn(scenario);
      const emitted = new Set(kafka.map(nameOf));
      // A window that only Millrace has, behind a record that was forgotten: not comparable from then on.
      const since = new Map<string | null, number>();
      for (const record of millrace) {
        const window = windowedKey(record);
        if (window === undefined || emitted.has(nameOf(record)) || since.has(record.key)) continue;
        if (window.start - 1 <= latestTime(scenario, record.step) - graceMs) since.set(record.key, record.step);
      }
      const comparable = (record: OutputRecord): boolean => record.step < (since.get(record.key) ?? Infinity);
      return { kafka: kafka.filter(comparable), millrace: millrace.filter(comparable) };
    },
  },
};

function nameOf({ step, topic, key }: OutputRecord): string {
  return JSON.stringify([step, topic, key]);
}
