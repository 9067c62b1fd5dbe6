import { groupByTopic, type TopicPartition } from './protocol/topic-partition';
import { WireReader } from './protocol/wire-reader';
import { WireWriter } from './protocol/wire-writer';

/* The embedded protocol of consumer groups, version 0, as every Kafka tool can read it. */

const VERSION = 0;

export interface Subscription {
  readonly topics: readonly string[];
  readonly userData: Buffer;
}

export interface Assignment {
  readonly partitions: readonly TopicPartition[];
  readonly userData: Buffer;
}

export function encodeSubscription({ topics, userData }: Subscription): Buffer {
  const writer = new WireWriter().int16(VERSION);
  writer.array(topics, (topic) => writer.string(topic)).bytes(userData);
  return Buffer.concat(writer.toChunks());
}

export function decodeSubscription(bytes: Buffer): Subscription {
  const reader = new WireReader(bytes);
  reader.int16();
  return { topics: reader.array(() => reader.string()), userData: reader.bytes() };
}

export function encodeAssignment({ partitions, userData }: Assignment): Buffer {
  const writer = new WireWriter().int16(VERSION);
  writer.array(groupByTopic(partitions), ([topic, group]) => {
    writer.string(topic).array(group, ({ partition }) => writer.int32(partition));
  });
  writer.bytes(userData);
  return Buffer.concat(writer.toChunks());
}

/** A member that the leader left out gets no bytes at all. */
export function decodeAssignment(bytes: Buffer): Assignment {
  if (bytes.length === 0) return { partitions: [], userData: Buffer.alloc(0) };
  const reader = new WireReader(bytes);
  reader.int16();
  const partitions: TopicPartition[] = [];
  reader.array(() => {
    const topic = reader.string();
    reader.array(() => partitions.push({ topic, partition: reader.int32() }));
  });
  return { partitions, userData: reader.bytes() };
}
