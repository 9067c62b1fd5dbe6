import { MillraceError } from '../errors/millrace-error';

/** A call of an asynchronous operator took longer than its `timeoutMs`. */
export class AsyncTimeoutError extends MillraceError {
  readonly code = 'ASYNC_TIMEOUT';

  constructor(
    node: string,
    readonly timeoutMs: number,
    readonly attempt: number,
  ) {
    super(
      `Attempt ${attempt} of node '${node}' was not answered within ${timeoutMs} ms. Raise its timeoutMs, or give it retries.`,
      { location: { node } },
    );
  }
}

/** A record took longer than its operator's `totalTimeoutMs`, with all attempts that were made. */
export class AsyncTotalTimeoutError extends MillraceError {
  readonly code = 'ASYNC_TOTAL_TIMEOUT';

  constructor(
    node: string,
    readonly totalTimeoutMs: number,
    readonly attempts: number,
    lastError: unknown,
  ) {
    const last = lastError === undefined ? '' : ` The last error: ${describe(lastError)}`;
    super(
      `Node '${node}' got no answer within ${totalTimeoutMs} ms and ${attempts} attempt${attempts === 1 ? '' : 's'}. Raise its totalTimeoutMs, or lower its timeoutMs.${last}`,
      { cause: lastError, location: { node } },
    );
  }
}

/** Why the signal of a call is aborted when its task is closed or moves away. */
export class AsyncCancelledError extends MillraceError {
  readonly code = 'ASYNC_CANCELLED';

  constructor(node: string) {
    super(
      `A call of node '${node}' was cancelled, because its task is closed here. Its record will be processed again where the task runs next.`,
      { location: { node } },
    );
  }
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
