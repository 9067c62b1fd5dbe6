import { changesTo, stream } from '../kinds/graph-steps';
import type { GraphStep, OutputRecord } from '../scenario';
import type { IntendedDifference } from './intended-difference';

const AGGREGATIONS = ['count', 'aggregate'];
const TABLE_OPERATORS = ['filter', 'filterNot', 'mapValues', 'groupBy', 'join', 'leftJoin', 'outerJoin', 'suppress'];

export const initializersAsOldValues: IntendedDifference = {
  name: 'the first aggregate of a key has no old value',
  reason:
    "Kafka Streams says that the initializer's value was there before it. What follows deletes a row, or takes a value out of a group, " +
    'that never was there: a tombstone too many, and wrong totals. In the example it counts one key where there are two.',
  example: {
    id: 'the number of keys that were counted',
    graph: [
      stream('a'),
      { id: 'g', op: 'groupByKey', in: 'a' },
      { id: 'c', op: 'count', in: 'g' },
      { id: 'h', op: 'groupBy', in: 'c', key: 'all keys', value: '$value' },
      { id: 'r', op: 'count', in: 'h' },
      ...changesTo('r'),
    ],
    steps: [
      { topic: 'a', key: 'a', value: 'x', timestamp: 1 },
      { topic: 'a', key: 'b', value: 'x', timestamp: 2 },
    ],
  },
  comparison: {
    concerns: ({ graph }) => graph.some((step) => isTableOperator(step, graph)),
    without: ({ kafka, millrace }) => ({
      kafka: withoutNeedlessDeletions(kafka),
      millrace: withoutNeedlessDeletions(millrace),
    }),
  },
};

function isTableOperator({ op, in: input }: GraphStep, graph: readonly GraphStep[]): boolean {
  return TABLE_OPERATORS.includes(op) && graph.some(({ id, op }) => id === input && AGGREGATIONS.includes(op));
}

/** Leaves out deletions of keys that have no value. */
function withoutNeedlessDeletions(outputs: readonly OutputRecord[]): OutputRecord[] {
  const present = new Set<string>();
  return outputs.filter(({ topic, key, value }) => {
    const row = JSON.stringify([topic, key]);
    if (value !== null) present.add(row);
    return value !== null || present.delete(row);
  });
}
