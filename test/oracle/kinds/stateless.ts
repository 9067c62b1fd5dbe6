import { stream, startsWithX, to, firstLetter, upperOrNull } from './graph-steps';
import { kind, type ScenarioKind } from './kind';

export const statelessKinds: readonly ScenarioKind[] = [
  kind('stream: filter', () => [stream('a'), { id: 'r', op: 'filter', in: 'a', predicate: startsWithX }, to('r')]),
  kind('stream: filterNot', () => [
    stream('a'),
    { id: 'r', op: 'filterNot', in: 'a', predicate: ['or', startsWithX, ['isNull', '$key']] },
    to('r'),
  ]),
  kind('stream: map', () => [stream('a'), { id: 'r', op: 'map', in: 'a', key: '$value', value: '$key' }, to('r')]),
  kind('stream: mapValues', () => [
    stream('a'),
    { id: 'r', op: 'mapValues', in: 'a', value: ['if', startsWithX, null, ['concat', '$key', ':', '$value']] },
    to('r'),
  ]),
  kind('stream: flatMap', () => [
    stream('a'),
    { id: 'r', op: 'flatMap', in: 'a', parts: ['split', '$value', 'a'], key: '$part', value: ['length', '$value'] },
    to('r'),
  ]),
  kind('stream: flatMapValues', () => [
    stream('a'),
    { id: 'r', op: 'flatMapValues', in: 'a', parts: ['split', '$value', 'a'] },
    to('r'),
  ]),
  kind('stream: selectKey', () => [stream('a'), { id: 'r', op: 'selectKey', in: 'a', key: firstLetter }, to('r')]),
  kind('stream: peek, and two sinks', () => [
    stream('a'),
    { id: 'r', op: 'peek', in: 'a' },
    to('r'),
    { id: 's', op: 'mapValues', in: 'r', value: upperOrNull },
    to('s', 'out2'),
  ]),
  kind('stream: merge', () => [
    stream('a'),
    stream('b'),
    { id: 'f', op: 'filter', in: 'a', predicate: startsWithX },
    { id: 'r', op: 'merge', in: 'f', with: 'b' },
    to('r'),
  ]),
  kind('stream: merge with a part of itself', () => [
    stream('a'),
    { id: 'f', op: 'filter', in: 'a', predicate: startsWithX },
    { id: 'r', op: 'merge', in: 'a', with: 'f' },
    to('r'),
  ]),
  kind('stream: split with a default branch', () => [
    stream('a'),
    {
      id: 's',
      op: 'split',
      in: 'a',
      branches: [
        { name: 'x', predicate: startsWithX },
        { name: 'y', predicate: ['contains', '$value', 'y'] },
      ],
      default: 'rest',
    },
    to('s.x', 'xs'),
    to('s.y', 'ys'),
    to('s.rest', 'rest'),
  ]),
  kind('stream: split that drops the rest', () => [
    stream('a'),
    {
      id: 's',
      op: 'split',
      in: 'a',
      branches: [
        { name: 'x', predicate: startsWithX },
        { name: 'a', predicate: ['equals', '$key', 'a'] },
      ],
    },
    to('s.x', 'xs'),
    to('s.a', 'as'),
  ]),
  kind('stream: repartition', (random) => [
    stream('a'),
    { id: 'k', op: 'selectKey', in: 'a', key: ['if', ['isNull', '$value'], null, firstLetter] },
    { id: 'r', op: 'repartition', in: 'k', ...random.pick<object>([{}, { partitions: 2 }, { partitions: 3 }]) },
    to('r'),
  ]),
  kind('stream: process with a store', () => [
    stream('a'),
    {
      id: 'r',
      op: 'process',
      in: 'a',
      state: ['if', ['isNull', '$value'], null, ['concat', '$state', '.', '$value']],
      output: ['concat', '$value', ':', '$state'],
    },
    to('r'),
  ]),
];
