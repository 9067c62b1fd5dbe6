import { MillraceError } from '../errors/millrace-error';

/** A processor forwarded a record with a timestamp that is no time. */
export class ForwardTimestampError extends MillraceError {
  readonly code = 'FORWARD_TIMESTAMP_INVALID';

  constructor(node: string, timestamp: number) {
    super(
      `Processor '${node}' forwarded a record with the timestamp ${timestamp}. Give whole milliseconds from 0 up, or none to keep that of the record that is being processed.`,
      { location: { node } },
    );
  }
}

/**
 * A processor forwarded a record while it was processing none: from `init`, from `close`, or from asynchronous work that its
 * `process` did not wait for. Such a record would belong to no epoch.
 */
export class ForwardOutsideRecordError extends MillraceError {
  readonly code = 'FORWARD_OUTSIDE_RECORD';

  constructor(node: string) {
    super(
      `Processor '${node}' called forward() while it was processing no record. Call it within process(), and return or await there whatever it has to wait for.`,
      { location: { node } },
    );
  }
}
