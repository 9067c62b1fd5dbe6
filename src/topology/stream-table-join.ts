import { bufferedRecordSerde, bufferKeySerde } from './buffer-serdes';
import type { ErasedOptions } from './erased';
import { GraceTooLongError, TableNotVersionedError } from './errors';
import type { StreamPosition } from './stream-position';
import type { JoinableTable } from './table-join';
import type { StreamTableJoinOperator } from './table-node-operators';
import { historyRetentionOf, storesOf } from './table-views';
import type { TopologyDraft } from './topology-draft';
import { storageOf } from './store-options';

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
    const retention = historyRetentionOf(view);
    if (retention === undefined) draft.report(new TableNotVersionedError(node));
    else if (retention < options.graceMs) draft.report(new GraceTooLongError(node, options.graceMs, retention));
    const store = `${node}-buffer`;
    const purpose = `for the store '${store}'`;
    const bufferedKeySerde = draft.require('key', keySerde, node, purpose);
    buffer = { store, graceMs: draft.duration(options.graceMs, node, 'graceMs'), keySerde: bufferedKeySerde };
    draft.addStore({
      kind: 'record-buffer',
      name: store,
      keySerde: bufferKeySerde(bufferedKeySerde),
      valueSerde: bufferedRecordSerde(draft.require('value', options.value ?? stream.valueSerde, node, purpose)),
      ...storageOf(options),
    });
    stores.push(store);
  }
  draft.addProcessor(node, { type: 'streamTableJoin', view, left, joiner, buffer }, [from], stores);
  return { node, keySerde, valueSerde: undefined, keyChanged: false };
}
