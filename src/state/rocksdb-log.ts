import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { maskedChecksum } from './rocksdb-checksum';
import { StateCorruptedError } from './state-database-errors';

const BLOCK_BYTES = 32768;
const HEADER_BYTES = 7;
const READ_BYTES = 32 * BLOCK_BYTES;

const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

/**
 * Reads one of RocksDB's log files (write-ahead logs and manifests are such) and checks all its checksums.
 *
 * A record that its end cuts short is what a killed process leaves behind: it is left out, as RocksDB does.
 *
 * @param headBytes - how much of each record's beginning to hand out
 * @param record - gets it, valid until it returns; a short record is handed out whole
 * @throws {StateCorruptedError}
 */
export async function readLog(
  directory: string,
  name: string,
  headBytes: number,
  record: (head: Buffer, offset: number) => void,
): Promise<void> {
  const reader = new LogReader(directory, name, headBytes, record);
  const file = await open(join(directory, name));
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
        if (!reader.block(buffer.subarray(start, Math.min(start + BLOCK_BYTES, filled)))) return;
      }
      if (filled < READ_BYTES) return;
    }
  } finally {
    await file.close();
  }
}

/**
 * Follows the blocks of a log, 32 KiB each but the last. A block is fragments, each checksum (4), length (2), type (1), payload; a
 * record is one full fragment, or a first, middle ones and a last.
 */
class LogReader {
  /** Of a record in several fragments, what came before the last one. */
  private parts: Buffer[] = [];
  private partBytes = 0;
  private insideRecord = false;
  private recordOffset = 0;
  private blockNumber = 0;

  constructor(
    private readonly directory: string,
    private readonly name: string,
    private readonly headBytes: number,
    private readonly record: (head: Buffer, offset: number) => void,
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
      this.fragment(type, block.subarray(position + HEADER_BYTES, end), blockStart + position);
      position = end;
    }
    return block.length === BLOCK_BYTES;
  }

  private fragment(type: number, payload: Buffer, offset: number): void {
    const begins = type === FULL || type === FIRST;
    if (type < FULL || type > LAST || begins === this.insideRecord) this.fail(offset, 'a record out of place');
    if (begins) this.recordOffset = offset;
    const head = payload.subarray(0, Math.min(payload.length, this.headBytes - this.partBytes));
    this.insideRecord = type === FIRST || type === MIDDLE;
    if (this.insideRecord) {
      // A copy: the buffer is read into again.
      this.parts.push(Buffer.from(head));
      this.partBytes += head.length;
    } else {
      this.record(this.parts.length === 0 ? head : Buffer.concat([...this.parts, head]), this.recordOffset);
      this.parts = [];
      this.partBytes = 0;
    }
  }

  private fail(offset: number, what: string): never {
    throw new StateCorruptedError(this.directory, `the file ${this.name} has ${what} at offset ${offset}`);
  }
}
