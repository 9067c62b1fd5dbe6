/** Reads Kafka's primitive types from a response. Byte ranges are views, not copies. */
export class WireReader {
  /** How long the broker asks this client to pause before its next request, in milliseconds (KIP-219). */
  throttleTimeMs = 0;
  private position = 0;

  constructor(private readonly buffer: Buffer) {}

  throttle(): void {
    this.throttleTimeMs = this.int32();
  }

  int8(): number {
    const value = this.buffer.readInt8(this.position);
    this.position += 1;
    return value;
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  int16(): number {
    const value = this.buffer.readInt16BE(this.position);
    this.position += 2;
    return value;
  }

  int32(): number {
    const value = this.buffer.readInt32BE(this.position);
    this.position += 4;
    return value;
  }

  /** A signed 64-bit integer as a number: offsets, timestamps and ids stay far below 2^53. */
  int64(): number {
    const value = this.buffer.readInt32BE(this.position) * 0x1_0000_0000 + this.buffer.readUInt32BE(this.position + 4);
    this.position += 8;
    return value;
  }

  unsignedVarint(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.buffer.readUInt8(this.position++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
      shift += 7;
    }
  }

  string(): string {
    return this.nullableString() ?? '';
  }

  nullableString(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.utf8(length);
  }

  compactString(): string {
    return this.compactNullableString() ?? '';
  }

  compactNullableString(): string | null {
    const length = this.unsignedVarint();
    return length === 0 ? null : this.utf8(length - 1);
  }

  /** Null bytes read as empty bytes. */
  bytes(): Buffer {
    const length = Math.max(0, this.int32());
    const view = this.buffer.subarray(this.position, this.position + length);
    this.position += length;
    return view;
  }

  array<T>(read: () => T): T[] {
    return this.items(this.int32(), read);
  }

  compactArray<T>(read: () => T): T[] {
    return this.items(this.unsignedVarint() - 1, read);
  }

  skipTags(): void {
    for (let tags = this.unsignedVarint(); tags > 0; tags--) {
      this.unsignedVarint();
      const length = this.unsignedVarint();
      this.position += length;
    }
  }

  private items<T>(count: number, read: () => T): T[] {
    const result: T[] = [];
    for (let index = 0; index < count; index++) result.push(read());
    return result;
  }

  private utf8(length: number): string {
    const value = this.buffer.toString('utf8', this.position, this.position + length);
    this.position += length;
    return value;
  }
}
