import type { ApiRequest } from './api-request';
import type { IsolationLevel } from './fetch';
import { groupByTopic, type TopicPartition } from './topic-partition';

export interface ListedOffset extends TopicPartition {
  readonly errorCode: number;
  readonly offset: number;
}

const TIMESTAMP = { earliest: -2, latest: -1 } as const;

/** @param at - an end of the log, or a time in milliseconds since 1970: the first record of that time or later, -1 without one */
export function listOffsetsRequest(
  isolation: IsolationLevel,
  at: keyof typeof TIMESTAMP | number,
  partitions: readonly TopicPartition[],
): ApiRequest<ListedOffset[]> {
  return {
    name: 'ListOffsets',
    apiKey: 2,
    apiVersion: 5,
    encode: (writer) => {
      const timestamp = typeof at === 'number' ? at : TIMESTAMP[at];
      writer.int32(-1).int8(isolation === 'read_committed' ? 1 : 0);
      writer.array(groupByTopic(partitions), ([topic, group]) => {
        writer.string(topic).array(group, ({ partition }) => writer.int32(partition).int32(-1).int64(timestamp));
      });
    },
    decode: (reader) => {
      reader.throttle();
      const offsets: ListedOffset[] = [];
      reader.array(() => {
        const topic = reader.string();
        reader.array(() => {
          const partition = reader.int32();
          const errorCode = reader.int16();
          reader.int64();
          const offset = reader.int64();
          reader.int32();
          offsets.push({ topic, partition, errorCode, offset });
        });
      });
      return offsets;
    },
  };
}
