import { partitionKey, type CommittedOffset, type TopicAdmin, type TopicPartition } from '../kafka';
import { describeLocation, MillraceError } from '../errors/millrace-error';
import type { Logger } from '../logging/logger';

/** Where to begin in a partition that has no committed offset, or whose committed offset is no longer in the log. */
export type OffsetResetPolicy = 'earliest' | 'latest' | 'none';

/** There is nowhere to begin, and `autoOffsetReset` is `none`. */
export class NoStartOffsetError extends MillraceError {
  readonly code = 'NO_START_OFFSET';

  constructor(topic: string, partition: number, why: string) {
    const location = { topic, partition };
    super(
      `No offset to begin at for ${describeLocation(location)}: ${why}. Set autoOffsetReset to 'earliest' or 'latest', or commit an offset for the group.`,
      {
        location,
      },
    );
  }
}

/** For each input partition the offset of the first record to process: the committed one where the log still has it. */
export async function resolveStartOffsets(
  admin: TopicAdmin,
  inputs: readonly TopicPartition[],
  committed: ReadonlyMap<string, CommittedOffset | undefined>,
  policy: OffsetResetPolicy,
  logger: Logger,
): Promise<Map<string, number>> {
  const [starts, ends] = await Promise.all([
    admin.listOffsets(inputs, 'earliest'),
    admin.listOffsets(inputs, 'latest'),
  ]);
  return new Map(
    inputs.map(({ topic, partition }) => {
      const key = partitionKey(topic, partition);
      const offset = committed.get(key)?.offset;
      const start = starts.get(key)!;
      const end = ends.get(key)!;
      if (offset !== undefined && offset >= start && offset <= end) return [key, offset];
      const why =
        offset === undefined
          ? 'the group has committed none'
          : `the committed offset ${offset} is outside of the log, which has ${start} to ${end}`;
      if (policy === 'none') throw new NoStartOffsetError(topic, partition, why);
      const chosen = policy === 'earliest' ? start : end;
      if (offset !== undefined)
        logger.warn(
          { event: 'offset_reset', topic, partition, committed: offset, start, end, chosen },
          `Offset reset to ${policy}: ${why}`,
        );
      return [key, chosen];
    }),
  );
}
