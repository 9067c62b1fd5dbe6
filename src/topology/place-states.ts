import type { Serde } from '../serde/serde';
import type { ErasedOptions } from './erased';
import type { ProcessOperator } from './operators';
import { problemsOfState, storeOfState, storeOfTimers } from './state-stores';
import type { TopologyDraft } from './topology-draft';

/** Adds the stores of a processor's states and timers; returns what its operator has to know of them. */
export function placeStates(
  draft: TopologyDraft,
  node: string,
  given: Serde<unknown> | undefined,
  options: ErasedOptions | undefined,
): { readonly operator: Partial<ProcessOperator>; readonly stores: readonly string[] } {
  const { states = [], timers = false } = options ?? {};
  if (states.length === 0 && !timers) return { operator: {}, stores: [] };
  const needsKey = timers || states.some(({ kind }) => kind !== 'operator');
  const keySerde = needsKey ? draft.require('key', given, node, 'to keep state by key') : undefined;
  const placed = states.map((descriptor) => {
    for (const problem of problemsOfState(node, descriptor)) draft.report(problem);
    const definition = storeOfState(node, descriptor, keySerde);
    draft.addStore(definition);
    return { descriptor, store: definition.name };
  });
  const stores = placed.map(({ store }) => store);
  let timerStore: string | undefined;
  if (timers) {
    const definition = storeOfTimers(node, keySerde!);
    draft.addStore(definition);
    timerStore = definition.name;
    stores.push(timerStore);
  }
  return { operator: { states: placed, timers: timerStore, keySerde }, stores };
}
