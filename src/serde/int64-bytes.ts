const TWO_TO_32 = 0x1_0000_0000;

/** Writes a whole number of at most 53 bits as a signed 64-bit integer, big endian. */
export function writeInt64(bytes: Buffer, value: number, offset: number): void {
  const high = Math.floor(value / TWO_TO_32);
  bytes.writeInt32BE(high, offset);
  bytes.writeUInt32BE(value - high * TWO_TO_32, offset + 4);
}

/** Reads a signed 64-bit integer, big endian. Exact up to 53 bits. */
export function readInt64(bytes: Buffer, offset: number): number {
  return bytes.readInt32BE(offset) * TWO_TO_32 + bytes.readUInt32BE(offset + 4);
}
