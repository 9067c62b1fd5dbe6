import { describeLocation, MillraceError, type ErrorLocation } from '../errors/millrace-error';

/** A record has no event time: its timestamp, or what the timestamp extractor made of it, is negative or not a number. */
export class InvalidTimestampError extends MillraceError {
  readonly code = 'INVALID_TIMESTAMP';

  constructor(timestamp: number, location: ErrorLocation) {
    super(
      `The record at ${describeLocation(location)} has the timestamp ${timestamp}. Give its source a timestampExtractor that finds a time of 0 or later, or say in onInvalidTimestamp what to do with such records.`,
      {
        location,
      },
    );
  }
}
