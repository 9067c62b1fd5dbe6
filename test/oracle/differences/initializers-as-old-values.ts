import type { GraphStep, OutputRecord } from '../scenario';
import type { IntendedDifference } from './intended-difference';

const AGGREGATIONS = ['count', 'aggregate'];
const TABLE_OPERATORS = ['filter', 'filterNot', 'mapValues', 'groupBy', 'join', 'leftJoin', 'outerJoin', 'suppress'];

export const initializersAsOldValues: IntendedDifference = {
  name: "an aggregate's first change has no old value",
  reason:
    "Kafka Streams says that the old value of a key's first aggregate was the initializer's, so that what follows deletes a row, or " +
    'takes a value out of a group, that never was there: a tombstone too many, and wrong totals where the group exists. Millrace says ' +
    'that there was none.',
  concerns: ({ graph }) => graph.some((step) => isTableOperator(step, graph)),
  without: ({ kafka, millrace }) => ({
    kafka: withoutNeedlessDeletions(kafka),
    millrace: withoutNeedlessDeletions(millrace),
  }),
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
