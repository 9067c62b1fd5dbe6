import { crc32c } from '@node-rs/crc32';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseFile } from './database-snapshot';
import { encodeStores, type StoredStore } from './rocksdb-layout';
import type { StoreFormat } from './state-database';
import type { StatePositions } from './state-positions';

/* The entries of a task's stores in memory, as one file. Numbers are big endian.

     'MLRMEM01'
     length (4), stores            as the database has them, see rocksdb-layout
     length (4), positions         as the database has them
     length (4), length (4), stored key, value       an entry; the stored key begins with the store's number
     ...
     ffffffff, checksum (4)        CRC-32C of all bytes before the checksum
*/

/** In a snapshot's directory. */
export const MEMORY_FILE = 'memory-stores';

export const MAGIC = Buffer.from('MLRMEM01');
/** Where the length of a key could be. */
export const END = 0xffffffff;
const CHUNK_BYTES = 1 << 18;

export type MemoryEntry = readonly [storedKey: Buffer, value: Buffer];

/** @param entries - by store, in the order of `formats`; the number of a store is its place there */
export async function writeMemoryFile(
  directory: string,
  formats: readonly StoreFormat[],
  positions: StatePositions,
  entries: readonly (readonly MemoryEntry[])[],
): Promise<DatabaseFile> {
  const file = await open(join(directory, MEMORY_FILE), 'wx', 0o600);
  try {
    const writer = new ChunkWriter(file);
    writer.bytes(MAGIC);
    for (const part of [encodeStores(formats.map(storedStore)), positions.encode()]) {
      writer.uint32(part.length);
      writer.bytes(part);
    }
    for (const ofStore of entries) {
      for (const [storedKey, value] of ofStore) {
        writer.uint32(storedKey.length);
        writer.uint32(value.length);
        writer.bytes(storedKey);
        writer.bytes(value);
        if (writer.isFull) await writer.flush();
      }
    }
    writer.uint32(END);
    await writer.end();
    return { name: MEMORY_FILE, sizeInBytes: writer.written };
  } finally {
    await file.close();
  }
}

function storedStore({ name, kind, keySerde, valueSerde }: StoreFormat, index: number): StoredStore {
  return { number: index + 1, name, kind, keySerde: keySerde.name, valueSerde: valueSerde.name };
}

/** Collects bytes, and writes them with a checksum behind. */
class ChunkWriter {
  private chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  private filled = 0;
  private checksum = 0;
  written = 0;

  constructor(private readonly file: FileHandle) {}

  get isFull(): boolean {
    return this.filled >= CHUNK_BYTES;
  }

  uint32(value: number): void {
    this.reserve(4);
    this.filled = this.chunk.writeUInt32BE(value, this.filled);
  }

  bytes(bytes: Buffer): void {
    this.reserve(bytes.length);
    this.chunk.set(bytes, this.filled);
    this.filled += bytes.length;
  }

  async flush(): Promise<void> {
    const bytes = this.chunk.subarray(0, this.filled);
    this.checksum = crc32c(bytes, this.checksum);
    await this.file.writeFile(bytes);
    this.written += this.filled;
    this.filled = 0;
  }

  async end(): Promise<void> {
    await this.flush();
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(this.checksum);
    await this.file.writeFile(checksum);
    this.written += 4;
  }

  private reserve(bytes: number): void {
    if (this.filled + bytes <= this.chunk.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.chunk.length * 2, this.filled + bytes));
    larger.set(this.chunk.subarray(0, this.filled));
    this.chunk = larger;
  }
}
