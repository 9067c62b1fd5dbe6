import { MillraceError } from '../errors/millrace-error';

/** The state directory cannot be created, read or written, for example because the disk is full. */
export class StateDirectoryError extends MillraceError {
  readonly code = 'STATE_DIRECTORY_UNUSABLE';

  /** @param reason - what the operating system said */
  constructor(
    readonly directory: string,
    readonly reason: string,
    options: { cause?: unknown } = {},
  ) {
    super(
      `The state directory ${directory} cannot be used: ${reason}. Check that it exists on a disk with free space and that this ` +
        'user may write to it, or set another stateDir.',
      options,
    );
  }
}

/** Another process, or another instance in this one, uses the same state directory. */
export class StateDirectoryLockedError extends MillraceError {
  readonly code = 'STATE_DIRECTORY_LOCKED';

  /** @param holder - who holds it, as far as is known */
  constructor(
    readonly directory: string,
    readonly holder: { readonly pid: number; readonly host: string } | undefined,
    options: { cause?: unknown } = {},
  ) {
    const who = holder === undefined ? 'another process' : `process ${holder.pid} on host ${holder.host}`;
    super(
      `The state directory ${directory} is in use by ${who}. Stop that process, or give each instance its own stateDir.`,
      options,
    );
  }
}

/** An application id or task id that cannot name a directory. */
export class StateDirectoryNameError extends MillraceError {
  readonly code = 'STATE_DIRECTORY_NAME_INVALID';

  constructor(
    readonly what: 'application id' | 'task id',
    readonly value: string,
    rule: string,
  ) {
    super(`The ${what} ${JSON.stringify(value)} cannot name a state directory: ${rule}.`);
  }
}
