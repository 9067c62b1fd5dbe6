import type { ApiRequest } from './api-request';
import { groupByTopic, type TopicPartition, type TopicPartitionOffset } from './topic-partition';

export type IsolationLevel = 'read_committed' | 'read_uncommitted';

export interface FetchArguments {
  readonly isolation: IsolationLevel;
  /** How long the broker may wait for data, in milliseconds. */
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  readonly partitions: readonly TopicPartitionOffset[];
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface FetchedPartition extends TopicPartition {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Record batches as they are in the log; the last one may be cut. A view of the response. */
  readonly records: Buffer;
}

export interface FetchResponse {
  readonly errorCode: number;
  readonly partitions: FetchedPartition[];
}

const WITHOUT_SESSION = { id: 0, epoch: -1 };
const CONSUMER = -1;
const UNKNOWN = -1;

export function fetchRequest(fetch: FetchArguments): ApiRequest<FetchResponse> {
  return {
    name: 'Fetch',
    apiKey: 1,
    apiVersion: 11,
    encode: (writer) => {
      writer.int32(CONSUMER).int32(fetch.maxWaitMs).int32(1).int32(fetch.maxBytes);
      writer.int8(fetch.isolation === 'read_committed' ? 1 : 0);
      writer.int32(WITHOUT_SESSION.id).int32(WITHOUT_SESSION.epoch);
      writer.array(groupByTopic(fetch.partitions), ([topic, partitions]) => {
        writer.string(topic).array(partitions, ({ partition, offset }) => {
          writer.int32(partition).int32(UNKNOWN).int64(offset).int64(UNKNOWN).int32(fetch.maxBytesPerPartition);
        });
      });
      writer.int32(0).string('');
    },
    decode: (reader) => {
      reader.throttle();
      const errorCode = reader.int16();
      reader.int32();
      const partitions: FetchedPartition[] = [];
      reader.array(() => {
        const topic = reader.string();
        reader.array(() => {
          const partition = reader.int32();
          const partitionError = reader.int16();
          const highWatermark = reader.int64();
          const lastStableOffset = reader.int64();
          const logStartOffset = reader.int64();
          const abortedTransactions = reader.array(() => ({ producerId: reader.int64(), firstOffset: reader.int64() }));
          reader.int32();
          const records = reader.bytes();
          partitions.push({
            topic,
            partition,
            errorCode: partitionError,
            highWatermark,
            lastStableOffset,
            logStartOffset,
            abortedTransactions,
            records,
          });
        });
      });
      return { errorCode, partitions };
    },
  };
}
