import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
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
 * A record that is cut short or damaged, and that none follows, is what a killed process or a full disk leaves behind: it is left
 * out, as RocksDB does. But RocksDB goes on with the next block, and a record there would follow a hole.
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
  await new LogFollower(directory, name, headBytes, record).advance();
}

/** Reads a log that RocksDB still writes to: each time, what came since. Parameters are those of {@link readLog}. */
export class LogFollower {
  private readonly reader: LogReader;

  constructor(
    private readonly directory: string,
    private readonly name: string,
    headBytes: number,
    record: (head: Buffer, offset: number) => void,
  ) {
    this.reader = new LogReader(directory, name, headBytes, record);
  }

  /**
   * Hands out the records that came since the last call.
   *
   * @returns how many bytes of the log are whole records from its beginning on
   * @throws {StateCorruptedError}
   */
  async advance(): Promise<number> {
    const file = await open(join(this.directory, this.name));
    try {
      let position = this.reader.resume();
      const { size } = await file.stat();
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(READ_BYTES, size - position)));
      for (let filled = buffer.length; filled === buffer.length && filled > 0; position += filled) {
        filled = await fill(file, buffer, position);
        if (!this.reader.blocks(buffer.subarray(0, filled))) break;
      }
      return this.reader.end;
    } finally {
      await file.close();
    }
  }

  /** The same, without letting anything else run meanwhile. For little: it is read at once. */
  advanceNow(): number {
    const file = openSync(join(this.directory, this.name), 'r');
    try {
      const position = this.reader.resume();
      const buffer = Buffer.allocUnsafe(Math.max(0, fstatSync(file).size - position));
      this.reader.blocks(buffer.subarray(0, readSync(file, buffer, 0, buffer.length, position)));
      return this.reader.end;
    } finally {
      closeSync(file);
    }
  }
}

/** Reads until the buffer is full, or the file at its end. */
async function fill(file: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
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
  /** Where the first damage is. */
  private damagedAt: number | undefined;
  /** Where the last whole record ended. */
  end = 0;

  constructor(
    private readonly directory: string,
    private readonly name: string,
    private readonly headBytes: number,
    private readonly record: (head: Buffer, offset: number) => void,
  ) {}

  /** Goes back to the end of the last whole record. Returns where the first block to read begins. */
  resume(): number {
    this.dropRecord();
    this.damagedAt = undefined;
    this.blockNumber = Math.floor(this.end / BLOCK_BYTES);
    return this.blockNumber * BLOCK_BYTES;
  }

  /** Whole blocks, but for the last of the log. False when it ends there. */
  blocks(bytes: Buffer): boolean {
    for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
      if (!this.block(bytes.subarray(start, Math.min(start + BLOCK_BYTES, bytes.length)))) return false;
    }
    return true;
  }

  /** False when the log ends in this block. */
  private block(block: Buffer): boolean {
    const blockStart = this.blockNumber++ * BLOCK_BYTES;
    let position = Math.max(0, this.end - blockStart);
    while (block.length - position >= HEADER_BYTES) {
      const end = position + HEADER_BYTES + block.readUInt16LE(position + 4);
      if (end > block.length && block.length < BLOCK_BYTES) return false;
      if (end > block.length || block.readUInt32LE(position) !== maskedChecksum(block.subarray(position + 6, end))) {
        this.damagedAt ??= blockStart + position;
        this.dropRecord();
        break;
      }
      this.fragment(block[position + 6]!, block.subarray(position + HEADER_BYTES, end), blockStart + position);
      if (!this.insideRecord && this.damagedAt === undefined) this.end = blockStart + end;
      position = end;
    }
    return block.length === BLOCK_BYTES;
  }

  private fragment(type: number, payload: Buffer, offset: number): void {
    const begins = type === FULL || type === FIRST;
    if (type < FULL || type > LAST || begins === this.insideRecord) {
      this.damagedAt ??= offset;
      this.dropRecord();
      if (!begins) return;
    }
    if (begins) this.recordOffset = offset;
    const head = payload.subarray(0, Math.min(payload.length, this.headBytes - this.partBytes));
    this.insideRecord = type === FIRST || type === MIDDLE;
    if (this.insideRecord) {
      // A copy: the buffer is read into again.
      this.parts.push(Buffer.from(head));
      this.partBytes += head.length;
    } else {
      const record = this.parts.length === 0 ? head : Buffer.concat([...this.parts, head]);
      this.dropRecord();
      if (this.damagedAt !== undefined)
        throw new StateCorruptedError(
          this.directory,
          `the file ${this.name} is damaged at offset ${this.damagedAt}, and goes on behind that`,
        );
      this.record(record, this.recordOffset);
    }
  }

  private dropRecord(): void {
    this.insideRecord = false;
    this.parts = [];
    this.partBytes = 0;
  }
}
