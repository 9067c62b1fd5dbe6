import type { SeededRandom } from '../../support/seeded-random';
import type { GraphStep } from '../scenario';
import {
  append,
  appendRemoval,
  changesTo,
  concatSides,
  firstLetter,
  startsWithX,
  stream,
  table,
  to,
} from './graph-steps';
import { kind, type ScenarioKind } from './kind';
import type { Traffic } from './traffic';

const versioned = (random: SeededRandom, topic = 't'): GraphStep =>
  table(topic, { historyRetentionMs: random.pick([random.between(10, 60), 1_000]) });
/** Kafka Streams fails at null keys here: see differences/failures.ts. */
const withKeys: Partial<Traffic> = { outOfOrder: 0.4, nullKeys: 0 };
/** Late enough for the past to matter. */
const given: Partial<Traffic> = { outOfOrder: 0.4 };

function asOf(op: string): ScenarioKind[] {
  const join: GraphStep = { id: 'r', op, in: 'a', with: 't', joiner: concatSides };
  return [
    kind(
      `versioned: stream-table ${op} as of the record's time`,
      (random) => [stream('a'), versioned(random), join, to('r')],
      given,
    ),
    kind(
      `versioned: stream-table ${op} with grace`,
      (random) => [
        stream('a'),
        table('t', { historyRetentionMs: random.between(60, 200) }),
        { ...join, graceMs: random.between(0, 30) },
        to('r'),
      ],
      withKeys,
    ),
    kind(
      `versioned: stream-table ${op} with grace under another key`,
      (random) => [
        stream('a'),
        table('t', { historyRetentionMs: random.between(60, 200) }),
        { id: 'k', op: 'selectKey', in: 'a', key: ['if', ['isNull', '$key'], null, ['prefix', '$key', '1']] },
        { ...join, in: 'k', graceMs: random.between(0, 30) },
        to('r'),
      ],
      withKeys,
    ),
  ];
}

export const versionedKinds: readonly ScenarioKind[] = [
  kind('versioned: table', (random) => [versioned(random), ...changesTo('t')], given),
  kind(
    'versioned: toTable',
    (random) => [
      stream('a'),
      { id: 'r', op: 'toTable', in: 'a', historyRetentionMs: random.between(20, 100) },
      ...changesTo('r'),
    ],
    given,
  ),
  kind(
    'versioned: filter and mapValues',
    (random) => [
      versioned(random),
      { id: 'f', op: 'filter', in: 't', predicate: startsWithX },
      { id: 'r', op: 'mapValues', in: 'f', value: ['upper', '$value'] },
      ...changesTo('r'),
    ],
    given,
  ),
  kind(
    'versioned: groupBy and aggregate',
    (random) => [
      versioned(random),
      { id: 'g', op: 'groupBy', in: 't', key: firstLetter, value: '$value' },
      { id: 'r', op: 'aggregate', in: 'g', initializer: 'i', aggregator: append, subtractor: appendRemoval },
      ...changesTo('r'),
    ],
    given,
  ),
  ...['join', 'leftJoin', 'outerJoin'].map((op) =>
    kind(
      `versioned: table-table ${op}`,
      (random) => [
        versioned(random),
        random.chance(0.5) ? versioned(random, 'u') : table('u'),
        { id: 'r', op, in: 't', with: 'u', joiner: concatSides },
        ...changesTo('r'),
      ],
      given,
    ),
  ),
  kind(
    'versioned: foreign-key join',
    (random) => [
      versioned(random),
      versioned(random, 'u'),
      { id: 'r', op: 'join', in: 't', with: 'u', foreignKey: firstLetter, joiner: concatSides },
      ...changesTo('r'),
    ],
    { ...given, keys: ['a', 'x', 'y'] },
  ),
  ...['join', 'leftJoin'].flatMap(asOf),
  kind(
    'versioned: a past full of deletions',
    () => [
      stream('a'),
      table('t', { historyRetentionMs: 1_000 }),
      { id: 'r', op: 'leftJoin', in: 'a', with: 't', joiner: concatSides },
      to('r'),
    ],
    { keys: ['a'], outOfOrder: 0.7, tombstones: 0.5 },
  ),
];
