import { NO_HEADERS, type Headers } from '../../../src/serde/record';
import type { RecordCursor } from '../../../src/task/task-io';

/** A record of an input topic, as text. */
export interface InputRecord {
  readonly key?: string | null;
  readonly value?: string | null;
  readonly timestamp?: number;
  readonly headers?: Headers;
}

/** A fetched record batch, over records that are in memory already. */
export class ArrayCursor implements RecordCursor {
  readonly bytes: Buffer;
  private readonly ranges: readonly (readonly [number, number, number, number])[];
  private index = -1;

  constructor(
    private readonly records: readonly InputRecord[],
    private readonly baseOffset: number,
  ) {
    const parts: Buffer[] = [];
    let length = 0;
    const append = (text: string | null | undefined): [number, number] => {
      if (text === null || text === undefined) return [-1, -1];
      const part = Buffer.from(text);
      parts.push(part);
      length += part.length;
      return [length - part.length, length];
    };
    this.ranges = records.map(({ key, value }) => [...append(key), ...append(value)] as const);
    this.bytes = Buffer.concat(parts);
  }

  next(): boolean {
    this.index++;
    return this.index < this.records.length;
  }

  get sizeInBytes(): number {
    return 60 + this.bytes.length;
  }
  get nextOffset(): number {
    return this.baseOffset + this.records.length;
  }
  get offset(): number {
    return this.baseOffset + this.index;
  }
  get timestamp(): number {
    return this.records[this.index]!.timestamp ?? 0;
  }
  get keyStart(): number {
    return this.ranges[this.index]![0];
  }
  get keyEnd(): number {
    return this.ranges[this.index]![1];
  }
  get valueStart(): number {
    return this.ranges[this.index]![2];
  }
  get valueEnd(): number {
    return this.ranges[this.index]![3];
  }
  headers(): Headers {
    return this.records[this.index]!.headers ?? NO_HEADERS;
  }
}
