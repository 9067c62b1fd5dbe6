import { MillraceError } from '../errors/millrace-error';
import type { OutputTopic } from './record-collector';

/** A sink's partitioner returned a number that is no partition of the topic. */
export class InvalidPartitionError extends MillraceError {
  readonly code = 'INVALID_PARTITION';

  constructor(node: string, topic: OutputTopic, partition: number) {
    super(
      `The partitioner of sink '${node}' returned ${partition} for topic '${topic.name}', which has partitions 0 to ${topic.partitionCount - 1}. Return a whole number in that range.`,
      { location: { node, topic: topic.name } },
    );
  }
}
