import type { Expression } from '../expression';
import type { GraphStep } from '../scenario';
import {
  append,
  changesTo,
  concatSides,
  firstLetter,
  globalTable,
  startsWithX,
  stream,
  table,
  to,
} from './graph-steps';
import { kind, type ScenarioKind } from './kind';

const keyAndSides: Expression = ['concat', '$key', ':', concatSides];
/** A joiner whose result is at times null. */
const sidesOrNull: Expression = [
  'if',
  ['and', ['startsWith', '$left', 'z'], ['startsWith', '$right', 'x']],
  null,
  concatSides,
];

/** The first letter of a value, as a key of the other table; null at times. */
const foreignKey: Expression = ['if', ['startsWith', '$value', 'z'], null, firstLetter];
/** Keys that are what {@link foreignKey} gives, besides the usual ones. */
const foreignKeys = ['a', 'b', 'x', 'y'];

function streamTable(op: string): ScenarioKind[] {
  return [
    kind(`stream-table ${op}`, () => [
      stream('a'),
      table('t'),
      { id: 'r', op, in: 'a', with: 't', joiner: keyAndSides },
      to('r'),
    ]),
    kind(`stream-table ${op} under another key`, () => [
      stream('a'),
      table('t'),
      { id: 'k', op: 'selectKey', in: 'a', key: ['if', ['isNull', '$key'], null, ['prefix', '$key', '1']] },
      { id: 'r', op, in: 'k', with: 't', joiner: concatSides },
      to('r'),
    ]),
    kind(`stream-table ${op} with counts`, () => [
      stream('a'),
      stream('b'),
      { id: 'g', op: 'groupByKey', in: 'b' },
      { id: 'c', op: 'count', in: 'g' },
      { id: 'r', op, in: 'a', with: 'c', joiner: concatSides },
      to('r'),
    ]),
    kind(`stream-table ${op} with a filtered table`, (random) => [
      stream('a'),
      table('t'),
      { id: 'f', op: 'filter', in: 't', predicate: startsWithX, materialize: random.chance(0.5) },
      { id: 'r', op, in: 'a', with: 'f', joiner: concatSides },
      to('r'),
    ]),
    kind(
      `stream-global ${op}`,
      () => [
        stream('a'),
        globalTable('t'),
        {
          id: 'r',
          op,
          in: 'a',
          with: 't',
          tableKey: ['if', ['isNull', '$value'], '$key', foreignKey],
          joiner: keyAndSides,
        },
        to('r'),
      ],
      { keys: foreignKeys, nullKeys: 0.1 },
    ),
  ];
}

function tableTable(op: string): ScenarioKind[] {
  const join = (more: object): GraphStep => ({ id: 'r', op, in: 't', with: 'u', joiner: sidesOrNull, ...more });
  return [
    kind(`table-table ${op}`, () => [table('t'), table('u'), join({}), ...changesTo('r')]),
    kind(`table-table ${op}, stored`, () => [table('t'), table('u'), join({ materialize: true }), ...changesTo('r')]),
    kind(`table-table ${op} of filtered tables`, (random) => [
      table('t'),
      table('u'),
      { id: 'f', op: 'filter', in: 't', predicate: startsWithX, materialize: random.chance(0.5) },
      { id: 'h', op: 'mapValues', in: 'u', value: ['upper', '$value'], materialize: random.chance(0.5) },
      join({ in: 'f', with: 'h' }),
      ...changesTo('r'),
    ]),
    kind(`table-table ${op}, grouped again`, () => [
      table('t'),
      table('u'),
      join({ joiner: concatSides }),
      { id: 'g', op: 'groupBy', in: 'r', key: firstLetter, value: '$value' },
      { id: 'n', op: 'reduce', in: 'g', reducer: append, subtractor: ['concat', '$aggregate', '-', '$value'] },
      ...changesTo('n'),
    ]),
    kind(`table-table ${op} of three tables`, () => [
      table('t'),
      table('u'),
      table('v'),
      join({ joiner: concatSides }),
      { id: 's', op, in: 'r', with: 'v', joiner: concatSides },
      ...changesTo('s'),
    ]),
  ];
}

function foreignKeyJoin(op: string): ScenarioKind[] {
  const join: GraphStep = { id: 'r', op, in: 't', with: 'u', foreignKey, joiner: concatSides };
  const given = { keys: foreignKeys };
  return [
    kind(`foreign-key ${op}`, () => [table('t'), table('u'), join, ...changesTo('r')], given),
    kind(
      `foreign-key ${op} of tables that were filtered`,
      (random) => [
        table('t'),
        table('u'),
        { id: 'f', op: 'filter', in: 't', predicate: ['not', ['contains', '$value', '5']] },
        { id: 'h', op: 'mapValues', in: 'u', value: ['upper', '$value'], materialize: random.chance(0.5) },
        { ...join, in: 'f', with: 'h' },
        ...changesTo('r'),
      ],
      given,
    ),
    kind(
      `foreign-key ${op}, grouped again`,
      () => [
        table('t'),
        table('u'),
        join,
        { id: 'g', op: 'groupBy', in: 'r', key: firstLetter, value: '$value' },
        { id: 'n', op: 'count', in: 'g' },
        ...changesTo('n'),
      ],
      given,
    ),
  ];
}

export const joinKinds: readonly ScenarioKind[] = [
  ...['join', 'leftJoin'].flatMap(streamTable),
  ...['join', 'leftJoin', 'outerJoin'].flatMap(tableTable),
  ...['join', 'leftJoin'].flatMap(foreignKeyJoin),
];
