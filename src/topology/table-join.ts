import type { ErasedOptions } from './erased';
import type { StreamPosition } from './stream-position';
import { JoinedTable, type TableBacking } from './table-backing';
import type { Draft, TableJoinMergeOperator, TableJoinOperator } from './table-node-operators';
import { storesOf, type TableJoinKind } from './table-views';
import { addTableStore } from './table-store';
import type { TopologyDraft } from './topology-draft';

/** A table as the operators that take part in a join see it. */
export interface JoinableTable {
  readonly at: StreamPosition;
  readonly backing: TableBacking;
}

/** Adds a join of two tables by their keys: a node for the changes of each side, and one where they come together. */
export function joinTables(
  draft: TopologyDraft,
  node: string,
  kind: TableJoinKind,
  left: JoinableTable,
  right: JoinableTable,
  joiner: TableJoinOperator['joiner'],
  options: ErasedOptions | undefined,
): { readonly position: StreamPosition; readonly backing: TableBacking } {
  // A side whose keys are in the result without the other must tell a deletion from a key that never was.
  if (kind !== 'inner') left.backing.enableSendingOldValues(true);
  if (kind === 'outer') right.backing.enableSendingOldValues(true);
  const views = { left: left.backing.view(), right: right.backing.view() };
  const side = (which: 'left' | 'right', changes: JoinableTable): Draft<TableJoinOperator> => ({
    type: 'tableJoin',
    kind,
    side: which,
    view: which === 'left' ? views.right : views.left,
    joiner,
    sendsOldValues: false,
    versioned: changes.backing.versioned,
  });
  const sides = [side('left', left), side('right', right)];
  const stores = [...new Set([...storesOf(views.left), ...storesOf(views.right)])];
  const names = [`${node}-join-this`, `${node}-join-other`];
  draft.addProcessor(names[0]!, sides[0]!, [left.at.node], stores);
  draft.addProcessor(names[1]!, sides[1]!, [right.at.node], stores);
  const merge: Draft<TableJoinMergeOperator> = { type: 'tableJoinMerge', store: options?.store, sendsOldValues: false };
  draft.addProcessor(node, merge, names);
  const { keySerde } = left.at;
  if (merge.store !== undefined) addTableStore(draft, node, merge.store, keySerde, options?.value, options);
  return {
    position: { node, keySerde, valueSerde: options?.value, keyChanged: false },
    backing: new JoinedTable(left.backing, right.backing, sides, merge),
  };
}
