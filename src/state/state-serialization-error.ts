import { MillraceError } from '../errors/millrace-error';

/** A value that was put into a store cannot be serialized. It was accepted by the processor before, so the epoch is lost. */
export class StateSerializationError extends MillraceError {
  readonly code = 'STATE_SERIALIZATION_FAILED';

  constructor(store: string, serde: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `A value of store '${store}' cannot be serialized by '${serde}': ${reason}. Put only values that the serde of the store takes.`,
      {
        cause,
        location: { store },
      },
    );
  }
}
