import type { BranchedKStream } from '../../../src';
import type { AnyStream, Operators } from '../graph';
import { streamNode } from '../graph';
import { text, textSerdes } from '../text-serde';
import { sinkKeys } from './sink-keys';

/** Operators of a stream that need no state. */
export const stateless: Operators = {
  stream: (step, graph) => streamNode(graph.builder.stream(step.text('topic'), textSerdes)),

  'filter/stream': (step, graph) => {
    const predicate = step.predicate('predicate');
    return streamNode(graph.input(step, 'stream').filter((key, value) => predicate({ $key: key, $value: value })));
  },

  'filterNot/stream': (step, graph) => {
    const predicate = step.predicate('predicate');
    return streamNode(graph.input(step, 'stream').filterNot((key, value) => predicate({ $key: key, $value: value })));
  },

  'map/stream': (step, graph) => {
    const newKey = step.expression('key');
    const newValue = step.expression('value');
    return streamNode(
      graph.input(step, 'stream').map((key, value) => {
        const variables = { $key: key, $value: value };
        return [newKey(variables), newValue(variables)];
      }),
    );
  },

  'mapValues/stream': (step, graph) => {
    const newValue = step.expression('value');
    return streamNode(graph.input(step, 'stream').mapValues((value, key) => newValue({ $key: key, $value: value })));
  },

  'flatMap/stream': (step, graph) => {
    const parts = step.list('parts');
    const newKey = step.expression('key');
    const newValue = step.expression('value');
    return streamNode(
      graph.input(step, 'stream').flatMap((key, value) =>
        parts({ $key: key, $value: value }).map((part) => {
          const variables = { $key: key, $value: value, $part: part };
          return [newKey(variables), newValue(variables)] as const;
        }),
      ),
    );
  },

  'flatMapValues/stream': (step, graph) => {
    const parts = step.list('parts');
    return streamNode(graph.input(step, 'stream').flatMapValues((value, key) => parts({ $key: key, $value: value })));
  },

  'selectKey/stream': (step, graph) => {
    const newKey = step.expression('key');
    return streamNode(graph.input(step, 'stream').selectKey((key, value) => newKey({ $key: key, $value: value })));
  },

  'peek/stream': (step, graph) => streamNode(graph.input(step, 'stream').peek(() => undefined)),

  'merge/stream/stream': (step, graph) =>
    streamNode(graph.input(step, 'stream').merge(graph.input(step, 'stream', 'with'))),

  'split/stream': (step, graph) => {
    let split = graph.input(step, 'stream').split() as BranchedKStream<
      unknown,
      unknown,
      never,
      Record<string, AnyStream>
    >;
    for (const branch of step.parts('branches')) {
      const predicate = branch.predicate('predicate');
      split = split.branch(branch.text('name'), (key, value) => predicate({ $key: key, $value: value }));
    }
    const branches = step.has('default') ? split.defaultBranch(step.text('default')) : split.noDefaultBranch();
    for (const [name, branch] of Object.entries(branches)) graph.add(`${step.id}.${name}`, streamNode(branch));
    return undefined;
  },

  'repartition/stream': (step, graph) =>
    streamNode(
      graph
        .input(step, 'stream')
        .repartition({ ...textSerdes, name: step.id, partitions: step.numberIfAny('partitions') }),
    ),

  'to/stream': (step, graph) => {
    const topic = step.text('topic');
    graph.outputs.set(topic, { binaryKeys: step.has('keys') });
    graph.input(step, 'stream').to(topic, { key: sinkKeys(step), value: text });
    return undefined;
  },
};
