import type { Serde } from '../serde/serde';
import type { ErasedOptions } from './erased';
import type { TopologyDraft } from './topology-draft';

/** Adds the store that holds a table, and gives it to the table's node. */
export function addTableStore(
  draft: TopologyDraft,
  node: string,
  name: string,
  key: Serde<unknown> | undefined,
  value: Serde<unknown> | undefined,
  options: ErasedOptions | undefined,
): void {
  const purpose = `for the store '${name}'`;
  draft.addStore({
    ...(options?.versioned === undefined
      ? { kind: 'timestamped-key-value' }
      : {
          kind: 'versioned-key-value',
          historyRetentionMs: draft.duration(
            options.versioned.historyRetentionMs,
            node,
            'versioned.historyRetentionMs',
          ),
        }),
    name,
    keySerde: draft.require('key', key, node, purpose),
    valueSerde: draft.require('value', value, node, purpose),
    changelog: options?.changelog ?? true,
    backend: options?.backend ?? 'rocksdb',
  });
  draft.attachStores(node, [name]);
}
