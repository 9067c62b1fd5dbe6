import type { ApiRequest } from './api-request';
import type { GroupGeneration } from './group-generation';
import { partitionResults, type PartitionResult } from './partition-result';
import { groupByTopic, type OffsetAndMetadata, type TopicPartition } from './topic-partition';

export interface CommittedPartition extends TopicPartition {
  readonly errorCode: number;
  /** -1 when nothing was committed. */
  readonly offset: number;
  /** What was committed with it; empty where nothing was. */
  readonly metadata: string;
}

export interface OffsetFetchResponse {
  readonly errorCode: number;
  readonly partitions: CommittedPartition[];
}

/** Version 7, for `requireStable`: refuses while a transaction with offsets of the partition is open. */
export function offsetFetchRequest(
  groupId: string,
  partitions: readonly TopicPartition[],
  requireStable: boolean,
): ApiRequest<OffsetFetchResponse> {
  return {
    name: 'OffsetFetch',
    apiKey: 9,
    apiVersion: 7,
    flexible: true,
    encode: (writer) => {
      writer.compactString(groupId);
      writer.compactArray(groupByTopic(partitions), ([topic, group]) => {
        writer.compactString(topic).compactArray(group, ({ partition }) => writer.int32(partition));
        writer.noTags();
      });
      writer.boolean(requireStable).noTags();
    },
    decode: (reader) => {
      reader.throttle();
      const committed: CommittedPartition[] = [];
      reader.compactArray(() => {
        const topic = reader.compactString();
        reader.compactArray(() => {
          const partition = reader.int32();
          const offset = reader.int64();
          reader.int32();
          const metadata = reader.compactString();
          committed.push({ topic, partition, offset, metadata, errorCode: reader.int16() });
          reader.skipTags();
        });
        reader.skipTags();
      });
      return { errorCode: reader.int16(), partitions: committed };
    },
  };
}

/** Commits offsets without a transaction, for at-least-once. */
export function offsetCommitRequest(
  group: GroupGeneration,
  offsets: readonly OffsetAndMetadata[],
): ApiRequest<PartitionResult[]> {
  return {
    name: 'OffsetCommit',
    apiKey: 8,
    apiVersion: 7,
    encode: (writer) => {
      writer.string(group.groupId).int32(group.generationId).string(group.memberId);
      writer.nullableString(group.groupInstanceId);
      writer.array(groupByTopic(offsets), ([topic, partitions]) => {
        writer.string(topic).array(partitions, ({ partition, offset, metadata }) => {
          writer
            .int32(partition)
            .int64(offset)
            .int32(-1)
            .nullableString(metadata ?? null);
        });
      });
    },
    decode: (reader) => {
      reader.throttle();
      return partitionResults(reader);
    },
  };
}

export interface OffsetDeleteResponse {
  /** Of the group as a whole. */
  readonly errorCode: number;
  readonly partitions: PartitionResult[];
}

/** Forgets what a group without members committed for these partitions. */
export function offsetDeleteRequest(
  groupId: string,
  partitions: readonly TopicPartition[],
): ApiRequest<OffsetDeleteResponse> {
  return {
    name: 'OffsetDelete',
    apiKey: 47,
    apiVersion: 0,
    encode: (writer) => {
      writer.string(groupId).array(groupByTopic(partitions), ([topic, group]) => {
        writer.string(topic).array(group, ({ partition }) => writer.int32(partition));
      });
    },
    decode: (reader) => {
      const errorCode = reader.int16();
      reader.throttle();
      return { errorCode, partitions: partitionResults(reader) };
    },
  };
}
