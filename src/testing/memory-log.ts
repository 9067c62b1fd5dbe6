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
/** Records are copied into blocks of this size, since a cursor's record lies in one buffer. */
const BLOCK_BYTES = 64 * 1024;

class LogCursor implements RecordCursor {
  readonly sizeInBytes: number;
  bytes: Buffer = NO_BYTES;
  timestamp = -1;
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
  offset: number;
  private used = 0;

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
    const size = (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
    if (this.used + size > this.bytes.length) {
      // Who keeps a range of the block before keeps that block: it is never written to again.
      this.bytes = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, size));
      this.used = 0;
    }
    this.keyStart = key === null ? -1 : this.used;
    this.keyEnd = this.copy(key);
    this.valueStart = value === null ? -1 : this.used;
    this.valueEnd = this.copy(value);
    return true;
  }

  /** @returns where the part ends */
  private copy(part: Buffer | null): number {
    if (part === null) return -1;
    this.bytes.set(part, this.used);
    this.used += part.length;
    return this.used;
  }

  headers(): Headers {
    const { headers } = this.records[this.offset]!;
    return headers.length === 0 ? NO_HEADERS : headers;
  }
}
