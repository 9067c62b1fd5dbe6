import { MillraceError } from '../errors/millrace-error';

/** A snapshot store cannot be read or written now. */
export class SnapshotStoreError extends MillraceError {
  readonly code = 'SNAPSHOT_STORE';

  constructor(
    /** Which store, as it describes itself. */
    readonly store: string,
    readonly object: string,
    what: string,
    cause?: unknown,
  ) {
    super(`${what} '${object}' in ${store} failed${messageOf(cause)}`, { cause });
  }
}

/** A snapshot store has no such object. */
export class SnapshotMissingError extends MillraceError {
  readonly code = 'SNAPSHOT_MISSING';

  constructor(
    readonly store: string,
    readonly object: string,
  ) {
    super(`There is no '${object}' in ${store}.`);
  }
}

/** An object of a snapshot store is not what was written to it: its bytes changed, or it was encrypted with another key. */
export class SnapshotDamagedError extends MillraceError {
  readonly code = 'SNAPSHOT_DAMAGED';

  constructor(
    readonly store: string,
    readonly object: string,
    readonly damage: string,
  ) {
    super(`'${object}' in ${store} cannot be used: ${damage}.`);
  }
}

/** Not by `instanceof`: what comes from Node itself is an error of another realm when code runs in a context, as under jest. */
function messageOf(cause: unknown): string {
  const message = (cause as { readonly message?: unknown } | undefined)?.message;
  return typeof message === 'string' && message !== '' ? `: ${message}` : '.';
}
