/** Reads pieces of any size as pieces of the size that is asked for. */
export class PieceReader {
  private readonly iterator: AsyncIterator<Uint8Array>;
  private readonly waiting: Buffer[] = [];
  private waitingBytes = 0;
  private ended = false;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.iterator = pieces[Symbol.asyncIterator]();
  }

  /** The next `size` bytes, or fewer at the end. */
  async read(size: number): Promise<Buffer> {
    while (this.waitingBytes < size && (await this.more()));
    const first = this.waiting[0];
    if (first !== undefined && first.length >= size) {
      this.drop(size);
      return first.subarray(0, size);
    }
    const bytes = Buffer.concat(this.waiting).subarray(0, size);
    this.drop(bytes.length);
    return bytes;
  }

  /** Whether all was read. */
  async isAtEnd(): Promise<boolean> {
    while (this.waitingBytes === 0 && (await this.more()));
    return this.waitingBytes === 0;
  }

  /** Closes the source, if it did not end by itself. */
  async close(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    await this.iterator.return?.();
  }

  private async more(): Promise<boolean> {
    if (this.ended) return false;
    const next = await this.iterator.next();
    if (next.done === true) {
      this.ended = true;
      return false;
    }
    const { buffer, byteOffset, byteLength } = next.value;
    this.waiting.push(Buffer.from(buffer, byteOffset, byteLength));
    this.waitingBytes += byteLength;
    return true;
  }

  private drop(size: number): void {
    this.waitingBytes -= size;
    while (size > 0) {
      const first = this.waiting[0] as Buffer;
      if (first.length > size) {
        this.waiting[0] = first.subarray(size);
        return;
      }
      this.waiting.shift();
      size -= first.length;
    }
  }
}
