import type { ApiRequest } from './api-request';
import { groupByTopic, type TopicPartition } from './topic-partition';

export interface PartitionBatch extends TopicPartition {
  /** One encoded record batch: the broker takes no more than one for each partition and request. */
  readonly batch: Buffer;
}

export interface ProducedPartition extends TopicPartition {
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly errorMessage: string | null;
}

export function produceRequest(
  transactionalId: string | null,
  timeoutMs: number,
  batches: readonly PartitionBatch[],
): ApiRequest<ProducedPartition[]> {
  return {
    name: 'Produce',
    apiKey: 0,
    apiVersion: 8,
    encode: (writer) => {
      writer.nullableString(transactionalId).int16(-1).int32(timeoutMs);
      writer.array(groupByTopic(batches), ([topic, partitions]) => {
        writer.string(topic).array(partitions, ({ partition, batch }) => writer.int32(partition).bytes(batch));
      });
    },
    decode: (reader) => {
      const produced: ProducedPartition[] = [];
      reader.array(() => {
        const topic = reader.string();
        reader.array(() => {
          const partition = reader.int32();
          const errorCode = reader.int16();
          const baseOffset = reader.int64();
          reader.int64();
          reader.int64();
          reader.array(() => {
            reader.int32();
            reader.nullableString();
          });
          produced.push({ topic, partition, errorCode, baseOffset, errorMessage: reader.nullableString() });
        });
      });
      reader.throttle();
      return produced;
    },
  };
}
