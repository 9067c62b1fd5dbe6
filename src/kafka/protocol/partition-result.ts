import type { WireReader } from './wire-reader';
import type { TopicPartition } from './topic-partition';

/** What a broker says of one partition of a request. */
export interface PartitionResult extends TopicPartition {
  readonly errorCode: number;
}

/** Topics with their partitions, each with an error code. */
export function partitionResults(reader: WireReader): PartitionResult[] {
  const results: PartitionResult[] = [];
  reader.array(() => {
    const topic = reader.string();
    reader.array(() => results.push({ topic, partition: reader.int32(), errorCode: reader.int16() }));
  });
  return results;
}
