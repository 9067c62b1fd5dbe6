import type { StoreDefinition, Topology } from './graph';

/** What state depends on, of a store. */
export interface StoreShape {
  readonly kind: string;
  readonly keySerde: string;
  readonly valueSerde: string;
  /** What else the meaning of the bytes depends on, as the size of windows. */
  readonly format: Readonly<Record<string, string | number>>;
  readonly changelog: boolean;
  readonly subtopology: number;
}

/** What the state of an application depends on in its topology. Kept as JSON beside the state. */
export interface TopologyShape {
  readonly stores: Readonly<Record<string, StoreShape>>;
  /** By the names that the topology has for them. */
  readonly repartitionTopics: Readonly<Record<string, RepartitionShape>>;
}

/** What records and state depend on, of a repartition topic. */
export interface RepartitionShape {
  /** Says in which task a key's state is. Not known before Kafka was asked. */
  readonly partitions?: number | undefined;
  readonly keySerde: string;
  readonly valueSerde: string;
}

/** Something that would have state misread. */
export interface ShapeChange {
  readonly what: string;
  readonly property: string;
  readonly before: string | number;
  readonly now: string | number;
  readonly consequence: string;
}

/** A line for each change, for the message of an error. */
export function describeChanges(changes: readonly ShapeChange[]): string {
  return changes
    .map(
      ({ what, property, before, now, consequence }) =>
        `\n  - ${what}: ${property} was ${before}, and is ${now}: ${consequence}`,
    )
    .join('');
}

/** @param partitionsOf - how many partitions a repartition topic has, by the name that the topology has for it, where it is known */
export function shapeOf(
  topology: Topology,
  partitionsOf: (repartitionTopic: string) => number | undefined = () => undefined,
): TopologyShape {
  const stores: Record<string, StoreShape> = {};
  for (const { id, stores: definitions } of topology.subtopologies)
    for (const definition of definitions) stores[definition.name] = storeShape(definition, id);
  const repartitionTopics: Record<string, RepartitionShape> = {};
  for (const { keySerde, valueSerde, topics } of topology.subtopologies.flatMap(({ sources }) => sources))
    for (const topic of topics) {
      if (!topic.internal) continue;
      repartitionTopics[topic.name] = {
        partitions: partitionsOf(topic.name),
        keySerde: keySerde.name,
        valueSerde: valueSerde.name,
      };
    }
  return { stores, repartitionTopics };
}

function storeShape(
  { kind, keySerde, valueSerde, changelog, format = {} }: StoreDefinition,
  subtopology: number,
): StoreShape {
  return { kind, keySerde: keySerde.name, valueSerde: valueSerde.name, format, changelog, subtopology };
}

/** What of the topology does not fit the state any more. Stores that are new, or are gone, always fit. */
export function shapeChanges(before: TopologyShape, now: TopologyShape): readonly ShapeChange[] {
  const changes: ShapeChange[] = [];
  for (const [name, store] of Object.entries(now.stores)) {
    const old = before.stores[name];
    if (old !== undefined) changes.push(...storeChanges(name, old, store));
  }
  for (const [name, topic] of Object.entries(now.repartitionTopics)) {
    const old = before.repartitionTopics[name];
    if (old !== undefined) changes.push(...repartitionChanges(name, old, topic));
  }
  return changes;
}

function repartitionChanges(name: string, old: RepartitionShape, topic: RepartitionShape): ShapeChange[] {
  const changes: ShapeChange[] = [];
  const compare = (
    property: string,
    before: string | number | undefined,
    now: string | number | undefined,
    consequence: string,
  ): void => {
    if (before === undefined || now === undefined || before === now) return;
    changes.push({ what: `repartition topic '${name}'`, property, before, now, consequence });
  };
  const otherTasks = 'keys would come to other tasks than those that have their state';
  const misread = 'records that are on their way would be misread';
  compare('partitions', old.partitions, topic.partitions, otherTasks);
  compare('key serde', old.keySerde, topic.keySerde, misread);
  compare('value serde', old.valueSerde, topic.valueSerde, misread);
  return changes;
}

function storeChanges(name: string, old: StoreShape, store: StoreShape): ShapeChange[] {
  const what = `store '${name}'`;
  const changes: ShapeChange[] = [];
  const compare = (property: string, before: string | number, now: string | number): void => {
    if (before === now) return;
    changes.push({ what, property, before, now, consequence: 'what is stored would be misread' });
  };
  compare('kind', old.kind, store.kind);
  compare('key serde', old.keySerde, store.keySerde);
  compare('value serde', old.valueSerde, store.valueSerde);
  for (const field of new Set([...Object.keys(old.format), ...Object.keys(store.format)]))
    compare(field, old.format[field] ?? 'not set', store.format[field] ?? 'not set');
  if (!old.changelog && store.changelog)
    changes.push({
      what,
      property: 'changelog',
      before: 'off',
      now: 'on',
      consequence: 'the changelog would lack what was stored without it',
    });
  if (!old.changelog && !store.changelog && old.subtopology !== store.subtopology)
    changes.push({
      what,
      property: 'subtopology',
      before: old.subtopology,
      now: store.subtopology,
      consequence: 'other tasks have it now, and without a changelog they cannot have its state',
    });
  return changes;
}

/** The shape to keep from now on. What the topology lost stays on record: its state is still there, and it may come back. */
export function mergedShape(before: TopologyShape | undefined, now: TopologyShape): TopologyShape {
  return {
    stores: { ...before?.stores, ...now.stores },
    repartitionTopics: { ...before?.repartitionTopics, ...now.repartitionTopics },
  };
}
