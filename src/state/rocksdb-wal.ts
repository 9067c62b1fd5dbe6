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
  const names = await logsFrom(directory, manifest.logNumber);
  let nextSequence: { readonly from: number; readonly to: number } | undefined =
    names[0] !== undefined && Number.parseInt(names[0]) === manifest.logNumber ? undefined : sequenceOfFirst(manifest);
  for (const name of names) {
    await readLog(directory, name, WRITE_HEADER_BYTES, (head, offset) => {
      if (head.length < WRITE_HEADER_BYTES)
        throw new StateCorruptedError(directory, `the file ${name} has a record that is too short at offset ${offset}`);
      const sequence = Number(head.readBigUInt64LE(0));
      if (nextSequence !== undefined && (sequence < nextSequence.from || sequence > nextSequence.to))
        throw new StateCorruptedError(directory, `the write-ahead logs lack writes before ${name}, offset ${offset}`);
      const next = sequence + head.readUInt32LE(8);
      nextSequence = { from: next, to: next };
    });
  }
}

/** The names of the write-ahead logs from a number on, in the order in which they were begun. */
export async function logsFrom(directory: string, number: number): Promise<string[]> {
  return (await readdir(directory))
    .filter((name) => isLog(name) && Number.parseInt(name) >= number)
    .sort((a, b) => Number.parseInt(a) - Number.parseInt(b));
}

export function isLog(name: string): boolean {
  return /^\d+\.log$/.test(name);
}

/** What the first log continues, when the log that the manifest names is not there. */
function sequenceOfFirst({ number, logNumber, sequenceAtLog, lastSequence }: Manifest): {
  readonly from: number;
  readonly to: number;
} {
  // That log was begun under this manifest, so it is lost. Sequence numbers begin with 1: nothing is between 1 and 0.
  if (logNumber > number) return { from: 1, to: 0 };
  // Else there is none of that number: RocksDB had replayed all logs, and began one whose number it did not record.
  if (sequenceAtLog !== undefined) return { from: sequenceAtLog + 1, to: sequenceAtLog + 1 };
  // And it was killed while it opened the database once more.
  return { from: 1, to: lastSequence === undefined ? 0 : lastSequence + 1 };
}
