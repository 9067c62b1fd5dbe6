import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel, type Admin, type IHeaders, type ITopicConfig } from 'kafkajs';
import { TopicFollower } from './topic-follower';
import type { Isolation, ReadRecord } from './topic-reader';

/** A plain client to write and to ask with: it shares no connection, configuration or code with what is tested. */
export function testKafka(brokers: readonly string[]): Kafka {
  return new Kafka({
    clientId: 'millrace-test',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5_000,
    // A killed broker needs up to ten seconds to come back.
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 40 },
  });
}

const LEADERS_TIMEOUT_MS = 30_000;

/** One topic to create; replication is the cluster's default. */
export interface TopicToCreate {
  readonly topic: string;
  readonly partitions: number;
  /** Topic settings, for example `{ 'cleanup.policy': 'compact' }`. */
  readonly config?: Readonly<Record<string, string>>;
}

/** Creates topics and waits until each partition has a leader. */
export async function createTopics(brokers: readonly string[], ...topics: readonly TopicToCreate[]): Promise<void> {
  const admin = testKafka(brokers).admin();
  await admin.connect();
  try {
    await admin.createTopics({
      // kafkajs gives up waiting when a busy broker has not heard of the new topic yet.
      waitForLeaders: false,
      topics: topics.map(({ topic, partitions, config = {} }): ITopicConfig => ({
        topic,
        numPartitions: partitions,
        replicationFactor: -1,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      })),
    });
    const deadline = performance.now() + LEADERS_TIMEOUT_MS;
    while (!(await haveLeaders(admin, topics))) {
      if (performance.now() > deadline) throw new Error(`${topics.map(({ topic }) => topic).join(', ')}: no leaders`);
      await pause(20);
    }
  } finally {
    await admin.disconnect();
  }
}

async function haveLeaders(admin: Admin, topics: readonly TopicToCreate[]): Promise<boolean> {
  try {
    const found = await admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) });
    const led = new Map(
      found.topics.map(({ name, partitions }) => [name, partitions.filter(({ leader }) => leader >= 0).length]),
    );
    return topics.every(({ topic, partitions }) => led.get(topic) === partitions);
  } catch (error) {
    if ((error as { type?: unknown }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return false;
    throw error;
  }
}

/** A record to write. Without `partition` the key decides, as in every Kafka client. */
export interface RecordToWrite {
  readonly partition?: number;
  readonly key?: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: IHeaders;
  /** Milliseconds since 1970. Default: now. */
  readonly timestamp?: number;
}

// Sends are cut so that no batch comes near the broker's default limit of 1 MB.
const RECORDS_PER_SEND = 2_000;
const BYTES_PER_SEND = 500_000;

/** Writes records in order (acks from all replicas, idempotent, no transaction). */
export async function produce(
  brokers: readonly string[],
  topic: string,
  records: Iterable<RecordToWrite>,
): Promise<void> {
  const producer = testKafka(brokers).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  try {
    for (const send of cut(records)) {
      await producer.send({
        topic,
        messages: send.map(({ partition, key, value, headers, timestamp }) => ({
          key: key ?? null,
          value,
          ...(partition === undefined ? {} : { partition }),
          ...(headers === undefined ? {} : { headers }),
          ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
        })),
      });
    }
  } finally {
    await producer.disconnect();
  }
}

function* cut(records: Iterable<RecordToWrite>): Generator<RecordToWrite[]> {
  let send: RecordToWrite[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = (record.key?.length ?? 0) + (record.value?.length ?? 0);
    if (send.length > 0 && (send.length >= RECORDS_PER_SEND || bytes + size > BYTES_PER_SEND)) {
      yield send;
      send = [];
      bytes = 0;
    }
    send.push(record);
    bytes += size;
  }
  if (send.length > 0) yield send;
}

export interface ReadOptions {
  /** Default: `read_committed`. */
  readonly isolation?: Isolation;
  /** How long to wait for the end, in milliseconds. Default: 30000. */
  readonly timeoutMs?: number;
}

/**
 * Every record of a topic, from its start to the end offsets that it has at the time of the call, ordered by partition
 * and offset. With `read_committed` it waits for transactions that are open at that time; the markers that end them count
 * as read, so a topic that ends in a marker or in aborted records is read to its end too.
 *
 * @throws Error when the end is not reached in time; it names the partitions and how far each was read
 */
export async function readTopic(
  brokers: readonly string[],
  topic: string,
  options: ReadOptions = {},
): Promise<ReadRecord[]> {
  const follower = await followTopic(brokers, topic, options.isolation);
  try {
    const ends = await follower.untilEnd(options.timeoutMs);
    return follower.records
      .filter(({ partition, offset }) => offset < ends.get(partition)!)
      .sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  } finally {
    await follower.stop();
  }
}

/** Follows a topic from its start while it grows; `until` waits for what a test expects. The caller stops it. */
export async function followTopic(
  brokers: readonly string[],
  topic: string,
  isolation: Isolation = 'read_committed',
): Promise<TopicFollower> {
  return TopicFollower.start(brokers, topic, isolation);
}

/** The last value of every key, as text: what a compacted topic or a table says. A null value removes the key. */
export function lastValues(records: Iterable<ReadRecord>): Map<string, string> {
  const table = new Map<string, string>();
  for (const { key, value } of records) {
    if (key === null) continue;
    if (value === null) table.delete(key.toString());
    else table.set(key.toString(), value.toString());
  }
  return table;
}
