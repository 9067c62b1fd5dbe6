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
