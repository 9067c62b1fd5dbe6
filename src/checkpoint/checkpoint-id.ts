import { MillraceError } from '../errors/millrace-error';
import type { CheckpointMetadata } from './checkpoint-metadata';

export type CheckpointKind = CheckpointMetadata['kind'];

/** The name of a savepoint cannot be used. */
export class SavepointIdError extends MillraceError {
  readonly code = 'SAVEPOINT_ID_INVALID';

  constructor(
    readonly id: string,
    reason: string,
  ) {
    super(`'${id}' cannot name a savepoint: ${reason}`);
  }
}

/** Names become names of objects, and of files with a few characters more. */
const MAX_LENGTH = 200;

export function checkpointId(number: number): string {
  return `checkpoint-${number}`;
}

/** The number in the id of a checkpoint; undefined when it is not one, and so names a savepoint. */
export function numberOfCheckpointId(id: string): number | undefined {
  const found = /^checkpoint-(0|[1-9]\d*)$/.exec(id);
  const number = Number(found?.[1]);
  return found !== null && Number.isSafeInteger(number) ? number : undefined;
}

/** Ids are told apart by how they look, so that an id alone says where its metadata is. */
export function kindOfId(id: string): CheckpointKind {
  return numberOfCheckpointId(id) === undefined ? 'savepoint' : 'checkpoint';
}

/**
 * Whether a person may name a savepoint so.
 *
 * @throws {SavepointIdError}
 */
export function checkSavepointId(id: string): void {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(id))
    throw new SavepointIdError(id, "use letters, digits, '.', '_' and '-', with a letter or a digit first.");
  if (id.length > MAX_LENGTH) throw new SavepointIdError(id, `it is longer than ${MAX_LENGTH} characters.`);
  if (/^checkpoint-\d+$/.test(id)) throw new SavepointIdError(id, 'checkpoints have such names.');
}
