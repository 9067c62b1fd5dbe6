import type { SeededRandom } from '../../support/seeded-random';
import type { GraphStep } from '../scenario';
import { append, appendOrDelete, changesTo, firstLetter, stream } from './graph-steps';
import { kind, type ScenarioKind } from './kind';
import { aggregated, windowOf, windowTypes } from './windows';

const two: readonly GraphStep[] = [
  stream('a'),
  stream('b'),
  { id: 'g', op: 'groupByKey', in: 'a' },
  { id: 'h', op: 'groupByKey', in: 'b' },
  {
    id: 'c',
    op: 'cogroup',
    in: 'g',
    aggregator: append,
    with: [{ in: 'h', aggregator: ['concat', '$aggregate', '*', '$value'] }],
  },
];
const result: GraphStep = { id: 'r', op: 'aggregate', in: 'c', initializer: 'i' };

export const cogroupKinds: readonly ScenarioKind[] = [
  kind('cogroup: one stream', () => [
    stream('a'),
    { id: 'g', op: 'groupByKey', in: 'a' },
    { id: 'c', op: 'cogroup', in: 'g', aggregator: appendOrDelete, with: [] },
    result,
    ...changesTo('r'),
  ]),
  kind('cogroup: two streams', () => [...two, result, ...changesTo('r')]),
  kind('cogroup: three streams under other keys', () => [
    stream('a'),
    stream('b'),
    stream('d'),
    { id: 'g', op: 'groupBy', name: 'ga', in: 'a', key: ['if', ['isNull', '$value'], null, firstLetter] },
    { id: 'h', op: 'groupByKey', in: 'b' },
    { id: 'k', op: 'groupBy', name: 'gd', in: 'd', key: ['if', ['isNull', '$value'], null, firstLetter] },
    {
      id: 'c',
      op: 'cogroup',
      in: 'g',
      aggregator: append,
      with: [
        { in: 'h', aggregator: appendOrDelete },
        { in: 'k', aggregator: ['concat', '$key', '*', '$aggregate'] },
      ],
    },
    result,
    ...changesTo('r'),
  ]),
  ...windowTypes.map((type) =>
    kind(`cogroup: two streams in a ${type} window`, (random: SeededRandom) => [
      ...two,
      { id: 'w', op: 'windowedBy', in: 'c', window: windowOf(type, random) },
      { id: 'r', op: 'aggregate', in: 'w', initializer: 'i', merger: aggregated['merger'] },
      ...changesTo('r'),
    ]),
  ),
];
