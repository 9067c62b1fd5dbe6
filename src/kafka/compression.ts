import { gunzipSync, gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { decompress as fzstdDecompress } from 'fzstd';
import { compressFrameSync as lz4Compress, decompressFrameSync as lz4Decompress } from 'lz4-napi';
import { compressSync as snappyCompress, uncompressSync as snappyUncompress } from 'snappy';
import { CompressionUnavailableError } from './errors';

/** How record batches are compressed, by Kafka's names. Reading knows all; writing `zstd` needs Node.js 22.15 or later. */
export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** The number of a compression in the attributes of a record batch. */
export function compressionId(compression: Compression): number {
  return COMPRESSIONS.indexOf(compression);
}

/** Node 20 has no zstd of its own, and the types of that version do not know it. */
const nativeZstd = zlib as unknown as {
  zstdCompressSync?: (bytes: Uint8Array) => Buffer;
  zstdDecompressSync?: (bytes: Uint8Array) => Buffer;
};

/** @throws {@link CompressionUnavailableError} */
export function assertWritable(compression: Compression): void {
  if (compression === 'zstd' && nativeZstd.zstdCompressSync === undefined) {
    throw new CompressionUnavailableError(compression);
  }
}

export function compress(compression: Exclude<Compression, 'none'>, bytes: Buffer): Buffer {
  switch (compression) {
    case 'gzip':
      return gzipSync(bytes);
    case 'snappy':
      return snappyCompress(bytes);
    case 'lz4':
      return lz4Compress(bytes);
    case 'zstd':
      assertWritable(compression);
      return (nativeZstd.zstdCompressSync as (bytes: Uint8Array) => Buffer)(bytes);
  }
}

export function decompress(compression: Exclude<Compression, 'none'>, bytes: Buffer): Buffer {
  switch (compression) {
    case 'gzip':
      return gunzipSync(bytes);
    case 'snappy':
      return isXerialFramed(bytes) ? unframeXerial(bytes) : uncompressSnappy(bytes);
    case 'lz4':
      return lz4Decompress(bytes);
    case 'zstd': {
      if (nativeZstd.zstdDecompressSync !== undefined) return nativeZstd.zstdDecompressSync(bytes);
      const plain = fzstdDecompress(bytes);
      return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
    }
  }
}

function uncompressSnappy(bytes: Buffer): Buffer {
  return snappyUncompress(bytes, { asBuffer: true }) as Buffer;
}

/** Java clients write snappy in the framing of the xerial library: a header, then blocks with their lengths. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_SIZE = 16;

function isXerialFramed(bytes: Buffer): boolean {
  return bytes.length >= XERIAL_HEADER_SIZE && bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC);
}

function unframeXerial(bytes: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let position = XERIAL_HEADER_SIZE; position < bytes.length;) {
    const end = position + 4 + bytes.readInt32BE(position);
    blocks.push(uncompressSnappy(bytes.subarray(position + 4, end)));
    position = end;
  }
  return Buffer.concat(blocks);
}
