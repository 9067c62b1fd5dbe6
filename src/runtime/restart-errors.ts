import { MillraceError } from '../errors/millrace-error';

/** Stream threads died, were restarted as the restart strategy says, and died again until it gave up. `cause` is the last failure. */
export class RestartsExhaustedError extends MillraceError {
  readonly code = 'RESTARTS_EXHAUSTED';

  constructor(
    /** As it is configured, with its numbers. */
    readonly strategy: string,
    readonly restarts: number,
    reason: string,
    cause: unknown,
  ) {
    const last = cause instanceof Error ? cause.message : String(cause);
    const times = restarts === 1 ? '1 restart' : `${restarts} restarts`;
    super(
      `Not restarted again after ${times}, as the restart strategy ${strategy} says: ${reason}. The last failure: ${last}`,
      { cause },
    );
  }
}
