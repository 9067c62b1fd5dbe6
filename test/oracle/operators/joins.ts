import type { GlobalKTable } from '../../../src';
import { streamNode, tableNode, type AnyStream, type AnyTable, type Graph, type Operators } from '../graph';
import type { Step } from '../step';
import { text, textSerdes } from '../text-serde';

declare module '../graph' {
  interface BuiltKinds {
    globalTable: GlobalKTable<string, string>;
  }
}

/** The joiner of a stream's join, which also sees the key. */
export function streamJoiner(step: Step) {
  const joiner = step.expression('joiner');
  return (left: string | null, right: string | null, key: string | null): string | null =>
    joiner({ $key: key, $left: left, $right: right });
}

function tableJoiner(step: Step) {
  const joiner = step.expression('joiner');
  return (left: string | null, right: string | null): string | null => joiner({ $left: left, $right: right });
}

function sides(step: Step, graph: Graph): readonly [AnyTable, AnyTable] {
  return [graph.input(step, 'table'), graph.input(step, 'table', 'with')];
}

function stored(step: Step) {
  return { value: text, ...(step.flag('materialize') ? { store: step.store } : {}) };
}

function streamTableOptions(step: Step) {
  return { ...textSerdes, ...(step.has('graceMs') ? { graceMs: step.number('graceMs') } : {}) };
}

/** The key in the other table of a foreign-key join. */
function foreignKey(step: Step) {
  const expression = step.expression('foreignKey');
  return (value: string, key: string): string | null => expression({ $key: key, $value: value });
}

function globalKey(step: Step) {
  const expression = step.expression('tableKey');
  return (key: string, value: string): string | null => expression({ $key: key, $value: value });
}

function globalSides(step: Step, graph: Graph): readonly [AnyStream, GlobalKTable<string, string>] {
  return [graph.input(step, 'stream'), graph.input(step, 'globalTable', 'with')];
}

/** Joins with tables. */
export const joins: Operators = {
  globalTable: (step, graph) => ({
    kind: 'globalTable',
    node: graph.builder.globalTable(step.text('topic'), textSerdes),
  }),

  'join/stream/table': (step, graph) =>
    streamNode(
      graph
        .input(step, 'stream')
        .join(graph.input(step, 'table', 'with'), streamJoiner(step), streamTableOptions(step)),
    ),

  'leftJoin/stream/table': (step, graph) =>
    streamNode(
      graph
        .input(step, 'stream')
        .leftJoin(graph.input(step, 'table', 'with'), streamJoiner(step), streamTableOptions(step)),
    ),

  'join/stream/globalTable': (step, graph) => {
    const [stream, table] = globalSides(step, graph);
    return streamNode(stream.join(table, globalKey(step), streamJoiner(step)));
  },

  'leftJoin/stream/globalTable': (step, graph) => {
    const [stream, table] = globalSides(step, graph);
    return streamNode(stream.leftJoin(table, globalKey(step), streamJoiner(step)));
  },

  'join/table/table': (step, graph) => {
    const [left, right] = sides(step, graph);
    if (step.has('foreignKey')) {
      return tableNode(left.join(right, foreignKey(step), tableJoiner(step), { value: text, store: step.store }));
    }
    return tableNode(left.join(right, tableJoiner(step), stored(step)));
  },

  'leftJoin/table/table': (step, graph) => {
    const [left, right] = sides(step, graph);
    if (step.has('foreignKey')) {
      return tableNode(left.leftJoin(right, foreignKey(step), tableJoiner(step), { value: text, store: step.store }));
    }
    return tableNode(left.leftJoin(right, tableJoiner(step), stored(step)));
  },

  'outerJoin/table/table': (step, graph) => {
    const [left, right] = sides(step, graph);
    return tableNode(left.outerJoin(right, tableJoiner(step), stored(step)));
  },
};
