import { changesTo, concatSides, stream, table, to } from '../kinds/graph-steps';
import type { IntendedDifference } from './intended-difference';

export const slidingWindowsOfOneInstant: IntendedDifference = {
  name: 'sliding windows may be of one instant',
  reason:
    'Kafka Streams accepts a time difference of 0, and fails at the first record. Millrace groups what has the same timestamp.',
  example: {
    id: 'records of one instant',
    graph: [
      stream('a'),
      { id: 'g', op: 'groupByKey', in: 'a' },
      { id: 'w', op: 'windowedBy', in: 'g', window: { type: 'sliding', timeDifferenceMs: 0, graceMs: 0 } },
      { id: 'r', op: 'count', in: 'w' },
      ...changesTo('r'),
    ],
    steps: [{ topic: 'a', key: 'a', value: 'x', timestamp: 1 }],
  },
};

export const leftJoinWithGraceOfNullKeys: IntendedDifference = {
  name: 'a left join with grace takes records without a key',
  reason:
    'Kafka Streams fails at a record with a null key, though it joins it with null where there is no grace. Millrace does that in ' +
    'both cases.',
  example: {
    id: 'a null key and grace',
    graph: [
      stream('a'),
      table('t', { historyRetentionMs: 100 }),
      { id: 'r', op: 'leftJoin', in: 'a', with: 't', joiner: concatSides, graceMs: 10 },
      to('r'),
    ],
    steps: [{ topic: 'a', key: null, value: 'x', timestamp: 1 }],
  },
};
