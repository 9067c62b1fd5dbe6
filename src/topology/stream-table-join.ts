import type { ErasedOptions } from './erased';
import { TableNotVersionedError } from './errors';
import type { StreamPosition } from './stream-position';
import type { JoinableTable } from './table-join';
import type { StreamTableJoinOperator } from './table-node-operators';
import { isVersioned, storesOf } from './table-views';
import type { TopologyDraft } from './topology-draft';

/** Adds a join of a stream with a table by their keys, behind a repartition if the stream's key has changed. */
export function joinStreamWithTable(
  draft: TopologyDraft,
  node: string,
  left: boolean,
  stream: StreamPosition,
  table: JoinableTable,
  joiner: StreamTableJoinOperator['joiner'],
  options: ErasedOptions | undefined,
): StreamPosition {
  const view = table.backing.view();
  const stores = [...storesOf(view)];
  let from = stream.node;
  const keySerde = options?.key ?? stream.keySerde;
  if (stream.keyChanged) {
    const purpose = 'to repartition the records';
    const request = {
      name: node,
      keySerde: draft.require('key', keySerde, node, purpose),
      valueSerde: draft.require('value', options?.value ?? stream.valueSerde, node, purpose),
      // In a left join a record without a key has a result.
      keepsNullKeys: left,
    };
    from = draft.addRepartition(request, [stream.node]);
  }
  let buffer: StreamTableJoinOperator['buffer'];
  if (options?.graceMs !== undefined) {
    if (!isVersioned(view)) draft.report(new TableNotVersionedError(node));
    const store = `${node}-buffer`;
    buffer = { store, graceMs: draft.duration(options.graceMs, node, 'graceMs') };
    const purpose = `for the store '${store}'`;
    draft.addStore({
      kind: 'record-buffer',
      name: store,
      keySerde: draft.require('key', keySerde, node, purpose),
      valueSerde: draft.require('value', options.value ?? stream.valueSerde, node, purpose),
      changelog: options.changelog ?? true,
      backend: options.backend ?? 'rocksdb',
    });
    stores.push(store);
  }
  draft.addProcessor(node, { type: 'streamTableJoin', view, left, joiner, buffer }, [from], stores);
  return { node, keySerde, valueSerde: undefined, keyChanged: false };
}
