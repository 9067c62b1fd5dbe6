import type { ApiRequest } from './api-request';
import type { GroupGeneration } from './group-generation';
import { partitionResults, type PartitionResult } from './partition-result';
import { groupByTopic, type OffsetAndMetadata, type TopicPartition } from './topic-partition';

export interface InitProducerIdResponse {
  readonly errorCode: number;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Who produces: brokers refuse an older epoch of the same producer id. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export const NO_PRODUCER: ProducerIdentity = { producerId: -1, producerEpoch: -1 };

/**
 * With an identity it asks for the next epoch of just that producer, and is refused when a newer one exists; without it fences
 * whoever has the transactional id.
 */
export function initProducerIdRequest(
  transactionalId: string | null,
  transactionTimeoutMs: number,
  current: ProducerIdentity = NO_PRODUCER,
): ApiRequest<InitProducerIdResponse> {
  return {
    name: 'InitProducerId',
    apiKey: 22,
    apiVersion: 3,
    flexible: true,
    encode: (writer) => {
      writer.compactNullableString(transactionalId).int32(transactionTimeoutMs);
      writer.int64(current.producerId).int16(current.producerEpoch).noTags();
    },
    decode: (reader) => {
      reader.throttle();
      return { errorCode: reader.int16(), producerId: reader.int64(), producerEpoch: reader.int16() };
    },
  };
}

export function addPartitionsToTxnRequest(
  transactionalId: string,
  producer: ProducerIdentity,
  partitions: readonly TopicPartition[],
): ApiRequest<PartitionResult[]> {
  return {
    name: 'AddPartitionsToTxn',
    apiKey: 24,
    apiVersion: 1,
    encode: (writer) => {
      writer.string(transactionalId).int64(producer.producerId).int16(producer.producerEpoch);
      writer.array(groupByTopic(partitions), ([topic, group]) => {
        writer.string(topic).array(group, ({ partition }) => writer.int32(partition));
      });
    },
    decode: (reader) => {
      reader.throttle();
      return partitionResults(reader);
    },
  };
}

/** Resolves to the error code. */
export function addOffsetsToTxnRequest(
  transactionalId: string,
  producer: ProducerIdentity,
  groupId: string,
): ApiRequest<number> {
  return {
    name: 'AddOffsetsToTxn',
    apiKey: 25,
    apiVersion: 1,
    encode: (writer) =>
      writer.string(transactionalId).int64(producer.producerId).int16(producer.producerEpoch).string(groupId),
    decode: (reader) => {
      reader.throttle();
      return reader.int16();
    },
  };
}

/** Version 3, which names the member: a broker refuses the offsets of one that lost its partitions. */
export function txnOffsetCommitRequest(
  transactionalId: string,
  producer: ProducerIdentity,
  group: GroupGeneration,
  offsets: readonly OffsetAndMetadata[],
): ApiRequest<PartitionResult[]> {
  return {
    name: 'TxnOffsetCommit',
    apiKey: 28,
    apiVersion: 3,
    flexible: true,
    encode: (writer) => {
      writer.compactString(transactionalId).compactString(group.groupId);
      writer.int64(producer.producerId).int16(producer.producerEpoch);
      writer.int32(group.generationId).compactString(group.memberId).compactNullableString(group.groupInstanceId);
      writer.compactArray(groupByTopic(offsets), ([topic, partitions]) => {
        writer.compactString(topic).compactArray(partitions, ({ partition, offset, metadata }) => {
          writer
            .int32(partition)
            .int64(offset)
            .int32(-1)
            .compactNullableString(metadata ?? null)
            .noTags();
        });
        writer.noTags();
      });
      writer.noTags();
    },
    decode: (reader) => {
      reader.throttle();
      const results: PartitionResult[] = [];
      reader.compactArray(() => {
        const topic = reader.compactString();
        reader.compactArray(() => {
          results.push({ topic, partition: reader.int32(), errorCode: reader.int16() });
          reader.skipTags();
        });
        reader.skipTags();
      });
      return results;
    },
  };
}

/** Resolves to the error code. */
export function endTxnRequest(
  transactionalId: string,
  producer: ProducerIdentity,
  outcome: 'commit' | 'abort',
): ApiRequest<number> {
  return {
    name: 'EndTxn',
    apiKey: 26,
    apiVersion: 1,
    encode: (writer) => {
      writer.string(transactionalId).int64(producer.producerId).int16(producer.producerEpoch);
      writer.boolean(outcome === 'commit');
    },
    decode: (reader) => {
      reader.throttle();
      return reader.int16();
    },
  };
}
