import type { TopicReference } from './graph';

/** A topic by the name that the user gave it. */
export function externalTopic(name: string): TopicReference {
  return { name, internal: false };
}

/** The topic through which records move to the task of their new key. */
export function repartitionTopic(name: string): TopicReference {
  return { name: `${name}-repartition`, internal: true };
}

/** The topic that holds every change of a store. */
export function changelogTopic(store: string): TopicReference {
  return { name: `${store}-changelog`, internal: true };
}
