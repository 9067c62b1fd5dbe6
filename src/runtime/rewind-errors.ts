import type { FileProblem } from '../checkpoint/verify-checkpoint';
import type { RestoreMark } from '../checkpoint/restore-mark';
import { MillraceError } from '../errors/millrace-error';
import { describeChanges, type ShapeChange } from '../topology/topology-shape';

/** The topology, or its topics, do not fit a checkpoint. Nothing was touched. */
export class RestoreMismatchError extends MillraceError {
  readonly code = 'RESTORE_MISMATCH';

  constructor(
    readonly id: string,
    readonly differences: readonly ShapeChange[],
  ) {
    super(
      `'${id}' cannot be restored into this topology:${describeChanges(differences)}\n` +
        'Restore it with the version of the topology that it was taken of, or give what changed a new name, under which it begins anew.',
    );
  }
}

/** Something of a checkpoint that a restore cannot bring back. */
export interface LostState {
  readonly what: string;
  /** A sentence without its full stop. */
  readonly why: string;
}

/** A restore would lose state. Nothing was touched. */
export class NonRestoredStateError extends MillraceError {
  readonly code = 'NON_RESTORED_STATE';

  constructor(
    readonly id: string,
    readonly lost: readonly LostState[],
  ) {
    super(
      `Not all state of '${id}' can be restored:${lost.map(({ what, why }) => `\n  - ${what}: ${why}`).join('')}\n` +
        'To restore the rest without it, allow non-restored state (--allow-non-restored-state).',
    );
  }
}

/** A place in a topic whose record is gone. */
export interface LostRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Where the log begins now, and ends. */
  readonly start: number;
  readonly end: number;
}

/** Kafka no longer has the records that come after a checkpoint. Nothing was touched. */
export class RecordsLostError extends MillraceError {
  readonly code = 'RECORDS_LOST';

  constructor(
    readonly id: string,
    readonly lost: readonly LostRecord[],
  ) {
    const lines = lost.map(
      ({ topic, partition, offset, start, end }) =>
        `\n  - topic '${topic}', partition ${partition}: offset ${offset} is needed, and the log has ${start} to ${end}`,
    );
    super(
      `'${id}' cannot be restored, because records after it are gone from Kafka:${lines.join('')}\n` +
        'They were deleted by retention, or the topic was made anew. Restore a newer checkpoint, or reset the application.',
      { location: lost[0] ?? {} },
    );
  }
}

/** Files of a checkpoint are missing or damaged. Nothing was touched. */
export class CheckpointUnusableError extends MillraceError {
  readonly code = 'CHECKPOINT_UNUSABLE';

  constructor(
    readonly id: string,
    readonly store: string,
    readonly problems: readonly FileProblem[],
  ) {
    super(
      `'${id}' in ${store} cannot be restored:${problems.map(({ object, problem }) => `\n  - ${object} ${problem}`).join('')}\n` +
        'Restore another checkpoint or savepoint.',
    );
  }
}

/** The metadata of a checkpoint does not say all that a restore must know. Nothing was touched. */
export class CheckpointIncompleteError extends MillraceError {
  readonly code = 'CHECKPOINT_INCOMPLETE';

  constructor(
    readonly id: string,
    what: string,
  ) {
    super(`'${id}' cannot be restored: its metadata has no ${what}. Restore another checkpoint or savepoint.`);
  }
}

function describeMark({ id, sourceApplicationId, beganAt }: RestoreMark): string {
  return `'${id}' of application '${sourceApplicationId}', begun ${new Date(beganAt).toISOString()}`;
}

/** Another restore of the application is under way, or did not come to its end. Nothing was touched. */
export class OtherRestoreError extends MillraceError {
  readonly code = 'OTHER_RESTORE';

  constructor(
    readonly applicationId: string,
    readonly mark: RestoreMark,
  ) {
    super(
      `Application '${applicationId}' is being restored to ${describeMark(mark)}. If that restore died, run it again; to restore something ` +
        'else in its place, say so (--replace-unfinished). Never run two restores at a time.',
    );
  }
}

/** A restore of the application is under way, or did not come to its end: what is in Kafka is half of one state and half of another. */
export class RestoreUnfinishedError extends MillraceError {
  readonly code = 'RESTORE_UNFINISHED';

  constructor(
    readonly applicationId: string,
    readonly mark: RestoreMark,
  ) {
    super(
      `Application '${applicationId}' cannot start before its restore to ${describeMark(mark)} is done. If that restore died, run it again, ` +
        `or reset the application.`,
    );
  }
}

/** A fork would overwrite an application that exists. Nothing was touched. */
export class ApplicationExistsError extends MillraceError {
  readonly code = 'APPLICATION_EXISTS';

  constructor(readonly applicationId: string) {
    super(
      `There is an application '${applicationId}' already: its group has committed offsets. Choose another id for the fork, or delete ` +
        `the group '${applicationId}' first.`,
    );
  }
}
