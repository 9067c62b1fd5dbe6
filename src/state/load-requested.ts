import type { EpochStore } from './epoch-store';

/** Reads everything that was requested of these stores, at once. Undefined when there is nothing to read. */
export function loadRequested(stores: readonly EpochStore<unknown, unknown>[]): Promise<void> | undefined {
  const loads: Promise<void>[] = [];
  for (const store of stores) {
    const load = store.loadRequested();
    if (load !== undefined) loads.push(load);
  }
  if (loads.length === 0) return undefined;
  return loads.length === 1 ? loads[0] : Promise.all(loads).then(() => undefined);
}
