import { describeLocation, MillraceError, type ErrorLocation } from '../errors/millrace-error';

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A record's bytes are not what its source's serdes expect, and the deserialization handler is `fail`. */
export class DeserializationFailedError extends MillraceError {
  readonly code = 'DESERIALIZATION_FAILED';

  constructor(cause: unknown, location: ErrorLocation) {
    super(
      `The record at ${describeLocation(location)} cannot be deserialized: ${reason(cause)}. Correct the serdes of its source, or set deserializationExceptionHandler to 'continue' or 'dead-letter'.`,
      { cause, location },
    );
  }
}

/** The user's code threw, and the processing handler is `fail`. */
export class ProcessingFailedError extends MillraceError {
  readonly code = 'PROCESSING_FAILED';

  constructor(cause: unknown, location: ErrorLocation) {
    super(
      `Processing failed at ${describeLocation(location)}: ${reason(cause)}. Correct the function of that node, or set processingExceptionHandler to 'continue' or 'dead-letter'.`,
      { cause, location },
    );
  }
}

/** A record could not be written, and the production handler is `fail`. */
export class ProductionFailedError extends MillraceError {
  readonly code = 'PRODUCTION_FAILED';

  constructor(cause: unknown, outputTopic: string | undefined, location: ErrorLocation) {
    super(
      `A record for topic '${outputTopic ?? '?'}' cannot be produced, made from ${describeLocation(location)}: ${reason(cause)}. Correct it, or set productionExceptionHandler to 'continue' or 'dead-letter'.`,
      { cause, location },
    );
  }
}
