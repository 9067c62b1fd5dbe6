import type { Serde } from '../serde/serde';
import type { KCogroupedStream, KTable, SessionWindowedCogroupedKStream, TimeWindowedCogroupedKStream } from './dsl';
import type { Erased, ErasedOptions } from './erased';
import { ForeignStreamError } from './errors';
import type { StreamFactory } from './stream-position';
import { TableOperators } from './table-operators';
import type { TopologyDraft } from './topology-draft';
import type { WindowDefinition, WindowFold } from './window-operators';
import type { WindowedCogroupOptions } from './windowed-options';
import { addWindowAggregation, type WindowAggregation, type WindowInput } from './windowed-operators';
import { storageOf } from './store-options';

type Aggregator = WindowFold['aggregator'];
type Merger = (key: unknown, first: unknown, second: unknown) => unknown;
type Table = KTable<unknown, unknown>;

/** The streams of a cogroup. */
export interface Cogrouping {
  readonly keySerde: Serde<unknown>;
  readonly inputs: readonly WindowInput[];
}

/** What a cogroup takes of a grouped stream. Undefined for anything else, or a stream of another builder. */
export type InputOf = (grouped: unknown, aggregator: Aggregator) => WindowInput | undefined;

/** Behind {@link KCogroupedStream}. */
export class CogroupedStreamOperators implements Erased<KCogroupedStream<unknown, unknown>> {
  constructor(
    private readonly draft: TopologyDraft,
    private readonly cogrouping: Cogrouping,
    private readonly inputOf: InputOf,
    private readonly streamAt: StreamFactory,
  ) {}

  cogroup(other: unknown, aggregator: Aggregator): CogroupedStreamOperators {
    const input = this.inputOf(other, aggregator);
    if (input === undefined) this.draft.report(new ForeignStreamError('cogroup'));
    const inputs = input === undefined ? this.cogrouping.inputs : [...this.cogrouping.inputs, input];
    return new CogroupedStreamOperators(this.draft, { ...this.cogrouping, inputs }, this.inputOf, this.streamAt);
  }

  aggregate(initializer: () => unknown, options: ErasedOptions): Table {
    const { draft } = this;
    const { keySerde, inputs } = this.cogrouping;
    const node = draft.nextName('cogroup', options.name);
    const store = options.store ?? `${node}-store`;
    const valueSerde = draft.require('value', options.value, node, `for the store '${store}'`);
    draft.addStore({
      kind: 'timestamped-key-value',
      name: store,
      keySerde,
      valueSerde,
      ...storageOf(options),
    });
    const folds = inputs.map(({ parent, aggregator }, index) => {
      const name = `${node}-input-${index + 1}`;
      const repartition = inputs.length === 1 ? store : `${store}-${index + 1}`;
      draft.addProcessor(name, { type: 'aggregate', store, initializer, aggregator }, [parent(repartition)], [store]);
      return name;
    });
    draft.addProcessor(node, { type: 'passThrough' }, folds);
    return new TableOperators(draft, { node, keySerde, valueSerde, keyChanged: false }, store, this.streamAt) as Table;
  }

  windowedBy(window: WindowDefinition, options?: WindowedCogroupOptions): WindowedCogroupOperators {
    return new WindowedCogroupOperators(this.draft, this.cogrouping, window, options, this.streamAt);
  }
}

/** Behind {@link TimeWindowedCogroupedKStream} and {@link SessionWindowedCogroupedKStream}. */
class WindowedCogroupOperators
  implements
    Erased<TimeWindowedCogroupedKStream<unknown, unknown>>,
    Erased<SessionWindowedCogroupedKStream<unknown, unknown>>
{
  constructor(
    private readonly draft: TopologyDraft,
    private readonly cogrouping: Cogrouping,
    private readonly window: WindowDefinition,
    private readonly options: WindowedCogroupOptions | undefined,
    private readonly streamAt: StreamFactory,
  ) {}

  aggregate(
    initializer: () => unknown,
    mergerOrOptions: Merger | ErasedOptions,
    sessionOptions?: ErasedOptions,
  ): Table {
    const merger = typeof mergerOrOptions === 'function' ? mergerOrOptions : undefined;
    const options = typeof mergerOrOptions === 'function' ? sessionOptions : mergerOrOptions;
    const aggregation: WindowAggregation = {
      kind: 'cogroup',
      window: this.window,
      ...this.cogrouping,
      valueSerde: options?.value,
      initializer,
      merger,
      lateRecords: this.options?.lateRecords,
    };
    const { at, store } = addWindowAggregation(this.draft, aggregation, options);
    return new TableOperators(this.draft, at, store, this.streamAt) as Table;
  }
}
