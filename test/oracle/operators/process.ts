import { stores, type KeyValueStore, type Processor, type ProcessorContext } from '../../../src';
import type { Operators } from '../graph';
import { streamNode } from '../graph';
import type { Step } from '../step';
import { schedulePunctuation } from './punctuation';
import { textSerdes } from '../text-serde';

type AnyProcessor = Processor<string, string, string, string | null>;

/** Processors with a store. */
export const processors: Operators = {
  'process/stream': (step, graph) => {
    const store = step.store;
    graph.builder.addStore(stores.keyValue({ name: store, ...textSerdes }));
    return streamNode(graph.input(step, 'stream').process(() => statefulProcessor(step, store), { stores: [store] }));
  },
};

/** Keeps a state per key, `state`; forwards `output` of it for each record. */
function statefulProcessor(step: Step, storeName: string): AnyProcessor {
  const state = step.expression('state');
  const output = step.has('output') ? step.expression('output') : undefined;
  let context: ProcessorContext<string, string | null>;
  let states: KeyValueStore<string, string>;
  return {
    init(given) {
      context = given;
      states = given.store(storeName);
      if (step.has('punctuate')) schedulePunctuation(step.part('punctuate'), context, states);
    },
    async process({ key, value }) {
      let after: string | null = null;
      if ((key as string | null) !== null) {
        after = state({ $key: key, $value: value, $state: await states.get(key) });
        if (after === null) states.delete(key);
        else states.put(key, after);
      }
      if (output !== undefined) await context.forward(key, output({ $key: key, $value: value, $state: after }));
    },
  };
}
