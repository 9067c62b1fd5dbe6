import { NO_HEADERS, type Headers } from '../serde/record';
import type { RecordCursor } from '../task/task-io';

/** A record in a log in memory. */
export interface LoggedRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly headers: Headers;
}

/** One partition of a topic, in memory. Only what is committed is in it. */
export class MemoryLog {
  readonly records: LoggedRecord[] = [];

  get end(): number {
    return this.records.length;
  }

  /** The records from an offset to the end, as one fetched batch. */
  read(from: number): RecordCursor {
    return new LogCursor(this.records, from, this.end);
  }
}

const NO_BYTES = Buffer.alloc(0);

class LogCursor implements RecordCursor {
  readonly sizeInBytes: number;
  bytes: Buffer = NO_BYTES;
  timestamp = -1;
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
  offset: number;

  constructor(
    private readonly records: readonly LoggedRecord[],
    from: number,
    readonly nextOffset: number,
  ) {
    this.offset = from - 1;
    let bytes = 0;
    for (let offset = from; offset < nextOffset; offset++) {
      const { key, value } = records[offset]!;
      bytes += (key?.length ?? 0) + (value?.length ?? 0);
    }
    this.sizeInBytes = bytes;
  }

  next(): boolean {
    if (this.offset + 1 >= this.nextOffset) return false;
    const { key, value, timestamp } = this.records[++this.offset]!;
    this.timestamp = timestamp;
    this.keyStart = key === null ? -1 : 0;
    this.keyEnd = key?.length ?? -1;
    this.valueStart = value === null ? -1 : (key?.length ?? 0);
    this.valueEnd = value === null ? -1 : this.valueStart + value.length;
    this.bytes = key === null || value === null ? (key ?? value ?? NO_BYTES) : Buffer.concat([key, value]);
    return true;
  }

  headers(): Headers {
    const { headers } = this.records[this.offset]!;
    return headers.length === 0 ? NO_HEADERS : headers;
  }
}
