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
