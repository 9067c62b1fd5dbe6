import type { SeededRandom } from '../../support/seeded-random';
import type { GraphStep } from '../scenario';
import { changesTo, stream, table, upperOrNull } from './graph-steps';
import { kind, type ScenarioKind } from './kind';
import { aggregated, windowOf, windowTypes, type WindowType } from './windows';

function windowedCounts(type: WindowType, random: SeededRandom): GraphStep[] {
  return [
    stream('a'),
    { id: 'g', op: 'groupByKey', in: 'a' },
    { id: 'w', op: 'windowedBy', in: 'g', window: windowOf(type, random) },
    { id: 'c', op: 'count', in: 'w' },
  ];
}

const untilClose: GraphStep = { id: 'r', op: 'suppress', in: 'c', until: 'windowCloses' };
const untilTime = (random: SeededRandom, more: object = {}): GraphStep => ({
  id: 'r',
  op: 'suppress',
  in: 't',
  until: 'timeLimit',
  ms: random.between(1, 30),
  ...more,
});

export const suppressKinds: readonly ScenarioKind[] = [
  ...windowTypes.flatMap((type) => [
    kind(`suppress: a ${type} window until it closes`, (random) => [
      ...windowedCounts(type, random),
      untilClose,
      ...changesTo('r'),
    ]),
    kind(`suppress: a ${type} window's aggregate, mapped, until it closes`, (random) => [
      ...windowedCounts(type, random).slice(0, 3),
      { ...aggregated, id: 'b' },
      { id: 'c', op: 'mapValues', in: 'b', value: ['upper', '$value'] },
      untilClose,
      ...changesTo('r'),
    ]),
    kind(`suppress: a ${type} window for a time`, (random) => [
      ...windowedCounts(type, random),
      untilTime(random, { in: 'c' }),
      ...changesTo('r'),
    ]),
  ]),
  kind('suppress: until the window closes, or failing when too much is held', (random) => [
    ...windowedCounts('tumbling', random),
    { ...untilClose, maxRecords: random.between(2, 5) },
    ...changesTo('r'),
  ]),
  kind('suppress: a table for a time', (random) => [table('t'), untilTime(random), ...changesTo('r')]),
  kind('suppress: a table for no time', () => [
    table('t'),
    { id: 'r', op: 'suppress', in: 't', until: 'timeLimit', ms: 0 },
    ...changesTo('r'),
  ]),
  kind('suppress: a table for a time, or until too many keys are held', (random) => [
    table('t'),
    untilTime(random, { maxRecords: random.between(1, 2) }),
    ...changesTo('r'),
  ]),
  kind('suppress: a table for a time, or failing when too many keys are held', (random) => [
    table('t'),
    untilTime(random, { maxRecords: random.between(1, 3), shutDownWhenFull: true }),
    ...changesTo('r'),
  ]),
  kind('suppress: counts for a time', (random) => [
    stream('a'),
    { id: 'h', op: 'groupByKey', in: 'a' },
    { id: 't', op: 'count', in: 'h' },
    untilTime(random),
    { id: 'm', op: 'mapValues', in: 'r', value: ['concat', '$key', '$value'] },
    ...changesTo('m'),
  ]),
  kind('suppress: a mapped table for a time', (random) => [
    table('t'),
    { id: 'm', op: 'mapValues', in: 't', value: upperOrNull },
    untilTime(random, { in: 'm' }),
    ...changesTo('r'),
  ]),
];
