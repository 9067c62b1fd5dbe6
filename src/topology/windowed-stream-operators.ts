import { int64AsNumber } from '../serde/int64-as-number';
import type { Serde } from '../serde/serde';
import type { Windowed } from '../serde/windowed';
import type { KTable, SessionWindowedKStream, TimeWindowedKStream } from './dsl';
import type { Erased, ErasedOptions } from './erased';
import type { StreamFactory } from './stream-position';
import { TableOperators } from './table-operators';
import type { TopologyDraft } from './topology-draft';
import type { WindowDefinition, WindowFold } from './window-operators';
import type { WindowedOptions } from './windowed-options';
import { addWindowAggregation, type WindowAggregation } from './windowed-operators';

type Aggregator = WindowFold['aggregator'];
type Merger = NonNullable<WindowAggregation['merger']>;
/** The user's function: its types are checked in dsl.ts. */
type UserFunction = (...values: readonly never[]) => unknown;
type WindowedTable = KTable<Windowed<unknown>, never>;

/** A grouped stream as its windowed forms see it. */
export interface WindowedGrouping {
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown> | undefined;
  readonly parent: (store: string) => string;
}

/** Behind {@link TimeWindowedKStream} and {@link SessionWindowedKStream}. */
export class WindowedStreamOperators
  implements Erased<TimeWindowedKStream<unknown, unknown>>, Erased<SessionWindowedKStream<unknown, unknown>>
{
  constructor(
    private readonly draft: TopologyDraft,
    private readonly grouping: WindowedGrouping,
    private readonly window: WindowDefinition,
    private readonly options: WindowedOptions | undefined,
    private readonly streamAt: StreamFactory,
  ) {}

  count(materialized?: string | ErasedOptions): KTable<Windowed<unknown>, number> {
    return this.materialize<number>(
      'count',
      {
        initializer: () => 0,
        aggregator: (_key, _value, count) => (count as number) + 1,
        merger: (_key, first, second) => (first as number) + (second as number),
      },
      int64AsNumber,
      typeof materialized === 'string' ? { store: materialized } : materialized,
    );
  }

  reduce(reducer: (aggregate: never, value: never) => unknown, options?: ErasedOptions): WindowedTable {
    const reduceOf = (aggregate: unknown, value: unknown): unknown =>
      aggregate === undefined || aggregate === null ? value : reducer(aggregate as never, value as never);
    return this.materialize(
      'reduce',
      {
        initializer: () => undefined,
        // What is no function is left for the draft to report.
        aggregator:
          typeof reducer === 'function'
            ? (_key, value, aggregate) => reduceOf(aggregate, value)
            : (reducer as unknown as Aggregator),
        merger: (_key, first, second) => reduceOf(first, second),
      },
      options?.value ?? this.grouping.valueSerde,
      options,
    );
  }

  aggregate(
    initializer: () => unknown,
    aggregator: UserFunction,
    mergerOrOptions: UserFunction | ErasedOptions,
    sessionOptions?: ErasedOptions,
  ): WindowedTable {
    const merger = typeof mergerOrOptions === 'function' ? (mergerOrOptions as Merger) : undefined;
    const options = typeof mergerOrOptions === 'function' ? sessionOptions : mergerOrOptions;
    const fold = { initializer, aggregator: aggregator as Aggregator, merger };
    return this.materialize('aggregate', fold, options?.value, options);
  }

  private materialize<V = never>(
    kind: string,
    fold: { readonly initializer: () => unknown; readonly aggregator: Aggregator; readonly merger: Merger | undefined },
    valueSerde: Serde<unknown> | undefined,
    options: ErasedOptions | undefined,
  ): KTable<Windowed<unknown>, V> {
    const { grouping, window } = this;
    const aggregation: WindowAggregation = {
      kind,
      window,
      keySerde: grouping.keySerde,
      valueSerde,
      inputs: [{ parent: grouping.parent, valueSerde: grouping.valueSerde, aggregator: fold.aggregator }],
      initializer: fold.initializer,
      merger: fold.merger,
      ...this.options,
    };
    const { at, store } = addWindowAggregation(this.draft, aggregation, options);
    return new TableOperators(this.draft, at, store, this.streamAt) as unknown as KTable<Windowed<unknown>, V>;
  }
}
