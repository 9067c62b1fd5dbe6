import { orMarker } from '../serde/marker';
import type { Serde } from '../serde/serde';
import { timedKeys, windowKeys } from '../serde/timed-keys';
import { sessionLists, slidingWindows } from '../serde/window-lists';
import { sessionWindowed, timeWindowed } from '../serde/windowed';
import { checkWindow } from './check-windows';
import type { ErasedOptions } from './erased';
import { IllegalNameError } from './errors';
import type { StoreDefinition } from './graph';
import { isLegalName } from './node-names';
import type { StreamPosition } from './stream-position';
import { externalTopic } from './topics';
import type { TopologyDraft } from './topology-draft';
import type { WindowAggregateOperator, WindowDefinition, WindowFold } from './window-operators';
import { storageOf } from './store-options';

/** One stream that a windowed aggregation folds. */
export interface WindowInput {
  /** The node whose records are where their keys belong. */
  readonly parent: (store: string) => string;
  readonly valueSerde: Serde<unknown> | undefined;
  readonly aggregator: WindowFold['aggregator'];
}

/** A windowed aggregation as the DSL describes it. */
export interface WindowAggregation {
  readonly kind: string;
  readonly window: WindowDefinition;
  readonly keySerde: Serde<unknown>;
  /** Of the aggregates. */
  readonly valueSerde: Serde<unknown> | undefined;
  readonly inputs: readonly WindowInput[];
  readonly initializer: () => unknown;
  readonly merger?: WindowAggregateOperator['merger'];
  readonly emit?: WindowAggregateOperator['emit'] | undefined;
  readonly lateRecords?: string | undefined;
}

/** Adds a windowed aggregation, and returns where its table stands and the name of its store. */
export function addWindowAggregation(
  draft: TopologyDraft,
  aggregation: WindowAggregation,
  options: ErasedOptions | undefined,
): { readonly at: StreamPosition; readonly store: string } {
  const { kind, window, keySerde, inputs, initializer, merger, emit = 'on-update', lateRecords } = aggregation;
  const node = draft.nextName(kind, options?.name);
  const store = options?.store ?? `${node}-store`;
  checkWindow(node, window, (problem) => draft.report(problem));
  const valueSerde = draft.require('value', aggregation.valueSerde, node, `for the store '${store}'`);
  draft.addStore({
    ...storeFormat(window, keySerde, valueSerde),
    name: store,
    ...storageOf(options),
  });
  const lateSinks = inputs.map((_, index) => (inputs.length === 1 ? `${node}-late` : `${node}-late-${index + 1}`));
  const operator: WindowAggregateOperator = {
    type: 'windowAggregate',
    window,
    store,
    folds: inputs.map(({ aggregator }, index) => ({
      aggregator,
      dropsNullValues: window.type === 'sliding',
      lateSink: lateRecords === undefined ? undefined : lateSinks[index],
    })),
    initializer,
    merger,
    emit,
    keySerde,
    valueSerde,
  };
  draft.addProcessor(node, operator, addInputs(draft, node, store, inputs), [store]);
  if (lateRecords !== undefined) {
    if (!isLegalName(lateRecords))
      draft.report(new IllegalNameError('topic', lateRecords, { topic: lateRecords, node }));
    inputs.forEach((input, index) => {
      const serde = draft.require('value', input.valueSerde, node, `to write late records to '${lateRecords}'`);
      draft.addSink({ name: lateSinks[index]!, topic: externalTopic(lateRecords), keySerde, valueSerde: serde }, [
        node,
      ]);
    });
  }
  return { at: { node, keySerde: windowedSerde(window, keySerde), valueSerde, keyChanged: false }, store };
}

/** Several inputs get a node each, which says which one it is. */
function addInputs(draft: TopologyDraft, node: string, store: string, inputs: readonly WindowInput[]): string[] {
  if (inputs.length === 1) return [inputs[0]!.parent(store)];
  return inputs.map(({ parent }, input) => {
    const name = `${node}-input-${input + 1}`;
    draft.addProcessor(name, { type: 'cogroupInput', input }, [parent(`${store}-${input + 1}`)]);
    return name;
  });
}

function storeFormat(
  window: WindowDefinition,
  key: Serde<unknown>,
  value: Serde<unknown>,
): Pick<StoreDefinition, 'kind' | 'keySerde' | 'valueSerde' | 'format'> {
  switch (window.type) {
    case 'tumbling':
    case 'hopping':
      return {
        kind: 'time-windows',
        keySerde: windowKeys(key, window.sizeMs),
        valueSerde: orMarker(value),
        format: { windowSizeMs: window.sizeMs, advanceMs: window.advanceMs },
      };
    case 'sliding':
      return {
        kind: 'sliding-windows',
        keySerde: timedKeys(key),
        valueSerde: slidingWindows(value),
        format: { timeDifferenceMs: window.timeDifferenceMs },
      };
    case 'session':
      return {
        kind: 'session-windows',
        keySerde: timedKeys(key),
        valueSerde: sessionLists(value),
        format: { inactivityGapMs: window.inactivityGapMs },
      };
  }
}

function windowedSerde(window: WindowDefinition, key: Serde<unknown>): Serde<unknown> {
  switch (window.type) {
    case 'tumbling':
    case 'hopping':
      return timeWindowed(key, window);
    case 'sliding':
      return timeWindowed(key, { sizeMs: window.timeDifferenceMs });
    case 'session':
      return sessionWindowed(key);
  }
}
