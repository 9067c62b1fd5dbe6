import { windows } from '../../../src';
import { streamNode, type Operators } from '../graph';
import type { Step } from '../step';
import { text } from '../text-serde';
import { streamJoiner } from './joins';

const serdesOfBoth = { key: text, value: text, otherValue: text };

function joinWindow(step: Step) {
  const window = step.part('window');
  return windows.join({
    timeDifferenceMs: window.number('timeDifferenceMs'),
    graceMs: window.number('graceMs'),
    beforeMs: window.numberIfAny('beforeMs'),
    afterMs: window.numberIfAny('afterMs'),
  });
}

/** Joins of two streams. */
export const streamJoins: Operators = {
  'join/stream/stream': (step, graph) =>
    streamNode(
      graph
        .input(step, 'stream')
        .join(graph.input(step, 'stream', 'with'), streamJoiner(step), joinWindow(step), serdesOfBoth),
    ),

  'leftJoin/stream/stream': (step, graph) =>
    streamNode(
      graph
        .input(step, 'stream')
        .leftJoin(graph.input(step, 'stream', 'with'), streamJoiner(step), joinWindow(step), serdesOfBoth),
    ),

  'outerJoin/stream/stream': (step, graph) =>
    streamNode(
      graph
        .input(step, 'stream')
        .outerJoin(graph.input(step, 'stream', 'with'), streamJoiner(step), joinWindow(step), serdesOfBoth),
    ),
};
