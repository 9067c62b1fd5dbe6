import { firstLetter, stream, to } from './graph-steps';
import type { GraphStep } from '../scenario';
import { kind, type ScenarioKind } from './kind';

const collect = (punctuate: object): GraphStep => ({
  id: 'r',
  op: 'process',
  in: 'a',
  state: ['concat', '$state', '.', '$value'],
  output: ['concat', 'now ', '$state'],
  punctuate,
});

// A task that is opened again begins its punctuations anew, as in Kafka Streams.
const given = { advances: 0.3, restartable: false };

export const punctuationKinds: readonly ScenarioKind[] = (['stream', 'wallClock'] as const).flatMap((time) => [
  kind(
    `punctuation: by ${time}`,
    (random) => [
      stream('a'),
      collect({ time, everyMs: random.between(3, 30), output: ['concat', 'so far ', '$state'] }),
      to('r'),
    ],
    given,
  ),
  kind(
    `punctuation: by ${time}, starting anew each time`,
    (random) => [
      stream('a'),
      { id: 'k', op: 'map', in: 'a', key: ['if', ['isNull', '$value'], null, firstLetter], value: '$value' },
      { ...collect({ time, everyMs: random.between(3, 30), output: '$state', clear: true }), in: 'k' },
      to('r'),
    ],
    given,
  ),
]);
