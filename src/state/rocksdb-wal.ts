import { readdir } from 'node:fs/promises';
import { readLog } from './rocksdb-log';
import type { Manifest } from './rocksdb-manifest';
import { StateCorruptedError } from './state-database-errors';

/** Sequence number (8 bytes) and count of entries (4 bytes), at the beginning of every write. */
const WRITE_HEADER_BYTES = 12;

/**
 * Checks that what RocksDB will replay from its write-ahead logs continues its table files, without a gap and without damage.
 *
 * As the `rocksdb` package opens it (`paranoid_checks` off), RocksDB leaves out a damaged write in silence and goes on with the
 * next, and misses no log that is gone; so the state would have a hole, under positions that say otherwise. A log that merely ends
 * early is fine: then the last writes are missing, and their positions with them.
 *
 * @throws {StateCorruptedError}
 */
export async function checkWriteAheadLogs(directory: string, manifest: Manifest): Promise<void> {
  const numbers = (await readdir(directory))
    .flatMap((name) => /^(\d+)\.log$/.exec(name)?.[1] ?? [])
    .filter((number) => Number(number) >= manifest.logNumber)
    .sort((a, b) => Number(a) - Number(b));
  // The manifest names the log that continues the table files; or, when RocksDB replayed all logs and began a new one, a number
  // before that one's, and the sequence number that the new one continues.
  const continues = Number(numbers[0]) === manifest.logNumber;
  // Sequence numbers begin with 1, so nothing continues 0.
  let nextSequence = continues ? undefined : manifest.lastSequence === undefined ? 0 : manifest.lastSequence + 1;
  for (const number of numbers) {
    const name = `${number}.log`;
    await readLog(directory, name, WRITE_HEADER_BYTES, (head, offset) => {
      if (head.length < WRITE_HEADER_BYTES)
        throw new StateCorruptedError(directory, `the file ${name} has a record that is too short at offset ${offset}`);
      const sequence = Number(head.readBigUInt64LE(0));
      if (nextSequence !== undefined && sequence !== nextSequence)
        throw new StateCorruptedError(directory, `the write-ahead logs lack writes before ${name}, offset ${offset}`);
      nextSequence = sequence + head.readUInt32LE(8);
    });
  }
}
