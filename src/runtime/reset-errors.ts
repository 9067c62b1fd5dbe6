import { MillraceError } from '../errors/millrace-error';
import type { InternalTopic } from './topic-plan';

/** Internal topics are not those that the topology needs, and emptying them does not change that. Nothing was touched. */
export class ResetMismatchError extends MillraceError {
  readonly code = 'RESET_MISMATCH';

  constructor(readonly topics: readonly { readonly wanted: InternalTopic; readonly partitions: number }[]) {
    const list = topics.map(
      ({ wanted, partitions }) => `'${wanted.name}' has ${partitions} partitions, expected ${wanted.partitions}`,
    );
    super(
      `Internal topics do not fit the topology: ${list.join('; ')}. Have them deleted instead of emptied (--delete-internal-topics).`,
      { location: { topic: topics[0]?.wanted.name } },
    );
  }
}

/** With topics made anew, offsets count from 0 again, and checkpoints of before would be taken for ones of now. Nothing was touched. */
export class CheckpointsLeftError extends MillraceError {
  readonly code = 'CHECKPOINTS_LEFT';

  constructor(
    readonly applicationId: string,
    readonly store: string,
    readonly ids: readonly string[],
  ) {
    super(
      `Internal topics of application '${applicationId}' cannot be deleted while it has checkpoints or savepoints in ${store}: ` +
        `${ids.join(', ')}. Positions in topics that are made anew would be mistaken for theirs. Delete them first, or have the topics emptied ` +
        'instead of deleted, which keeps them usable.',
    );
  }
}
