import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { maskedChecksum } from './rocksdb-checksum';
import { StateCorruptedError } from './state-database-errors';

const BLOCK_BYTES = 32768;
const HEADER_BYTES = 7;
/** Sequence number (8 bytes) and count of entries (4 bytes), at the beginning of every write. */
const WRITE_HEADER_BYTES = 12;
const READ_BYTES = 32 * BLOCK_BYTES;

const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

/**
 * Checks that what RocksDB will replay from its write-ahead logs is a prefix of what was written to them.
 *
 * As the `rocksdb` package opens it (`paranoid_checks` off), RocksDB leaves out a damaged write in silence and goes on with the
 * next, so the state would have a hole, under positions that say otherwise. An unfinished write at a log's end is what a killed
 * process leaves behind, and fine.
 *
 * @throws {StateCorruptedError}
 */
export async function checkWriteAheadLogs(directory: string): Promise<void> {
  const logs = (await readdir(directory))
    .filter((name) => /^\d+\.log$/.test(name))
    .sort((a, b) => parseInt(a) - parseInt(b));
  let nextSequence: bigint | undefined;
  for (const name of logs) {
    const check = new LogCheck(directory, name, nextSequence);
    await readBlocks(join(directory, name), (block) => check.block(block));
    nextSequence = check.nextSequence;
  }
}

/** Hands out the blocks of a file; the last one may be short. Stops when `take` returns false. */
async function readBlocks(path: string, take: (block: Buffer) => boolean): Promise<void> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      let filled = 0;
      while (filled < READ_BYTES) {
        const { bytesRead } = await file.read(buffer, filled, READ_BYTES - filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      for (let start = 0; start < filled; start += BLOCK_BYTES) {
        if (!take(buffer.subarray(start, Math.min(start + BLOCK_BYTES, filled)))) return;
      }
      if (filled < READ_BYTES) return;
    }
  } finally {
    await file.close();
  }
}

/**
 * Follows one log. A log is blocks of 32 KiB; a block is fragments, each checksum (4), length (2), type (1), payload; a write is
 * one full fragment, or a first, middle ones and a last.
 */
class LogCheck {
  /** Collects the write's header, which may be spread over fragments. */
  private readonly header = Buffer.alloc(WRITE_HEADER_BYTES);
  private headerFilled = 0;
  private insideWrite = false;
  private blockNumber = 0;

  constructor(
    private readonly directory: string,
    private readonly name: string,
    /** What the next write's sequence number must be, where that is known. */
    public nextSequence: bigint | undefined,
  ) {}

  /** False when the log ends in this block. */
  block(block: Buffer): boolean {
    const blockStart = this.blockNumber++ * BLOCK_BYTES;
    let position = 0;
    while (BLOCK_BYTES - position >= HEADER_BYTES) {
      if (block.length - position < HEADER_BYTES) return false;
      const length = block.readUInt16LE(position + 4);
      const type = block[position + 6]!;
      if (type === 0 && length === 0) {
        // Space that was reserved and never written.
        if (block.subarray(position).some((byte) => byte !== 0)) this.fail(blockStart + position, 'unreadable bytes');
        return false;
      }
      const end = position + HEADER_BYTES + length;
      if (end > block.length) {
        if (block.length === BLOCK_BYTES) this.fail(blockStart + position, 'a wrong length');
        return false;
      }
      if (block.readUInt32LE(position) !== maskedChecksum(block.subarray(position + 6, end)))
        this.fail(blockStart + position, 'a wrong checksum');
      this.fragment(type, block, position + HEADER_BYTES, end, blockStart + position);
      position = end;
    }
    return block.length === BLOCK_BYTES;
  }

  private fragment(type: number, block: Buffer, start: number, end: number, offset: number): void {
    const begins = type === FULL || type === FIRST;
    if (type < FULL || type > LAST || begins === this.insideWrite) this.fail(offset, 'a write out of place');
    if (begins) this.headerFilled = 0;
    if (this.headerFilled < WRITE_HEADER_BYTES)
      this.headerFilled += block.copy(
        this.header,
        this.headerFilled,
        start,
        Math.min(end, start + WRITE_HEADER_BYTES - this.headerFilled),
      );
    this.insideWrite = type === FIRST || type === MIDDLE;
    if (!this.insideWrite) this.endWrite(offset);
  }

  private endWrite(offset: number): void {
    if (this.headerFilled < WRITE_HEADER_BYTES) this.fail(offset, 'a write that is too short');
    const sequence = this.header.readBigUInt64LE(0);
    if (this.nextSequence !== undefined && sequence !== this.nextSequence)
      this.fail(offset, 'writes missing before it');
    this.nextSequence = sequence + BigInt(this.header.readUInt32LE(8));
  }

  private fail(offset: number, what: string): never {
    throw new StateCorruptedError(this.directory, `the write-ahead log ${this.name} has ${what} at offset ${offset}`);
  }
}
