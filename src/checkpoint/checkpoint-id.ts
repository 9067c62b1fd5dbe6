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

/** Why a person may not name a savepoint so; undefined when it may be done. */
function savepointIdProblem(id: string): string | undefined {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(id))
    return "use letters, digits, '.', '_' and '-', with a letter or a digit first.";
  if (id.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters.`;
  return /^checkpoint-\d+$/.test(id) ? 'checkpoints have such names.' : undefined;
}

/** @throws {SavepointIdError} when a person may not name a savepoint so */
export function checkSavepointId(id: string): void {
  const problem = savepointIdProblem(id);
  if (problem !== undefined) throw new SavepointIdError(id, problem);
}

/** Whether there can be a checkpoint or savepoint of that id. What is no name of an object must not become one. */
export function isPossibleId(id: string): boolean {
  return numberOfCheckpointId(id) !== undefined || savepointIdProblem(id) === undefined;
}
