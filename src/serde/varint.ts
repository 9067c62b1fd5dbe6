import { DeserializationError } from './errors';

/* Whole numbers from 0 to 2^53 - 1 in 1 to 8 bytes, seven bits a byte, the low ones first. */

export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** @returns where the next byte goes */
export function writeVarint(bytes: Buffer, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = rest;
  return at;
}

/** Reads one number after another. */
export class VarintReader {
  constructor(
    private readonly format: string,
    readonly bytes: Buffer,
    public offset = 0,
  ) {}

  next(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.bytes[this.offset++];
      if (byte === undefined) throw new DeserializationError(this.format, 'it ends in the middle of a number');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
  }

  /** The bytes that follow, without a copy. */
  take(length: number): Buffer {
    const end = this.offset + length;
    if (end > this.bytes.length) throw new DeserializationError(this.format, 'it ends in the middle of a value');
    const taken = this.bytes.subarray(this.offset, end);
    this.offset = end;
    return taken;
  }

  get done(): boolean {
    return this.offset >= this.bytes.length;
  }
}

/** Signed numbers that are near 0 as small unsigned ones. */
export function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
