import type { SeededRandom } from '../../support/seeded-random';
import type { GraphStep, WindowStep } from '../scenario';
import type { Expression } from '../expression';
import { append, appendOrDelete, changesTo, firstLetter, stream } from './graph-steps';
import { kind, type ScenarioKind } from './kind';

export type WindowType = WindowStep['type'];
export const windowTypes: readonly WindowType[] = ['tumbling', 'hopping', 'sliding', 'session'];

/** A window of about ten records of the usual pace, with grace or none. */
export function windowOf(type: WindowType, random: SeededRandom): WindowStep {
  const graceMs = random.pick([0, random.between(1, 10), random.between(10, 60)]);
  const sizeMs = random.between(5, 40);
  switch (type) {
    case 'tumbling':
      return { type, sizeMs, graceMs };
    case 'hopping':
      return { type, sizeMs, advanceMs: random.between(Math.ceil(sizeMs / 4), sizeMs), graceMs };
    case 'sliding':
      // Not 0: Kafka Streams takes that, and then fails at the first record.
      return { type, timeDifferenceMs: random.between(1, 20), graceMs };
    case 'session':
      return { type, inactivityGapMs: random.between(1, 12), graceMs };
  }
}

const merger: Expression = ['concat', '(', '$first', '|', '$second', ')'];
export const aggregated: GraphStep = {
  id: 'r',
  op: 'aggregate',
  in: 'w',
  initializer: 'i',
  aggregator: append,
  merger,
};

const byKey: GraphStep = { id: 'g', op: 'groupByKey', in: 'a' };

function windowed(type: WindowType, emit: 'on-update' | 'on-close'): ScenarioKind[] {
  const name = `${type} window ${emit}:`;
  const head = (random: SeededRandom): GraphStep[] => [
    stream('a'),
    byKey,
    { id: 'w', op: 'windowedBy', in: 'g', window: windowOf(type, random), emit },
  ];
  return [
    kind(`${name} count`, (random) => [...head(random), { id: 'r', op: 'count', in: 'w' }, ...changesTo('r')]),
    kind(`${name} reduce`, (random) => [
      ...head(random),
      { id: 'r', op: 'reduce', in: 'w', reducer: append },
      ...changesTo('r'),
    ]),
    kind(`${name} aggregate`, (random) => [...head(random), aggregated, ...changesTo('r')]),
    kind(`${name} aggregate that deletes`, (random) => [
      ...head(random),
      { ...aggregated, aggregator: appendOrDelete },
      ...changesTo('r'),
    ]),
  ];
}

/** Not of sliding windows and sessions, whose old values Kafka Streams gets wrong: see differences/old-values-of-windows.ts. */
function regrouped(type: 'tumbling' | 'hopping'): ScenarioKind {
  return kind(`${type} window: its table regrouped`, (random) => [
    stream('a'),
    byKey,
    { id: 'w', op: 'windowedBy', in: 'g', window: windowOf(type, random) },
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
  ]);
}

function further(type: WindowType): ScenarioKind[] {
  return [
    kind(`${type} window: under another key`, (random) => [
      stream('a'),
      { id: 'g', op: 'groupBy', in: 'a', key: ['if', ['isNull', '$value'], null, firstLetter] },
      {
        id: 'w',
        op: 'windowedBy',
        in: 'g',
        window: windowOf(type, random),
        emit: random.pick(['on-update', 'on-close']),
      },
      aggregated,
      ...changesTo('r'),
    ]),
    kind(`${type} window: counted, filtered and mapped`, (random) => [
      stream('a'),
      byKey,
      { id: 'w', op: 'windowedBy', in: 'g', window: windowOf(type, random) },
      { id: 'c', op: 'count', in: 'w' },
      { id: 'f', op: 'filter', in: 'c', predicate: ['less', '1', '$value'] },
      { id: 'r', op: 'mapValues', in: 'f', value: ['concat', '$key', '=', '$value'] },
      ...changesTo('r'),
    ]),
    kind(`${type} window: keys in Kafka Streams' own format`, (random) => [
      stream('a'),
      byKey,
      { id: 'w', op: 'windowedBy', in: 'g', window: windowOf(type, random) },
      { id: 'c', op: 'count', in: 'w' },
      { id: 's', op: 'toStream', in: 'c' },
      { op: 'to', in: 's', topic: 'out', keys: type === 'session' ? 'sessionWindowed' : 'timeWindowed' },
    ]),
    kind(
      `${type} window: many records long after their window`,
      (random) => [
        stream('a'),
        byKey,
        {
          id: 'w',
          op: 'windowedBy',
          in: 'g',
          window: windowOf(type, random),
          emit: random.pick(['on-update', 'on-close']),
        },
        aggregated,
        ...changesTo('r'),
      ],
      { outOfOrder: 0.5, paceMs: 8 },
    ),
  ];
}

export const windowKinds: readonly ScenarioKind[] = [
  ...windowTypes.flatMap((type) => [...windowed(type, 'on-update'), ...windowed(type, 'on-close'), ...further(type)]),
  regrouped('tumbling'),
  regrouped('hopping'),
];
