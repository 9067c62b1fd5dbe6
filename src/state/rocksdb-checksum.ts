import { crc32c } from '@node-rs/crc32';

/** The bytes' checksum as RocksDB stores it: rotated and shifted, so that a checksum of data with checksums in it is a good one. */
export function maskedChecksum(bytes: Buffer): number {
  const checksum = crc32c(bytes);
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}
