import type { GlobalKTable } from './dsl';
import type { Erased } from './erased';
import type { TopologyDraft } from './topology-draft';

/** Behind {@link GlobalKTable}. */
export class GlobalTableOperators implements Erased<GlobalKTable<unknown, unknown>> {
  constructor(
    readonly draft: TopologyDraft,
    readonly storeName: string,
  ) {}
}
