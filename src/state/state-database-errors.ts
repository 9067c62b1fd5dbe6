import { MillraceError } from '../errors/millrace-error';

/** A newer version of Millrace wrote this state. */
export class StateFormatError extends MillraceError {
  readonly code = 'STATE_FORMAT_UNSUPPORTED';

  constructor(
    readonly directory: string,
    readonly found: number,
    readonly supported: number,
  ) {
    super(
      `The state in ${directory} has format version ${found}, and this version of Millrace reads versions up to ${supported}. ` +
        'Run the version of Millrace that wrote it, or delete the directory to have the state rebuilt from its changelogs.',
    );
  }
}

/** A store's kind or serde is not what the state on disk was written with. */
export class StateIncompatibleError extends MillraceError {
  readonly code = 'STATE_INCOMPATIBLE';

  constructor(
    readonly directory: string,
    readonly store: string,
    readonly property: 'kind' | 'key serde' | 'value serde',
    readonly expected: string,
    readonly found: string,
  ) {
    super(
      `Store '${store}' is declared with ${property} '${expected}', but its state in ${directory} was written with ${property} ` +
        `'${found}'. Declare the store as it was, or give the changed store a new name; if the old state is not needed, reset the application.`,
      { location: { store } },
    );
  }
}

/** The files of a task's database are damaged or incomplete. The state must be rebuilt from its changelogs. */
export class StateCorruptedError extends MillraceError {
  readonly code = 'STATE_CORRUPTED';

  constructor(
    readonly directory: string,
    readonly reason: string,
    options: { cause?: unknown; store?: string | undefined } = {},
  ) {
    super(
      `The state in ${directory} is damaged: ${reason}. Delete the directory to have the state rebuilt from its changelogs.`,
      { cause: options.cause, location: { store: options.store } },
    );
  }
}

/** A database was used after it was closed. */
export class StateDatabaseClosedError extends MillraceError {
  readonly code = 'STATE_DATABASE_CLOSED';

  constructor(readonly directory: string) {
    super(
      `The state in ${directory} was used after it was closed. Its task does not run any more: drop what still refers to it.`,
    );
  }
}

/** A database changed its files faster than a snapshot of them could be made. The state is sound; the next attempt may succeed. */
export class StateSnapshotError extends MillraceError {
  readonly code = 'STATE_SNAPSHOT_TORN';

  constructor(
    readonly directory: string,
    readonly attempts: number,
  ) {
    super(
      `No snapshot of the state in ${directory} could be made: RocksDB changed its files during each of ${attempts} attempts. Try ` +
        'again; if it happens often, the disk is too slow for the rate of writes, or write buffers are too small.',
    );
  }
}
