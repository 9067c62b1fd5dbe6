import type { ApiRequest } from './api-request';
import type { PartitionResult } from './partition-result';
import { groupByTopic, type TopicPartitionOffset } from './topic-partition';

/** A topic to create. */
export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  /** -1 for the broker's default. */
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

export interface TopicResult {
  readonly name: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export type DeletedTopic = Pick<TopicResult, 'name' | 'errorCode'>;

export function createTopicsRequest(topics: readonly NewTopic[], timeoutMs: number): ApiRequest<TopicResult[]> {
  return {
    name: 'CreateTopics',
    apiKey: 19,
    apiVersion: 4,
    encode: (writer) => {
      writer.array(topics, (topic) => {
        writer.string(topic.name).int32(topic.partitions).int16(topic.replicationFactor).int32(0);
        writer.array(Object.entries(topic.configs), ([key, value]) => writer.string(key).nullableString(value));
      });
      writer.int32(timeoutMs).boolean(false);
    },
    decode: (reader) => {
      reader.throttle();
      return reader.array(() => ({
        name: reader.string(),
        errorCode: reader.int16(),
        errorMessage: reader.nullableString(),
      }));
    },
  };
}

export interface TopicConfigs {
  readonly name: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly configs: Map<string, string>;
}

const TOPIC_RESOURCE = 2;

export function describeConfigsRequest(topics: readonly string[]): ApiRequest<TopicConfigs[]> {
  return {
    name: 'DescribeConfigs',
    apiKey: 32,
    apiVersion: 2,
    encode: (writer) => {
      writer.array(topics, (topic) => writer.int8(TOPIC_RESOURCE).string(topic).int32(-1));
      writer.boolean(false);
    },
    decode: (reader) => {
      reader.throttle();
      return reader.array(() => {
        const errorCode = reader.int16();
        const errorMessage = reader.nullableString();
        reader.int8();
        const name = reader.string();
        const configs = new Map<string, string>();
        reader.array(() => {
          const key = reader.string();
          const value = reader.nullableString();
          reader.boolean();
          reader.int8();
          reader.boolean();
          reader.array(() => {
            reader.string();
            reader.nullableString();
            reader.int8();
          });
          if (value !== null) configs.set(key, value);
        });
        return { name, errorCode, errorMessage, configs };
      });
    },
  };
}

/** Deletes topics with all their records. What groups committed for them goes too. */
export function deleteTopicsRequest(names: readonly string[], timeoutMs: number): ApiRequest<DeletedTopic[]> {
  return {
    name: 'DeleteTopics',
    apiKey: 20,
    apiVersion: 3,
    encode: (writer) => {
      writer.array(names, (name) => writer.string(name)).int32(timeoutMs);
    },
    decode: (reader) => {
      reader.throttle();
      return reader.array(() => ({ name: reader.string(), errorCode: reader.int16() }));
    },
  };
}

/** Deletes the records before each offset; the log then starts there. */
export function deleteRecordsRequest(
  offsets: readonly TopicPartitionOffset[],
  timeoutMs: number,
): ApiRequest<PartitionResult[]> {
  return {
    name: 'DeleteRecords',
    apiKey: 21,
    apiVersion: 1,
    encode: (writer) => {
      writer.array(groupByTopic(offsets), ([topic, partitions]) => {
        writer.string(topic).array(partitions, ({ partition, offset }) => writer.int32(partition).int64(offset));
      });
      writer.int32(timeoutMs);
    },
    decode: (reader) => {
      reader.throttle();
      const results: PartitionResult[] = [];
      reader.array(() => {
        const topic = reader.string();
        reader.array(() => {
          const partition = reader.int32();
          reader.int64();
          results.push({ topic, partition, errorCode: reader.int16() });
        });
      });
      return results;
    },
  };
}
