import type { ApiRequest } from './api-request';

export interface BrokerNode {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface PartitionMetadata {
  readonly partition: number;
  readonly errorCode: number;
  /** -1 while there is none. */
  readonly leader: number;
}

export interface TopicMetadata {
  readonly name: string;
  readonly errorCode: number;
  readonly partitions: readonly PartitionMetadata[];
}

export interface MetadataResponse {
  readonly brokers: readonly BrokerNode[];
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
}

/** The brokers of the cluster, and the leaders of these topics' partitions. Never creates a topic. */
export function metadataRequest(topics: readonly string[]): ApiRequest<MetadataResponse> {
  return {
    name: 'Metadata',
    apiKey: 3,
    apiVersion: 7,
    encode: (writer) => {
      writer.array(topics, (topic) => writer.string(topic));
      writer.boolean(false);
    },
    decode: (reader) => {
      reader.throttle();
      const brokers = reader.array(() => {
        const node = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() };
        reader.nullableString();
        return node;
      });
      reader.nullableString();
      const controllerId = reader.int32();
      const topicMetadata = reader.array(() => {
        const errorCode = reader.int16();
        const name = reader.string();
        reader.boolean();
        const partitions = reader.array(() => {
          const partition = { errorCode: reader.int16(), partition: reader.int32(), leader: reader.int32() };
          reader.int32();
          for (let list = 0; list < 3; list++) reader.array(() => reader.int32());
          return partition;
        });
        return { name, errorCode, partitions };
      });
      return { brokers, controllerId, topics: topicMetadata };
    },
  };
}
