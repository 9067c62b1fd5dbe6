/** Takes bytes out of pieces that come as they please. */
export class ByteQueue {
  private readonly pieces: AsyncIterator<Uint8Array>;
  private rest: Buffer = Buffer.alloc(0);

  /** @param tooShort - the error to throw when there are fewer bytes than are asked for */
  constructor(
    content: AsyncIterable<Uint8Array>,
    private readonly tooShort: () => Error,
  ) {
    this.pieces = content[Symbol.asyncIterator]();
  }

  /** A view of what came, or a copy where it came in several pieces. */
  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missing = length; ;) {
      const part = this.rest.subarray(0, missing);
      this.rest = this.rest.subarray(part.length);
      parts.push(part);
      missing -= part.length;
      if (missing === 0) break;
      if (!(await this.more())) throw this.tooShort();
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts, length);
  }

  async isAtEnd(): Promise<boolean> {
    while (this.rest.length === 0) if (!(await this.more())) return true;
    return false;
  }

  private async more(): Promise<boolean> {
    const next = await this.pieces.next();
    if (next.done === true) return false;
    this.rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    return true;
  }
}
