import { windows, type SessionWindowedKStream, type TimeWindowedKStream } from '../../../src';
import { tableNode, type Operators } from '../graph';
import type { Step } from '../step';
import { aggregator, initializer, materialized, reducer } from './aggregations';

declare module '../graph' {
  interface BuiltKinds {
    timeWindowed: TimeWindowedKStream<string, string>;
    sessionWindowed: SessionWindowedKStream<string, string>;
  }
}

/** The window of a step that is neither one of sessions nor sliding. */
export function timeWindow(window: Step) {
  const sizeMs = window.number('sizeMs');
  const graceMs = window.number('graceMs');
  return window.has('advanceMs')
    ? windows.hopping({ sizeMs, advanceMs: window.number('advanceMs'), graceMs })
    : windows.tumbling({ sizeMs, graceMs });
}

export function slidingWindow(window: Step) {
  return windows.sliding({ timeDifferenceMs: window.number('timeDifferenceMs'), graceMs: window.number('graceMs') });
}

export function sessionWindow(window: Step) {
  return windows.session({ inactivityGapMs: window.number('inactivityGapMs'), graceMs: window.number('graceMs') });
}

/** What makes one aggregate of those of two sessions. */
export function merger(step: Step) {
  const expression = step.expression('merger');
  return (key: string, first: string, second: string): string =>
    expression({ $key: key, $first: first, $second: second }) as string;
}

/** Aggregations by windows. */
export const windowed: Operators = {
  'windowedBy/grouped': (step, graph) => {
    const grouped = graph.input(step, 'grouped');
    const window = step.part('window');
    const options = step.has('emit') ? { emit: step.text('emit') as 'on-update' | 'on-close' } : {};
    switch (window.text('type')) {
      case 'session':
        return { kind: 'sessionWindowed', node: grouped.windowedBy(sessionWindow(window), options) };
      case 'sliding':
        return { kind: 'timeWindowed', node: grouped.windowedBy(slidingWindow(window), options) };
      default:
        return { kind: 'timeWindowed', node: grouped.windowedBy(timeWindow(window), options) };
    }
  },

  'count/timeWindowed': (step, graph) => tableNode(graph.input(step, 'timeWindowed').count(step.store)),

  'count/sessionWindowed': (step, graph) => tableNode(graph.input(step, 'sessionWindowed').count(step.store)),

  'reduce/timeWindowed': (step, graph) =>
    tableNode(graph.input(step, 'timeWindowed').reduce(reducer(step), materialized(step))),

  'reduce/sessionWindowed': (step, graph) =>
    tableNode(graph.input(step, 'sessionWindowed').reduce(reducer(step), materialized(step))),

  'aggregate/timeWindowed': (step, graph) =>
    tableNode(graph.input(step, 'timeWindowed').aggregate(initializer(step), aggregator(step), materialized(step))),

  'aggregate/sessionWindowed': (step, graph) =>
    tableNode(
      graph
        .input(step, 'sessionWindowed')
        .aggregate(initializer(step), aggregator(step), merger(step), materialized(step)),
    ),
};
