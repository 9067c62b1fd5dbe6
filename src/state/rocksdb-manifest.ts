import { readLog } from './rocksdb-log';
import { VarintReader } from './rocksdb-varint';
import { StateCorruptedError } from './state-database-errors';

export interface ManifestPosition {
  /** Write-ahead logs with a smaller number are in the table files. */
  readonly logNumber: number;
  /** The last sequence number given out when `logNumber` was recorded, if it was recorded with it. */
  readonly lastSequence: number | undefined;
}

// Fields of a record, each a tag and its value. These come before all others.
const COMPARATOR = 1;
const LOG_NUMBER = 2;
const NEXT_FILE_NUMBER = 3;
const LAST_SEQUENCE = 4;
const PREVIOUS_LOG_NUMBER = 9;
const MAX_COLUMN_FAMILY = 203;

const HEAD_BYTES = 256;

/** @throws {StateCorruptedError} */
export async function readManifest(directory: string, name: string): Promise<ManifestPosition> {
  let position: ManifestPosition = { logNumber: 0, lastSequence: 0 };
  await readLog(directory, name, HEAD_BYTES, (head, offset) => {
    try {
      const { logNumber, lastSequence } = parseFirstFields(head);
      // A new database begins with a record without writes, its numbers in two records.
      if (logNumber !== undefined && logNumber > 0) position = { logNumber, lastSequence };
    } catch (cause) {
      throw new StateCorruptedError(directory, `the file ${name} has an unreadable record at offset ${offset}`, {
        cause,
      });
    }
  });
  return position;
}

function parseFirstFields(record: Buffer): { logNumber: number | undefined; lastSequence: number | undefined } {
  let logNumber: number | undefined;
  let lastSequence: number | undefined;
  for (const reader = new VarintReader(record); !reader.atEnd;) {
    switch (reader.next()) {
      case COMPARATOR:
        reader.skip(reader.next());
        break;
      case LOG_NUMBER:
        logNumber = reader.next();
        break;
      case LAST_SEQUENCE:
        lastSequence = reader.next();
        break;
      case NEXT_FILE_NUMBER:
      case PREVIOUS_LOG_NUMBER:
      case MAX_COLUMN_FAMILY:
        reader.next();
        break;
      default:
        return { logNumber, lastSequence };
    }
  }
  return { logNumber, lastSequence };
}
