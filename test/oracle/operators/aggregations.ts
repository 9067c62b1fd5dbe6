import type { Operators } from '../graph';
import { streamNode, tableNode } from '../graph';
import type { Step } from '../step';
import { text, textSerdes } from '../text-serde';

/** The user functions of aggregations, with the parameters' order that the DSL has. */
export function aggregator(step: Step, parameter = 'aggregator') {
  const expression = step.expression(parameter);
  return (key: string, value: string, aggregate: string): string | null =>
    expression({ $key: key, $value: value, $aggregate: aggregate });
}

export function reducer(step: Step, parameter = 'reducer') {
  const expression = step.expression(parameter);
  return (aggregate: string, value: string): string | null => expression({ $aggregate: aggregate, $value: value });
}

export function initializer(step: Step) {
  const expression = step.expression('initializer');
  // The types of `aggregate` want a first aggregate; Kafka Streams and Millrace also take none.
  return (): string => expression({}) as string;
}

/** The store of a step, with text values. */
export function materialized(step: Step) {
  return { store: step.store, value: text };
}

function grouping(step: Step) {
  return { ...textSerdes, name: step.has('name') ? step.text('name') : undefined };
}

/** Streams grouped by key, and their aggregations without windows. */
export const aggregations: Operators = {
  'groupByKey/stream': (step, graph) => ({
    kind: 'grouped',
    node: graph.input(step, 'stream').groupByKey(grouping(step)),
  }),

  'groupBy/stream': (step, graph) => {
    const newKey = step.expression('key');
    const selector = (key: string, value: string) => newKey({ $key: key, $value: value });
    return { kind: 'grouped', node: graph.input(step, 'stream').groupBy(selector, grouping(step)) };
  },

  'count/grouped': (step, graph) => tableNode(graph.input(step, 'grouped').count(step.store)),

  'reduce/grouped': (step, graph) => tableNode(graph.input(step, 'grouped').reduce(reducer(step), materialized(step))),

  'aggregate/grouped': (step, graph) =>
    tableNode(graph.input(step, 'grouped').aggregate(initializer(step), aggregator(step), materialized(step))),

  'toStream/table': (step, graph) => {
    const table = graph.input(step, 'table');
    if (!step.has('key')) return streamNode(table.toStream());
    const newKey = step.expression('key');
    return streamNode(table.toStream((key, value) => newKey({ $key: key, $value: value })));
  },
};
