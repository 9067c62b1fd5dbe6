/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A place in the log of a partition. */
export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number;
}

/** An offset to commit, with a text that the group keeps beside it. */
export interface OffsetAndMetadata extends TopicPartitionOffset {
  readonly metadata?: string | undefined;
}

/** `topic-partition`: the key by which maps in this layer find a partition. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** Kafka's requests list partitions by topic. */
export function groupByTopic<T extends TopicPartition>(items: Iterable<T>): [topic: string, items: T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.topic);
    if (group === undefined) groups.set(item.topic, [item]);
    else group.push(item);
  }
  return [...groups];
}
