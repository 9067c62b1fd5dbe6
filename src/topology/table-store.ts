import type { Serde } from '../serde/serde';
import type { ErasedOptions } from './erased';
import type { VersionedStore } from './table-views';
import type { TopologyDraft } from './topology-draft';
import { versionedEntrySerde, versionedKeySerde } from './versioned-serdes';
import { storageOf } from './store-options';

/** Adds the store that holds a table, and gives it to the table's node. */
export function addTableStore(
  draft: TopologyDraft,
  node: string,
  name: string,
  key: Serde<unknown> | undefined,
  value: Serde<unknown> | undefined,
  options: ErasedOptions | undefined,
  versioned?: VersionedStore,
): void {
  const purpose = `for the store '${name}'`;
  const keySerde = draft.require('key', key, node, purpose);
  const valueSerde = draft.require('value', value, node, purpose);
  const kept = { name, ...storageOf(options) };
  draft.addStore(
    versioned === undefined
      ? { kind: 'timestamped-key-value', keySerde, valueSerde, ...kept }
      : {
          kind: 'versioned-key-value',
          keySerde: versionedKeySerde(keySerde, versioned.historyRetentionMs),
          valueSerde: versionedEntrySerde(valueSerde),
          versioned,
          ...kept,
        },
  );
  draft.attachStores(node, [name]);
}
