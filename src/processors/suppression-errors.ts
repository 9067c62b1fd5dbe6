import { MillraceError } from '../errors/millrace-error';

/** The buffer of a `suppress` is full, and its topology says that nothing may leave it early. The task stops. */
export class SuppressionBufferFullError extends MillraceError {
  readonly code = 'SUPPRESSION_BUFFER_FULL';

  constructor(node: string, records: number, bytes: number, limits: { maxRecords?: number; maxBytes?: number }) {
    const limit = [
      limits.maxRecords === undefined ? undefined : `${limits.maxRecords} records`,
      limits.maxBytes === undefined ? undefined : `${limits.maxBytes} bytes`,
    ];
    super(
      `The buffer of '${node}' is full: it has ${records} records and ${bytes} bytes, and may have ${limit.filter(Boolean).join(' and ')}. Raise its limits, close windows earlier, or let changes leave it early with whenFull: 'emit-early'.`,
      { location: { node } },
    );
  }
}
