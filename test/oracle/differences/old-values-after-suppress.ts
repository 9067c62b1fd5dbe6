import { append, appendRemoval, changesTo, table } from '../kinds/graph-steps';
import type { IntendedDifference } from './intended-difference';

export const oldValuesAfterSuppress: IntendedDifference = {
  name: 'after suppress the old value is the one that was let through',
  reason:
    'Kafka Streams says the old value of the last change that it held back, which what follows has never seen, and so takes out of ' +
    'a group what is not in it. Millrace says the value that it last let through.',
  example: {
    id: 'a suppressed table in groups',
    graph: [
      table('t'),
      { id: 's', op: 'suppress', in: 't', until: 'timeLimit', ms: 10 },
      { id: 'g', op: 'groupBy', in: 's', key: 'all', value: '$value' },
      { id: 'r', op: 'reduce', in: 'g', reducer: append, subtractor: appendRemoval },
      ...changesTo('r'),
    ],
    steps: [
      { topic: 't', key: 'a', value: 'a1', timestamp: 0 },
      { topic: 't', key: 'b', value: 'b1', timestamp: 20 },
      { topic: 't', key: 'a', value: 'a2', timestamp: 30 },
      { topic: 't', key: 'a', value: 'a3', timestamp: 31 },
      { topic: 't', key: 'c', value: 'c1', timestamp: 50 },
    ],
  },
};
