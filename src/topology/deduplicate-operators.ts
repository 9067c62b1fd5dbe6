import { int64AsNumber } from '../serde/int64-as-number';
import type { Serde } from '../serde/serde';
import { string } from '../serde/string';
import { deduplicateKeys, type DeduplicateOperator } from './deduplicate';
import type { ErasedOptions } from './erased';
import { IllegalNameError, TopologyError } from './errors';
import { isLegalName } from './node-names';
import type { StreamPosition } from './stream-position';
import type { TopologyDraft } from './topology-draft';
import { storageOf } from './store-options';

export interface ErasedDeduplicateOptions extends ErasedOptions {
  readonly withinMs: number;
  readonly graceMs?: number | undefined;
  readonly id?: DeduplicateOperator['id'];
}

/** `deduplicate` was given a time that is none. */
export class IllegalDeduplicationError extends TopologyError {
  readonly code = 'TOPOLOGY_ILLEGAL_DEDUPLICATION';

  constructor(node: string, option: string, value: number) {
    super(`The deduplication '${node}' has ${option} ${value}. Give whole milliseconds from 0 up.`, {
      location: { node },
    });
  }
}

/** Adds a deduplication to the draft, and returns where its results are. */
export function addDeduplication(
  draft: TopologyDraft,
  at: StreamPosition,
  options: ErasedDeduplicateOptions,
): StreamPosition {
  const node = draft.nextName('deduplicate', options.name);
  const { withinMs, graceMs = withinMs, id } = options;
  for (const [option, value] of [
    ['withinMs', withinMs],
    ['graceMs', graceMs],
  ] as const) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    draft.report(new IllegalDeduplicationError(node, option, value));
    return at;
  }
  const store = options.store ?? `${node}-store`;
  if (!isLegalName(store)) draft.report(new IllegalNameError('store', store, { node, store }));
  const keySerde = draft.require('key', options.key ?? at.keySerde, at.node, `for the deduplication '${node}'`);
  const idSerde = id === undefined ? keySerde : (string as Serde<unknown>);
  draft.addStore({
    kind: 'timed-list',
    name: store,
    keySerde: deduplicateKeys(withinMs, idSerde).serde,
    valueSerde: int64AsNumber,
    ...storageOf(options),
  });
  let parent = at.node;
  let valueSerde = at.valueSerde;
  if (at.keyChanged) {
    valueSerde = draft.require('value', options.value ?? at.valueSerde, at.node, 'to repartition the records');
    parent = draft.addRepartition({ name: options.store ?? node, keySerde, valueSerde }, [at.node]);
  }
  const operator: DeduplicateOperator = { type: 'deduplicate', store, withinMs, graceMs, id, idSerde, keySerde };
  draft.addProcessor(node, operator, [parent], [store]);
  return { node, keySerde: at.keySerde ?? keySerde, valueSerde, keyChanged: false };
}
