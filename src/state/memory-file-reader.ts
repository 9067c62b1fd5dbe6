import { crc32c } from '@node-rs/crc32';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { END, MAGIC, MEMORY_FILE, type MemoryEntry } from './memory-file';
import { PREFIX_LENGTH } from './numbered-store';
import type { StoredStore } from './rocksdb-layout';
import { StateCorruptedError } from './state-database-errors';
import { StatePositions } from './state-positions';

const CHECKSUM_BYTES = 4;
const LENGTH_BYTES = 4;

/** The entries of stores in memory, in the file of a snapshot. */
export interface MemoryFile {
  readonly stores: readonly StoredStore[];
  readonly positions: StatePositions;
  /** In the order of the stores; within a store in no order. */
  entries(): AsyncGenerator<MemoryEntry>;
}

/**
 * Opens the file in a snapshot's directory, after checking it from end to end.
 *
 * @returns undefined when the snapshot has none
 * @throws {StateCorruptedError}
 */
export async function openMemoryFile(directory: string): Promise<MemoryFile | undefined> {
  const path = join(directory, MEMORY_FILE);
  const size = await sizeOf(path);
  if (size === undefined) return undefined;
  const fail = (what: string): never => {
    throw new StateCorruptedError(directory, `the file ${MEMORY_FILE} ${what}`);
  };
  if (!(await isWhole(path, size))) fail('has a wrong checksum');
  const head = new ByteReader(path, size - CHECKSUM_BYTES, fail);
  let stores: readonly StoredStore[];
  let positions: StatePositions;
  try {
    if (!(await head.take(MAGIC.length)).equals(MAGIC)) fail('has an unknown format');
    stores = JSON.parse((await head.take(await head.length())).toString()) as StoredStore[];
    positions = StatePositions.decode(await head.take(await head.length()));
  } finally {
    await head.close();
  }
  const { position } = head;
  return {
    stores,
    positions,
    async *entries() {
      const reader = new ByteReader(path, size - CHECKSUM_BYTES, fail, position);
      try {
        for (let keyBytes = await reader.length(); keyBytes !== END; keyBytes = await reader.length()) {
          const both = await reader.take((await reader.length()) + keyBytes);
          if (keyBytes < PREFIX_LENGTH) fail('has an entry of no store');
          yield [both.subarray(0, keyBytes), both.subarray(keyBytes)];
        }
      } finally {
        await reader.close();
      }
    },
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function isWhole(path: string, size: number): Promise<boolean> {
  if (size < MAGIC.length + CHECKSUM_BYTES) return false;
  const reader = new ByteReader(path, size, () => {
    throw new Error('unreachable: no more is read than there is');
  });
  try {
    let checksum = 0;
    for (let rest = size - CHECKSUM_BYTES; rest > 0;) {
      const bytes = await reader.take(Math.min(rest, 1 << 16));
      checksum = crc32c(bytes, checksum);
      rest -= bytes.length;
    }
    return (await reader.length()) === checksum;
  } finally {
    await reader.close();
  }
}

/** Takes bytes from a file, one piece after the other. */
class ByteReader {
  private readonly chunks: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);

  /**
   * @param end - where what may be read ends
   * @param position - where to begin; then, how far it was read
   */
  constructor(
    path: string,
    private readonly end: number,
    private readonly fail: (what: string) => never,
    public position = 0,
  ) {
    const stream = createReadStream(path, { start: position, highWaterMark: 1 << 17 });
    this.chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  async length(): Promise<number> {
    return (await this.take(LENGTH_BYTES)).readUInt32BE();
  }

  async take(bytes: number): Promise<Buffer> {
    if (this.position + bytes > this.end) this.fail('ends too early');
    const parts: Buffer[] = [];
    for (let missing = bytes; ;) {
      const part = this.rest.subarray(0, missing);
      this.rest = this.rest.subarray(part.length);
      missing -= part.length;
      parts.push(part);
      if (missing === 0) break;
      const next = await this.chunks.next();
      if (next.done === true) this.fail('ends too early');
      this.rest = next.value;
    }
    this.position += bytes;
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts, bytes);
  }

  /** Ends the reading early. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }
}
