/** Below this size a buffer is copied into the frame; a larger one becomes a chunk of its own. */
const COPY_LIMIT = 4096;

/** Writes Kafka's primitive types. Grows as needed; large buffers are taken over by reference, not copied. */
export class WireWriter {
  private buffer = Buffer.allocUnsafe(512);
  private start = 0;
  private end = 0;
  private readonly chunks: Buffer[] = [];
  private chunkedBytes = 0;

  get size(): number {
    return this.chunkedBytes + this.end - this.start;
  }

  /** Everything written so far, in order. */
  toChunks(): Buffer[] {
    this.closeChunk();
    return this.chunks;
  }

  int8(value: number): this {
    this.reserve(1);
    this.end = this.buffer.writeInt8(value, this.end);
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  int16(value: number): this {
    this.reserve(2);
    this.end = this.buffer.writeInt16BE(value, this.end);
    return this;
  }

  int32(value: number): this {
    this.reserve(4);
    this.end = this.buffer.writeInt32BE(value, this.end);
    return this;
  }

  /** A signed 64-bit integer; exact for every safe integer. */
  int64(value: number): this {
    this.reserve(8);
    const high = Math.floor(value / 0x1_0000_0000);
    this.buffer.writeInt32BE(high, this.end);
    this.buffer.writeUInt32BE(value - high * 0x1_0000_0000, this.end + 4);
    this.end += 8;
    return this;
  }

  unsignedVarint(value: number): this {
    this.reserve(5);
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.buffer[this.end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.end++] = rest;
    return this;
  }

  string(value: string): this {
    const length = Buffer.byteLength(value);
    return this.int16(length).utf8(value, length);
  }

  nullableString(value: string | null | undefined): this {
    return value === null || value === undefined ? this.int16(-1) : this.string(value);
  }

  compactString(value: string): this {
    const length = Buffer.byteLength(value);
    return this.unsignedVarint(length + 1).utf8(value, length);
  }

  compactNullableString(value: string | null | undefined): this {
    return value === null || value === undefined ? this.unsignedVarint(0) : this.compactString(value);
  }

  bytes(value: Buffer): this {
    return this.int32(value.length).raw(value);
  }

  raw(value: Buffer): this {
    if (value.length > COPY_LIMIT) {
      this.closeChunk();
      this.chunks.push(value);
      this.chunkedBytes += value.length;
      return this;
    }
    this.reserve(value.length);
    this.buffer.set(value, this.end);
    this.end += value.length;
    return this;
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.unsignedVarint(items.length + 1);
    for (const item of items) write(item);
    return this;
  }

  /** Ends a structure of a flexible version that has no tagged fields. */
  noTags(): this {
    return this.unsignedVarint(0);
  }

  private utf8(value: string, length: number): this {
    this.reserve(length);
    this.buffer.write(value, this.end, length, 'utf8');
    this.end += length;
    return this;
  }

  private closeChunk(): void {
    if (this.end === this.start) return;
    this.chunks.push(this.buffer.subarray(this.start, this.end));
    this.chunkedBytes += this.end - this.start;
    this.start = this.end;
  }

  private reserve(length: number): void {
    if (this.end + length <= this.buffer.length) return;
    const open = this.end - this.start;
    const grown = Buffer.allocUnsafe(Math.max(512, 2 * (open + length)));
    this.buffer.copy(grown, 0, this.start, this.end);
    this.buffer = grown;
    this.start = 0;
    this.end = open;
  }
}
