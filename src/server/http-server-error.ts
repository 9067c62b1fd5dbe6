import { MillraceError } from '../errors/millrace-error';

/** The address of `/health` and `/metrics` cannot be listened on: most often, another process has the port. */
export class HttpServerError extends MillraceError {
  readonly code = 'HTTP_SERVER_FAILED';

  constructor(
    readonly host: string,
    readonly port: number,
    cause: NodeJS.ErrnoException,
  ) {
    super(
      `Cannot serve /health and /metrics on ${host}:${port}: ${cause.code ?? cause.message}. Choose another httpHost or httpPort, or stop what uses it.`,
      { cause },
    );
  }
}
