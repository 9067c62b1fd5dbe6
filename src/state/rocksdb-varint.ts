/** Reads RocksDB's variable-length integers: seven bits a byte, the low ones first. */
export class VarintReader {
  private position = 0;

  constructor(private readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  /** @throws {RangeError} when the bytes end before the number does */
  next(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes.readUInt8(this.position++);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  skip(length: number): void {
    this.position += length;
  }

  take(length: number): Buffer {
    return this.bytes.subarray(this.position, (this.position += length));
  }
}
