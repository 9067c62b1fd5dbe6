import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { maskedChecksum } from './rocksdb-checksum';
import { VarintReader } from './rocksdb-varint';
import { StateCorruptedError } from './state-database-errors';

/** A file of sorted entries, as RocksDB's manifest has it. */
export interface TableFile {
  readonly name: string;
  readonly size: number;
}

/**
 * Checks that every table file is there, whole, and that what describes its entries is undamaged. RocksDB would find a lost file
 * when it is first read, maybe hours later; and with damaged properties it misreads a file, which can end the process.
 *
 * @throws {StateCorruptedError}
 */
export async function checkTables(directory: string, tables: readonly TableFile[]): Promise<void> {
  for (const table of tables) {
    const found = await withTable(directory, table, (check) => check.description());
    if (!found) throw new StateCorruptedError(directory, `the table file ${table.name} is missing`);
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
  for (const table of tables) await withTable(directory, table, (check) => check.entries());
}

/** False when there is no such file. */
async function withTable(
  directory: string,
  table: TableFile,
  work: (check: TableCheck) => Promise<void>,
): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(join(directory, table.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  try {
    const { size } = await file.stat();
    if (size !== table.size)
      throw new StateCorruptedError(
        directory,
        `the table file ${table.name} has ${size} bytes instead of ${table.size}`,
      );
    await work(new TableCheck(directory, table, file));
    return true;
  } finally {
    await file.close();
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
 * Follows one file: blocks of entries, each with a trailer; blocks that describe them (filter, index, properties); a block with where
 * the filter and the properties are; a footer with where that block and the index are.
 */
class TableCheck {
  private buffer = Buffer.alloc(0);
  private bufferStart = 0;

  constructor(
    private readonly directory: string,
    private readonly table: TableFile,
    private readonly file: FileHandle,
  ) {}

  /** Checks the properties. RocksDB checks the index itself when it opens the file, and does without a damaged filter. */
  async description(): Promise<void> {
    const { metaIndex } = await this.footer();
    for (const { key, handle } of this.parseMetaIndex(Buffer.from(await this.block(metaIndex)))) {
      if (!key.includes('filter.')) await this.block(handle);
    }
  }

  async entries(): Promise<void> {
    const { index } = await this.footer();
    let expectedOffset = 0;
    for (const handle of this.parseIndex(Buffer.from(await this.block(index)))) {
      if (handle.offset !== expectedOffset) this.fail(expectedOffset, 'a gap');
      await this.block(handle);
      expectedOffset = handle.offset + handle.size + TRAILER_BYTES;
    }
  }

  /** Kind of checksum, two handles, padding; version (4), magic number (8). It has no checksum itself. */
  private async footer(): Promise<{ metaIndex: BlockHandle; index: BlockHandle }> {
    const offset = this.table.size - FOOTER_BYTES;
    const footer = await this.read(offset, FOOTER_BYTES);
    const reader = new VarintReader(footer);
    try {
      if (reader.next() !== CRC32C || footer.readUInt32LE(FOOTER_BYTES - 12) !== FORMAT_VERSION)
        this.fail(offset, 'an unknown format');
      return { metaIndex: readHandle(reader), index: readHandle(reader) };
    } catch (error) {
      if (error instanceof RangeError) this.fail(offset, 'an unreadable footer');
      throw error;
    }
  }

  /** Entries: shared length (always 0), length of the key, key, handle. Behind them, where each begins. */
  private *parseIndex(index: Buffer): Generator<BlockHandle> {
    const reader = new VarintReader(index);
    for (let entry = index.readUInt32LE(index.length - 4); entry > 0; entry--) {
      if (reader.next() !== 0) this.fail(0, 'an unknown index');
      reader.skip(reader.next());
      yield readHandle(reader);
    }
  }

  /** The same, with the length of the handle before the key. */
  private *parseMetaIndex(index: Buffer): Generator<{ key: string; handle: BlockHandle }> {
    const reader = new VarintReader(index);
    for (let entry = index.readUInt32LE(index.length - 4); entry > 0; entry--) {
      if (reader.next() !== 0) this.fail(0, 'an unknown index');
      const keyBytes = reader.next();
      reader.next();
      yield { key: reader.take(keyBytes).toString('latin1'), handle: readHandle(reader) };
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
    const { size } = this.table;
    if (offset < 0 || offset + length > size) this.fail(offset, 'a wrong position');
    if (offset < this.bufferStart || offset + length > this.bufferStart + this.buffer.length) {
      const target = Buffer.allocUnsafe(Math.max(length, Math.min(READ_BYTES, size - offset)));
      const { bytesRead } = await this.file.read(target, 0, target.length, offset);
      if (bytesRead < length) this.fail(offset, 'bytes missing');
      this.buffer = target.subarray(0, bytesRead);
      this.bufferStart = offset;
    }
    return this.buffer.subarray(offset - this.bufferStart, offset - this.bufferStart + length);
  }

  private fail(offset: number, what: string): never {
    throw new StateCorruptedError(this.directory, `the table file ${this.table.name} has ${what} at offset ${offset}`);
  }
}

function readHandle(reader: VarintReader): BlockHandle {
  return { offset: reader.next(), size: reader.next() };
}
