import { append, appendOrDelete, changesTo, firstLetter, stream } from './graph-steps';
import { kind, type ScenarioKind } from './kind';
import { decimal } from './traffic';

const byKey = { id: 'g', op: 'groupByKey', in: 'a' };
const byLetter = { id: 'g', op: 'groupBy', in: 'a', key: ['if', ['isNull', '$value'], null, firstLetter] };

export const aggregationKinds: readonly ScenarioKind[] = [
  kind('aggregation: count', () => [stream('a'), byKey, { id: 'r', op: 'count', in: 'g' }, ...changesTo('r')]),
  kind('aggregation: groupBy and count', () => [
    stream('a'),
    byLetter,
    { id: 'r', op: 'count', in: 'g' },
    ...changesTo('r'),
  ]),
  kind('aggregation: reduce', () => [
    stream('a'),
    byKey,
    { id: 'r', op: 'reduce', in: 'g', reducer: append },
    ...changesTo('r'),
  ]),
  kind('aggregation: reduce that deletes', () => [
    stream('a'),
    byLetter,
    { id: 'r', op: 'reduce', in: 'g', reducer: ['if', ['contains', '$value', '5'], null, append] },
    ...changesTo('r'),
  ]),
  kind(
    'aggregation: aggregate a sum',
    () => [
      stream('a'),
      byKey,
      { id: 'r', op: 'aggregate', in: 'g', initializer: '0', aggregator: ['add', '$aggregate', '$value'] },
      ...changesTo('r'),
    ],
    { value: decimal },
  ),
  kind('aggregation: aggregate that deletes', () => [
    stream('a'),
    byKey,
    { id: 'r', op: 'aggregate', in: 'g', initializer: 'i', aggregator: appendOrDelete },
    ...changesTo('r'),
  ]),
  kind('aggregation: aggregate from nothing', () => [
    stream('a'),
    byKey,
    { id: 'r', op: 'aggregate', in: 'g', initializer: null, aggregator: appendOrDelete },
    ...changesTo('r'),
  ]),
  kind('aggregation: two of one group', () => [
    stream('a'),
    byLetter,
    { id: 'r', op: 'count', in: 'g' },
    { id: 's', op: 'aggregate', in: 'g', initializer: 'i', aggregator: ['concat', '$key', '$aggregate', '$value'] },
    ...changesTo('r'),
    ...changesTo('s', 'out2'),
  ]),
  kind('aggregation: count the counts', () => [
    stream('a'),
    byKey,
    { id: 'c', op: 'count', in: 'g' },
    { id: 's', op: 'toStream', in: 'c', key: '$value' },
    { id: 'h', op: 'groupByKey', in: 's' },
    { id: 'r', op: 'count', in: 'h' },
    ...changesTo('r'),
  ]),
  kind('aggregation: toStream with a mapper', () => [
    stream('a'),
    byKey,
    { id: 'c', op: 'aggregate', in: 'g', initializer: 'i', aggregator: appendOrDelete },
    { id: 's', op: 'toStream', in: 'c', key: ['if', ['isNull', '$value'], null, ['concat', '$key', '.', '$value']] },
    { op: 'to', in: 's', topic: 'out' },
  ]),
];
