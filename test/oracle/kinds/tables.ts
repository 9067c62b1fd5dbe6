import type { GraphStep } from '../scenario';
import {
  append,
  appendOrDelete,
  appendRemoval,
  changesTo,
  firstLetter,
  startsWithX,
  stream,
  table,
  to,
  upperOrNull,
} from './graph-steps';
import { kind, type ScenarioKind } from './kind';
import { decimal, type Traffic } from './traffic';

const filtered: GraphStep = { id: 'r', op: 'filter', in: 't', predicate: startsWithX };
const regrouped: GraphStep = { id: 'g', op: 'groupBy', in: 't', key: firstLetter, value: ['concat', '$key', '$value'] };
const transformed: GraphStep = { id: 'r', op: 'transformValues', in: 't', value: ['concat', '$key', ':', '$value'] };
const stateful: GraphStep = { ...transformed, state: ['concat', '$state', '.'], value: ['concat', '$value', '$state'] };

/** The operator alone, on a table of a topic: its changes go out. */
function onTable(name: string, step: GraphStep, given?: Partial<Traffic>): ScenarioKind {
  return kind(`table: ${name}`, () => [table('t'), step, ...changesTo('r')], given);
}

/** A stored and a computed table answer alike, except in what they forward: both are checked. */
function storedOrNot(name: string, step: GraphStep): ScenarioKind[] {
  return [onTable(name, step), onTable(`${name}, stored`, { ...step, materialize: true })];
}

export const tableKinds: readonly ScenarioKind[] = [
  kind('table: of a topic', () => [table('t'), ...changesTo('t')]),
  kind('table: of a topic, without a store in Kafka Streams', () => [
    table('t', { materialize: false }),
    ...changesTo('t'),
  ]),
  kind('table: toStream with a mapper', () => [
    table('t'),
    { id: 's', op: 'toStream', in: 't', key: ['concat', '$key', '$value'] },
    to('s'),
  ]),
  kind('table: toTable', () => [stream('a'), { id: 'r', op: 'toTable', in: 'a' }, ...changesTo('r')], {
    nullValues: 0.2,
  }),
  kind(
    'table: toTable under another key',
    () => [
      stream('a'),
      { id: 'k', op: 'selectKey', in: 'a', key: ['if', ['isNull', '$key'], null, firstLetter] },
      { id: 'v', op: 'mapValues', in: 'k', value: upperOrNull },
      { id: 'r', op: 'toTable', in: 'v' },
      ...changesTo('r'),
    ],
    { nullValues: 0 },
  ),
  ...storedOrNot('filter', filtered),
  ...storedOrNot('filterNot', { ...filtered, op: 'filterNot' }),
  ...storedOrNot('mapValues', { id: 'r', op: 'mapValues', in: 't', value: ['concat', '$key', ':', '$value'] }),
  ...storedOrNot('mapValues to null', { id: 'r', op: 'mapValues', in: 't', value: upperOrNull }),
  ...storedOrNot('transformValues', transformed),
  ...storedOrNot('transformValues with a store', stateful),
  kind('table: filter of a filter', () => [
    table('t'),
    { ...filtered, id: 'f' },
    { id: 'm', op: 'mapValues', in: 'f', value: ['upper', '$value'] },
    { id: 'r', op: 'filterNot', in: 'm', predicate: ['contains', '$value', '5'] },
    ...changesTo('r'),
  ]),
  kind('table: groupBy and count', () => [table('t'), regrouped, { id: 'r', op: 'count', in: 'g' }, ...changesTo('r')]),
  kind('table: groupBy and reduce', () => [
    table('t'),
    regrouped,
    { id: 'r', op: 'reduce', in: 'g', reducer: append, subtractor: appendRemoval },
    ...changesTo('r'),
  ]),
  kind('table: groupBy and aggregate', () => [
    table('t'),
    regrouped,
    { id: 'r', op: 'aggregate', in: 'g', initializer: 'i', aggregator: append, subtractor: appendRemoval },
    ...changesTo('r'),
  ]),
  kind('table: groupBy and aggregate that deletes', () => [
    table('t'),
    regrouped,
    {
      id: 'r',
      op: 'aggregate',
      in: 'g',
      initializer: 'i',
      aggregator: append,
      subtractor: ['if', ['contains', '$value', '5'], null, appendRemoval],
    },
    ...changesTo('r'),
  ]),
  kind('table: groupBy and reduce that deletes', () => [
    table('t'),
    regrouped,
    {
      id: 'r',
      op: 'reduce',
      in: 'g',
      reducer: ['if', ['contains', '$value', '3'], null, append],
      subtractor: ['if', ['contains', '$value', '5'], null, appendRemoval],
    },
    ...changesTo('r'),
  ]),
  kind(
    'table: groupBy and sum',
    () => [
      table('t'),
      { id: 'g', op: 'groupBy', in: 't', key: 'all', value: '$value' },
      {
        id: 'r',
        op: 'aggregate',
        in: 'g',
        initializer: '0',
        aggregator: ['add', '$aggregate', '$value'],
        subtractor: ['subtract', '$aggregate', '$value'],
      },
      ...changesTo('r'),
    ],
    { value: decimal },
  ),
  kind('table: groupBy to null keys and values', () => [
    table('t'),
    { id: 'g', op: 'groupBy', in: 't', key: ['if', startsWithX, null, firstLetter], value: upperOrNull },
    { id: 'r', op: 'aggregate', in: 'g', initializer: 'i', aggregator: append, subtractor: appendRemoval },
    ...changesTo('r'),
  ]),
  kind('table: groupBy of a filtered table', () => [
    table('t'),
    { ...filtered, id: 'f', materialize: true },
    { ...regrouped, in: 'f' },
    { id: 'r', op: 'count', in: 'g' },
    ...changesTo('r'),
  ]),
  kind('table: groupBy of a filtered table without a store', () => [
    table('t'),
    { ...filtered, id: 'f' },
    { ...regrouped, in: 'f' },
    { id: 'r', op: 'reduce', in: 'g', reducer: append, subtractor: appendRemoval },
    ...changesTo('r'),
  ]),
  kind('table: filter of counts', () => [
    stream('a'),
    { id: 'h', op: 'groupByKey', in: 'a' },
    { id: 't', op: 'count', in: 'h' },
    { id: 'r', op: 'filter', in: 't', predicate: ['equals', ['bucket', '$value', '2'], '0'] },
    ...changesTo('r'),
  ]),
  kind('table: counts of counts', () => [
    stream('a'),
    { id: 'h', op: 'groupByKey', in: 'a' },
    { id: 't', op: 'count', in: 'h' },
    { id: 'g', op: 'groupBy', in: 't', key: '$value', value: '$key' },
    { id: 'r', op: 'count', in: 'g' },
    ...changesTo('r'),
  ]),
  kind('table: mapValues of an aggregate that deletes', () => [
    stream('a'),
    { id: 'h', op: 'groupByKey', in: 'a' },
    { id: 't', op: 'aggregate', in: 'h', initializer: 'i', aggregator: appendOrDelete },
    { id: 'r', op: 'mapValues', in: 't', value: ['length', '$value'] },
    ...changesTo('r'),
  ]),
];
