import { open, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { maskedChecksum } from './rocksdb-checksum';
import { VarintReader } from './rocksdb-varint';
import { StateCorruptedError } from './state-database-errors';

/** A file of sorted entries, as RocksDB's manifest has it. */
export interface TableFile {
  readonly name: string;
  readonly size: number;
}

/** @param property - RocksDB's `rocksdb.sstables`, with lines as ` 17:123[1 .. 124]['a' .. 'd']`: number, size, ... */
export function parseTableFiles(property: string): TableFile[] {
  return Array.from(property.matchAll(/^ (\d+):(\d+)\[\d+ \.\. \d+\]\[/gm), ([, number, size]) => ({
    name: `${number!.padStart(6, '0')}.sst`,
    size: Number(size),
  }));
}

/**
 * Checks that every table file is there, whole. RocksDB does it only with `paranoid_checks`, which the `rocksdb` package turns
 * off; otherwise the first read of a lost file would find it, maybe hours later.
 *
 * @param current - the files of the database at the time of the call: compaction goes on meanwhile, and may take one away
 * @throws {StateCorruptedError}
 */
export async function checkTableSizes(directory: string, current: () => readonly TableFile[]): Promise<void> {
  for (const { name, size } of current()) {
    const found = await unlessMissing(stat(join(directory, name)));
    if (found?.size === size) continue;
    if (!current().some((table) => table.name === name)) continue;
    if (found === undefined) throw new StateCorruptedError(directory, `the table file ${name} is missing`);
    throw new StateCorruptedError(directory, `the table file ${name} has ${found.size} bytes instead of ${size}`);
  }
}

/**
 * Checks every block of entries against its checksum. RocksDB does so itself when it reads a key or compacts; but not when it
 * scans, as the `rocksdb` package has it scan, and there a damaged block gives wrong entries or ends the process.
 *
 * A file that is gone was compacted meanwhile, so it was checked.
 *
 * @throws {StateCorruptedError}
 */
export async function checkTableBlocks(directory: string, tables: readonly TableFile[]): Promise<void> {
  for (const { name } of tables) {
    const file = await unlessMissing(open(join(directory, name)));
    if (file === undefined) continue;
    try {
      await new TableCheck(directory, name, file).run();
    } finally {
      await file.close();
    }
  }
}

const FOOTER_BYTES = 53;
const FORMAT_VERSION = 4;
const CRC32C = 1;
/** Kind of compression (1 byte) and checksum (4 bytes) behind each block. */
const TRAILER_BYTES = 5;
const READ_BYTES = 1 << 20;

/** Where a block is, without its trailer. */
interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

/**
 * Follows one file: blocks of entries, each with a trailer; other blocks; an index block with where each block of entries is; a
 * footer with where the index is.
 */
class TableCheck {
  private buffer = Buffer.alloc(0);
  private bufferStart = 0;

  constructor(
    private readonly directory: string,
    private readonly name: string,
    private readonly file: FileHandle,
  ) {}

  async run(): Promise<void> {
    const { size } = await this.file.stat();
    const indexHandle = this.parseFooter(await this.read(size - FOOTER_BYTES, FOOTER_BYTES));
    const index = Buffer.from(await this.block(indexHandle));
    let expectedOffset = 0;
    for (const handle of this.parseIndex(index)) {
      if (handle.offset !== expectedOffset) this.fail(expectedOffset, 'a gap');
      await this.block(handle);
      expectedOffset = handle.offset + handle.size + TRAILER_BYTES;
    }
  }

  private parseFooter(footer: Buffer): BlockHandle {
    const reader = new VarintReader(footer);
    const checksum = reader.next();
    if (checksum !== CRC32C || footer.readUInt32LE(FOOTER_BYTES - 12) !== FORMAT_VERSION)
      this.fail(0, 'an unknown format');
    reader.next();
    reader.next();
    return { offset: reader.next(), size: reader.next() };
  }

  /** Entries of the index: shared length (always 0), length of the key, key, offset, size. Behind them, where each begins. */
  private *parseIndex(index: Buffer): Generator<BlockHandle> {
    const count = index.readUInt32LE(index.length - 4);
    const reader = new VarintReader(index);
    for (let entry = 0; entry < count; entry++) {
      if (reader.next() !== 0) this.fail(0, 'an unknown index');
      reader.skip(reader.next());
      yield { offset: reader.next(), size: reader.next() };
    }
  }

  private async block({ offset, size }: BlockHandle): Promise<Buffer> {
    const block = await this.read(offset, size + TRAILER_BYTES);
    if (block.readUInt32LE(size + 1) !== maskedChecksum(block.subarray(0, size + 1)))
      this.fail(offset, 'a wrong checksum');
    return block.subarray(0, size);
  }

  /** A view that is valid until the next read. */
  private async read(offset: number, length: number): Promise<Buffer> {
    if (offset < this.bufferStart || offset + length > this.bufferStart + this.buffer.length) {
      const target = Buffer.allocUnsafe(Math.max(length, READ_BYTES));
      const { bytesRead } = await this.file.read(target, 0, target.length, offset);
      if (bytesRead < length) this.fail(offset, 'bytes missing');
      this.buffer = target.subarray(0, bytesRead);
      this.bufferStart = offset;
    }
    return this.buffer.subarray(offset - this.bufferStart, offset - this.bufferStart + length);
  }

  private fail(offset: number, what: string): never {
    throw new StateCorruptedError(this.directory, `the table file ${this.name} has ${what} at offset ${offset}`);
  }
}

function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  return promise.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
