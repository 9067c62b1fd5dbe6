import type { KCogroupedStream, SessionWindowedCogroupedKStream, TimeWindowedCogroupedKStream } from '../../../src';
import { tableNode, type Operators } from '../graph';
import { aggregator, initializer, materialized } from './aggregations';
import { merger, sessionWindow, slidingWindow, timeWindow } from './windows';

declare module '../graph' {
  interface BuiltKinds {
    cogrouped: KCogroupedStream<string, string>;
    timeWindowedCogrouped: TimeWindowedCogroupedKStream<string, string>;
    sessionWindowedCogrouped: SessionWindowedCogroupedKStream<string, string>;
  }
}

export const cogroups: Operators = {
  'cogroup/grouped': (step, graph) => {
    let cogrouped = graph.input(step, 'grouped').cogroup<string>(aggregator(step));
    for (const other of step.parts('with')) {
      cogrouped = cogrouped.cogroup(graph.input(other, 'grouped'), aggregator(other));
    }
    return { kind: 'cogrouped', node: cogrouped };
  },

  'aggregate/cogrouped': (step, graph) =>
    tableNode(graph.input(step, 'cogrouped').aggregate(initializer(step), materialized(step))),

  'windowedBy/cogrouped': (step, graph) => {
    const cogrouped = graph.input(step, 'cogrouped');
    const window = step.part('window');
    switch (window.text('type')) {
      case 'session':
        return { kind: 'sessionWindowedCogrouped', node: cogrouped.windowedBy(sessionWindow(window)) };
      case 'sliding':
        return { kind: 'timeWindowedCogrouped', node: cogrouped.windowedBy(slidingWindow(window)) };
      default:
        return { kind: 'timeWindowedCogrouped', node: cogrouped.windowedBy(timeWindow(window)) };
    }
  },

  'aggregate/timeWindowedCogrouped': (step, graph) =>
    tableNode(graph.input(step, 'timeWindowedCogrouped').aggregate(initializer(step), materialized(step))),

  'aggregate/sessionWindowedCogrouped': (step, graph) =>
    tableNode(
      graph.input(step, 'sessionWindowedCogrouped').aggregate(initializer(step), merger(step), materialized(step)),
    ),
};
