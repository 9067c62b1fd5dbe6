import type { SeededRandom } from '../../support/seeded-random';
import type { Expression } from '../expression';
import type { GraphStep, JoinWindowStep } from '../scenario';
import { changesTo, concatSides, firstLetter, startsWithX, stream, to } from './graph-steps';
import { kind, type ScenarioKind } from './kind';

const keyAndSides: Expression = ['concat', '$key', ':', concatSides];

function around(random: SeededRandom): JoinWindowStep {
  return { timeDifferenceMs: random.between(0, 15), graceMs: random.pick([0, random.between(1, 10), 50]) };
}

const windowShapes: Readonly<Record<string, (random: SeededRandom) => JoinWindowStep>> = {
  around: around,
  'around, without grace': (random) => ({ ...around(random), graceMs: 0 }),
  'more before than after': (random) => ({
    ...around(random),
    beforeMs: random.between(10, 20),
    afterMs: random.between(0, 9),
  }),
  'after only': (random) => ({ ...around(random), beforeMs: 0, afterMs: random.between(0, 20) }),
  'some time before': (random) => ({
    ...around(random),
    beforeMs: random.between(8, 20),
    afterMs: -random.between(0, 7),
  }),
};

function streamStream(op: string): ScenarioKind[] {
  const join = (window: JoinWindowStep, more: object = {}): GraphStep => ({
    id: 'r',
    op,
    in: 'a',
    with: 'b',
    joiner: keyAndSides,
    window,
    ...more,
  });
  return [
    ...Object.entries(windowShapes).map(([shape, window]) =>
      kind(`stream-stream ${op}: ${shape}`, (random) => [stream('a'), stream('b'), join(window(random)), to('r')]),
    ),
    kind(
      `stream-stream ${op}: much out of order`,
      (random) => [stream('a'), stream('b'), join(around(random)), to('r')],
      { outOfOrder: 0.6, nullValues: 0.1, nullKeys: 0.08 },
    ),
    kind(`stream-stream ${op}: under another key`, (random) => [
      stream('a'),
      stream('b'),
      { id: 'k', op: 'selectKey', in: 'a', key: ['if', ['isNull', '$value'], null, firstLetter] },
      { id: 'l', op: 'selectKey', in: 'b', key: ['if', ['isNull', '$value'], null, firstLetter] },
      join(around(random), { in: 'k', with: 'l' }),
      to('r'),
    ]),
    kind(`stream-stream ${op}: with a part of itself`, (random) => [
      stream('a'),
      { id: 'f', op: 'filter', in: 'a', predicate: startsWithX },
      join(around(random), { with: 'f' }),
      to('r'),
    ]),
    kind(`stream-stream ${op}: counted`, (random) => [
      stream('a'),
      stream('b'),
      join(around(random)),
      { id: 'g', op: 'groupByKey', in: 'r' },
      { id: 'c', op: 'count', in: 'g' },
      ...changesTo('c'),
    ]),
  ];
}

export const streamJoinKinds: readonly ScenarioKind[] = ['join', 'leftJoin', 'outerJoin'].flatMap(streamStream);
