import type { GraphStep, WindowStep } from '../scenario';
import { changesTo, stream } from '../kinds/graph-steps';
import type { IntendedDifference } from './intended-difference';

/** Counts by windows, and adds the counts of all keys for each window. */
function totals(window: WindowStep): GraphStep[] {
  return [
    stream('a'),
    { id: 'g', op: 'groupByKey', in: 'a' },
    { id: 'w', op: 'windowedBy', in: 'g', window },
    { id: 'c', op: 'count', in: 'w' },
    { id: 'h', op: 'groupBy', in: 'c', key: ['field', '$key', '@', '1'], value: '$value' },
    {
      id: 'r',
      op: 'reduce',
      in: 'h',
      reducer: ['add', '$aggregate', '$value'],
      subtractor: ['subtract', '$aggregate', '$value'],
    },
    ...changesTo('r'),
  ];
}

export const newSlidingWindows: IntendedDifference = {
  name: 'a new sliding window has no old value',
  reason:
    'Kafka Streams says that the aggregate from which a new window is made was there before. A group that the window is put into has ' +
    'that taken out first, though it never was in it.',
  example: {
    id: 'totals of sliding windows',
    graph: totals({ type: 'sliding', timeDifferenceMs: 14, graceMs: 0 }),
    steps: [
      { topic: 'a', key: 'a', value: 'x', timestamp: 74 },
      { topic: 'a', key: 'b', value: 'x', timestamp: 85 },
      { topic: 'a', key: 'a', value: 'x', timestamp: 85 },
    ],
  },
};

export const sessionsThatGoOn: IntendedDifference = {
  name: 'a session that a record does not extend has an old value',
  reason:
    'Kafka Streams says that there was none. A group that the session is put into keeps the old aggregate too, and its total is wrong.',
  example: {
    id: 'totals of sessions',
    graph: totals({ type: 'session', inactivityGapMs: 10, graceMs: 9 }),
    steps: [
      { topic: 'a', key: 'a', value: 'x', timestamp: 46 },
      { topic: 'a', key: 'a', value: 'x', timestamp: 46 },
    ],
  },
};
