import { stores, type KeyValueStore, type KGroupedTable } from '../../../src';
import { tableNode, type Operators } from '../graph';
import type { Step } from '../step';
import { text, textSerdes } from '../text-serde';
import { aggregator, initializer, materialized, reducer } from './aggregations';

declare module '../graph' {
  interface BuiltKinds {
    groupedTable: KGroupedTable<string, string>;
  }
}

/** A table's serdes, and its store where the step asks for one. */
function stored(step: Step) {
  const versioned = step.has('historyRetentionMs')
    ? { historyRetentionMs: step.number('historyRetentionMs') }
    : undefined;
  const asked = step.flag('materialize') || step.has('store') || versioned !== undefined;
  return { value: text, ...(asked ? { store: step.store } : {}), ...(versioned === undefined ? {} : { versioned }) };
}

function rowFilter(step: Step) {
  const predicate = step.predicate('predicate');
  return (key: string, value: string): boolean => predicate({ $key: key, $value: value });
}

/** Tables but for their joins. */
export const tables: Operators = {
  table: (step, graph) =>
    tableNode(
      graph.builder.table(step.text('topic'), {
        ...stored(step),
        ...(step.refuses('materialize') ? {} : { store: step.store }),
        key: text,
      }),
    ),

  'toTable/stream': (step, graph) =>
    tableNode(graph.input(step, 'stream').toTable({ ...stored(step), store: step.store, key: text })),

  'filter/table': (step, graph) => tableNode(graph.input(step, 'table').filter(rowFilter(step), stored(step))),

  'filterNot/table': (step, graph) => tableNode(graph.input(step, 'table').filterNot(rowFilter(step), stored(step))),

  'mapValues/table': (step, graph) => {
    const newValue = step.expression('value');
    const mapper = (value: string, key: string): string => newValue({ $key: key, $value: value }) as string;
    return tableNode(graph.input(step, 'table').mapValues(mapper, stored(step)));
  },

  'transformValues/table': (step, graph) => {
    const store = `${step.id}-state`;
    const stateful = step.has('state');
    if (stateful) graph.builder.addStore(stores.keyValue({ name: store, ...textSerdes }));
    const options = { ...stored(step), stores: stateful ? [store] : [] };
    return tableNode(
      graph.input(step, 'table').transformValues(() => valueTransformer(step, stateful, store), options),
    );
  },

  'groupBy/table': (step, graph) => {
    const newKey = step.expression('key');
    const newValue = step.expression('value');
    const selector = (key: string, value: string): readonly [string, string] => {
      const variables = { $key: key, $value: value };
      return [newKey(variables) as string, newValue(variables) as string];
    };
    return { kind: 'groupedTable', node: graph.input(step, 'table').groupBy(selector, textSerdes) };
  },

  'count/groupedTable': (step, graph) => tableNode(graph.input(step, 'groupedTable').count(step.store)),

  'reduce/groupedTable': (step, graph) =>
    tableNode(graph.input(step, 'groupedTable').reduce(reducer(step), reducer(step, 'subtractor'), materialized(step))),

  'aggregate/groupedTable': (step, graph) =>
    tableNode(
      graph
        .input(step, 'groupedTable')
        .aggregate(initializer(step), aggregator(step), aggregator(step, 'subtractor'), materialized(step)),
    ),
};

/** With state: a store of its own that keeps, for each key, what `state` says. */
function valueTransformer(step: Step, stateful: boolean, storeName: string) {
  const newValue = step.expression('value');
  const state = stateful ? step.expression('state') : undefined;
  let states: KeyValueStore<string, string>;
  return {
    init(context: { store(name: string): KeyValueStore<string, string> }) {
      if (stateful) states = context.store(storeName);
    },
    async transform(key: string, value: string | null): Promise<string | null> {
      const variables = { $key: key, $value: value, $state: stateful ? ((await states.get(key)) ?? null) : null };
      const after = state?.(variables);
      if (after === null) states.delete(key);
      else if (after !== undefined) states.put(key, after);
      return newValue(variables);
    },
  };
}
