import type { Logger } from '../logging/logger';
import type { StoreShape, TopologyShape } from '../topology/topology-shape';
import { changelogTopicName } from './topic-plan';

/** Of two topologies, one after the other. */
export interface StoreChanges {
  /** By name: stores that there are no more. */
  readonly lost: ReadonlyMap<string, StoreShape>;
  /** Names of stores that there were not. */
  readonly added: readonly string[];
}

/** @param known - names of lost stores that are none of the changes */
export function storeChanges(before: TopologyShape, now: TopologyShape, known: readonly string[]): StoreChanges {
  const lost = Object.entries(before.stores).filter(([name]) => !(name in now.stores) && !known.includes(name));
  return { lost: new Map(lost), added: Object.keys(now.stores).filter((name) => !(name in before.stores)) };
}

/** A store may be lost on purpose, or only have another name than its state: then what it counted is gone from the results. */
export function warnOfLostStores({ lost, added }: StoreChanges, applicationId: string, logger: Logger): void {
  for (const [store, { changelog }] of lost) {
    const topic = changelog ? changelogTopicName(applicationId, store) : undefined;
    const kept =
      topic === undefined
        ? 'It has no changelog, and its state on disk is not read any more.'
        : `Its state on disk is not read any more; its changelog topic ${topic} stays in Kafka, and nothing is written to it.`;
    const renamed =
      added.length === 0
        ? ''
        : ` If it was renamed, the new store (${added.join(', ')}) begins empty: to have its state, give it the old name again.`;
    logger.warn(
      { event: 'store_lost', store, changelog: topic, added },
      `The topology has no store '${store}' any more. ${kept}${renamed}`,
    );
  }
}
