import { bytes } from '../serde/bytes';
import type { Serde } from '../serde/serde';
import type { ErasedOptions } from './erased';
import type { ForeignKeyResponseOperator, ForeignKeySubscribeOperator } from './foreign-key-operators';
import type { SubscriptionResponse } from './foreign-key-operators';
import type { StreamPosition } from './stream-position';
import { responseSerde, subscriptionSerde } from './subscription-serdes';
import type { JoinableTable } from './table-join';
import { storesOf } from './table-views';
import type { TopologyDraft } from './topology-draft';
import { storageOf } from './store-options';

/**
 * Adds a join by foreign key: the left table subscribes through one internal topic, and the foreign side answers through another.
 *
 * @returns where the results come out, as records of a table
 */
export function joinOnForeignKey(
  draft: TopologyDraft,
  node: string,
  left: boolean,
  table: JoinableTable,
  foreign: JoinableTable,
  foreignKey: ForeignKeySubscribeOperator['foreignKey'],
  joiner: ForeignKeyResponseOperator['joiner'],
  options: ErasedOptions | undefined,
): StreamPosition {
  const purpose = 'to join by foreign key';
  const primaryKeySerde = draft.require('key', table.at.keySerde, table.at.node, purpose);
  const valueSerde = draft.require('value', table.at.valueSerde, table.at.node, purpose);
  const keySerde = draft.require('key', foreign.at.keySerde, foreign.at.node, purpose);
  const foreignValueSerde = draft.require('value', foreign.at.valueSerde, foreign.at.node, purpose);
  foreign.backing.enableSendingOldValues(true);
  table.backing.enableSendingOldValues(true);
  const view = table.backing.view();
  const foreignView = foreign.backing.view();

  const subscribe = `${node}-subscribe`;
  const { versioned } = table.backing;
  draft.addProcessor(subscribe, { type: 'foreignKeySubscribe', foreignKey, left, keySerde, valueSerde, versioned }, [
    table.at.node,
  ]);
  const subscription = subscriptionSerde(primaryKeySerde) as Serde<unknown>;
  const subscriptionSource = draft.addRepartition(
    // A row without a foreign key has to be answered too in a left join.
    { name: `${node}-subscription`, keySerde, valueSerde: subscription, keepsNullKeys: left },
    [subscribe],
  );

  const subscriptions = `${node}-subscriptions`;
  draft.addStore({
    kind: 'timestamped-key-value',
    name: subscriptions,
    keySerde: bytes,
    valueSerde: subscription,
    ...storageOf(options),
  });
  const lookup = `${node}-lookup`;
  draft.addProcessor(
    lookup,
    { type: 'foreignKeyLookup', subscriptions, view: foreignView, keySerde, primaryKeySerde },
    [subscriptionSource],
    [...new Set([subscriptions, ...storesOf(foreignView)])],
  );
  const update = `${node}-update`;
  draft.addProcessor(
    update,
    { type: 'foreignKeyUpdate', subscriptions, keySerde, versioned: foreign.backing.versioned },
    [foreign.at.node],
    [subscriptions],
  );
  const responseSource = draft.addRepartition(
    {
      name: `${node}-response`,
      keySerde: primaryKeySerde,
      valueSerde: responseSerde(foreignValueSerde),
      partitioner: (_key, response) => (response as SubscriptionResponse).primaryPartition,
    },
    [lookup, update],
  );

  const response = `${node}-join`;
  draft.addProcessor(
    response,
    { type: 'foreignKeyResponse', view, left, joiner, valueSerde },
    [responseSource],
    storesOf(view),
  );
  return { node: response, keySerde: primaryKeySerde, valueSerde: options?.value, keyChanged: false };
}
