import { MillraceError } from '../errors/millrace-error';

/** A topology module cannot be found, or throws while it is loaded. */
export class TopologyModuleLoadError extends MillraceError {
  readonly code = 'TOPOLOGY_MODULE_LOAD_FAILED';

  constructor(
    readonly file: string,
    reason: string,
    cause?: unknown,
  ) {
    super(`Cannot load the topology module ${file}: ${reason}`, { cause });
  }
}

/** A topology module was loaded, and does not export a topology. */
export class TopologyModuleInvalidError extends MillraceError {
  readonly code = 'TOPOLOGY_MODULE_INVALID';

  constructor(
    readonly file: string,
    reason: string,
  ) {
    super(`${file} is not a topology module that can be used here: ${reason}`);
  }
}

/** The function that a topology module exports threw, or what it described is not a valid topology. */
export class TopologyBuildError extends MillraceError {
  readonly code = 'TOPOLOGY_BUILD_FAILED';

  constructor(
    readonly files: readonly string[],
    cause: unknown,
  ) {
    super(`Cannot build the topology of ${files.join(', ')}: ${describeCause(cause)}`, { cause });
  }
}

/** Millrace's own errors say what to do; any other needs its stack to be found. */
export function describeCause(cause: unknown): string {
  if (cause instanceof MillraceError) return cause.message;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
