import type { Serde } from '../serde/serde';
import { timedLists } from '../serde/timed-list';
import { timedRecords } from '../serde/timed-records';
import type { StoreDefinition } from './graph';
import { joinBucketKeys, unjoinedKeys, type StreamJoin } from './stream-join';
import { storageOf, type StoreOptions } from './store-options';

/** The stores of a join: one of each side, and one of records that were not joined yet. */
export function streamJoinStores(join: StreamJoin, options: StoreOptions | undefined): readonly StoreDefinition[] {
  const common = storageOf(options);
  const bucketSerde = joinBucketKeys(join.windows, join.keySerde).serde as Serde<unknown>;
  const sides = [
    { name: join.leftStore, valueSerde: timedRecords(`timed-records(${join.leftSerde.name})`) },
    { name: join.rightStore, valueSerde: timedRecords(`timed-records(${join.rightSerde.name})`) },
  ].map(({ name, valueSerde }): StoreDefinition => ({
    kind: 'timed-list',
    name,
    keySerde: bucketSerde,
    valueSerde: valueSerde,
    ...common,
  }));
  if (join.unjoinedStore === undefined) return sides;
  const unjoined: StoreDefinition = {
    kind: 'timed-queue',
    name: join.unjoinedStore,
    keySerde: unjoinedKeys(join.keySerde).serde,
    valueSerde: timedLists(`unjoined(${join.leftSerde.name},${join.rightSerde.name})`),
    ...common,
  };
  return [...sides, unjoined];
}
