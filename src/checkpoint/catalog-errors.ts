import { MillraceError } from '../errors/millrace-error';

/** There is no checkpoint or savepoint of that id. */
export class CheckpointNotFoundError extends MillraceError {
  readonly code = 'CHECKPOINT_NOT_FOUND';

  constructor(
    readonly id: string,
    readonly applicationId: string,
    readonly store: string,
  ) {
    super(`There is no checkpoint or savepoint '${id}' of application '${applicationId}' in ${store}.`);
  }
}

/** A later checkpoint is complete: whoever coordinated this one slept meanwhile, and its files may be gone. Nothing was written. */
export class CheckpointSupersededError extends MillraceError {
  readonly code = 'CHECKPOINT_SUPERSEDED';

  constructor(
    readonly id: string,
    readonly later: string,
    readonly applicationId: string,
    readonly store: string,
  ) {
    super(
      `'${id}' of application '${applicationId}' was not written to ${store}: ${later}, a later one, is complete already. Another instance coordinates by now.`,
    );
  }
}

/** There is another checkpoint or savepoint of that id. It was not touched. */
export class CheckpointExistsError extends MillraceError {
  readonly code = 'CHECKPOINT_EXISTS';

  constructor(
    readonly id: string,
    readonly applicationId: string,
    readonly store: string,
  ) {
    super(
      `There is already a checkpoint or savepoint '${id}' of application '${applicationId}' in ${store}. Choose another name, or delete it first.`,
    );
  }
}
