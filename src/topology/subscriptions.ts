import { IllegalNameError, IllegalSubscriptionError, TopicSubscribedTwiceError } from './errors';
import type { TopologyError } from './errors';
import type { SourceNode } from './graph';
import { isLegalName } from './node-names';

type Subscription = Omit<SourceNode, 'kind' | 'children'>;

/**
 * Checks a new source against those that exist. A topic can be read once only, since its offset is committed once; so a second
 * source of the very same topics, serdes and timestamps becomes the first one, and any other overlap is a problem.
 *
 * @returns the name of the source that already reads these topics, or undefined where a new node is needed.
 */
export function mergeSubscription(
  sources: readonly SourceNode[],
  added: Subscription,
  named: boolean,
  report: (problem: TopologyError) => void,
): string | undefined {
  const topics = added.topics.map((topic) => topic.name);
  checkTopics(added.name, topics, report);
  const overlapping = sources.filter((source) => source.topics.some((topic) => topics.includes(topic.name)));
  for (const source of overlapping) {
    const difference = findDifference(source, added, named);
    if (difference === undefined) return source.name;
    const shared = source.topics.find((topic) => topics.includes(topic.name))!;
    report(new TopicSubscribedTwiceError(shared.name, source.name, added.name, difference));
  }
  return undefined;
}

function checkTopics(node: string, topics: readonly string[], report: (problem: TopologyError) => void): void {
  if (topics.length === 0) report(new IllegalSubscriptionError(node, 'names no topic. Name at least one'));
  if (new Set(topics).size !== topics.length) {
    report(new IllegalSubscriptionError(node, 'names a topic twice. Name each topic once'));
  }
  for (const topic of topics) if (!isLegalName(topic)) report(new IllegalNameError('topic', topic, { topic, node }));
}

function findDifference(existing: SourceNode, added: Subscription, named: boolean): string | undefined {
  const sameTopics =
    existing.topics.length === added.topics.length &&
    existing.topics.every((topic) => added.topics.some((other) => other.name === topic.name));
  if (!sameTopics) return 'sets of topics';
  // Two serdes of one format may still turn it into different values, so the same name is not enough.
  if (existing.keySerde !== added.keySerde) return 'key serdes';
  if (existing.valueSerde !== added.valueSerde) return 'value serdes';
  if (existing.timestampExtractor !== added.timestampExtractor) return 'timestamp extractors';
  if ((existing.onInvalidTimestamp ?? 'fail') !== (added.onInvalidTimestamp ?? 'fail'))
    return 'handling of invalid timestamps';
  if (named && existing.name !== added.name) return 'names';
  return undefined;
}
