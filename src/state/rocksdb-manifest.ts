import { LogFollower } from './rocksdb-log';
import type { TableFile } from './rocksdb-tables';
import { VarintReader } from './rocksdb-varint';
import { StateCorruptedError } from './state-database-errors';

/** What a manifest says of the state that RocksDB will open. */
export interface Manifest {
  /** Files that RocksDB made since it opened the database last have greater numbers. */
  readonly number: number;
  /** Write-ahead logs with a smaller number are in the table files. */
  readonly logNumber: number;
  /** The last sequence number given out when `logNumber` was recorded; undefined when it was copied from an earlier manifest. */
  readonly sequenceAtLog: number | undefined;
  /** The last sequence number given out when the manifest was written to last, or undefined when it does not say. */
  readonly lastSequence: number | undefined;
  /** Of the manifest, as far as it was read: to the end of its last whole record. */
  readonly sizeInBytes: number;
  readonly tables: readonly TableFile[];
}

// Fields of a record, each a tag and its value.
const COMPARATOR = 1;
const LOG_NUMBER = 2;
const NEXT_FILE_NUMBER = 3;
const LAST_SEQUENCE = 4;
const COMPACT_POINTER = 5;
const DELETED_FILE = 6;
const PREVIOUS_LOG_NUMBER = 9;
const MIN_LOG_NUMBER_TO_KEEP = 10;
const NEW_FILE = 103;
const MAX_COLUMN_FAMILY = 203;
/** Tags with this bit may be skipped: a length and as many bytes. */
const MAY_BE_SKIPPED = 1 << 13;
/** Ends the optional fields of a new file. */
const END_OF_FILE_FIELDS = 1;

/** @throws {StateCorruptedError} */
export async function readManifest(directory: string, name: string): Promise<Manifest> {
  return new ManifestFollower(directory, name).advance();
}

/** Reads a manifest that RocksDB still writes to: each time, what came since. */
export class ManifestFollower {
  private readonly state: ManifestState = {
    logNumber: 0,
    sequenceAtLog: 0,
    lastSequence: undefined,
    tables: new Map<number, TableFile>(),
  };
  private readonly log: LogFollower;

  constructor(
    directory: string,
    readonly name: string,
  ) {
    this.log = new LogFollower(directory, name, Number.MAX_SAFE_INTEGER, (record, offset) => {
      try {
        applyRecord(this.state, new VarintReader(record));
      } catch (cause) {
        throw new StateCorruptedError(directory, `the file ${name} has an unreadable record at offset ${offset}`, {
          cause,
        });
      }
    });
  }

  /** @throws {StateCorruptedError} */
  async advance(): Promise<Manifest> {
    return this.at(await this.log.advance());
  }

  /** The same, without letting anything else run meanwhile. */
  advanceNow(): Manifest {
    return this.at(this.log.advanceNow());
  }

  private at(sizeInBytes: number): Manifest {
    const { tables, ...state } = this.state;
    const number = Number(this.name.slice('MANIFEST-'.length));
    return { ...state, number, sizeInBytes, tables: [...tables.values()] };
  }
}

interface ManifestState {
  logNumber: number;
  sequenceAtLog: number | undefined;
  lastSequence: number | undefined;
  /** By number. */
  readonly tables: Map<number, TableFile>;
}

function applyRecord(state: ManifestState, reader: VarintReader): void {
  let logNumber: number | undefined;
  let lastSequence: number | undefined;
  while (!reader.atEnd) {
    const tag = reader.next();
    switch (tag) {
      case LOG_NUMBER:
        logNumber = reader.next();
        break;
      case LAST_SEQUENCE:
        lastSequence = reader.next();
        break;
      case NEXT_FILE_NUMBER:
      case PREVIOUS_LOG_NUMBER:
      case MIN_LOG_NUMBER_TO_KEEP:
      case MAX_COLUMN_FAMILY:
        reader.next();
        break;
      case COMPARATOR:
        reader.skip(reader.next());
        break;
      case COMPACT_POINTER:
        reader.next();
        reader.skip(reader.next());
        break;
      case DELETED_FILE:
        reader.next();
        state.tables.delete(reader.next());
        break;
      case NEW_FILE:
        addTable(state, reader);
        break;
      default:
        if ((tag & MAY_BE_SKIPPED) === 0) throw new Error(`unknown tag ${tag}`);
        reader.skip(reader.next());
    }
  }
  // A new database begins with a record that says 0, and there is no such log.
  if (logNumber !== undefined && logNumber > 0) {
    state.logNumber = logNumber;
    state.sequenceAtLog = lastSequence;
  }
  state.lastSequence = lastSequence ?? state.lastSequence;
}

/** Level, number, size, smallest and greatest key, smallest and greatest sequence number, optional fields. */
function addTable({ tables }: ManifestState, reader: VarintReader): void {
  reader.next();
  const number = reader.next();
  const size = reader.next();
  reader.skip(reader.next());
  reader.skip(reader.next());
  reader.next();
  reader.next();
  while (reader.next() !== END_OF_FILE_FIELDS) reader.skip(reader.next());
  tables.set(number, { name: `${String(number).padStart(6, '0')}.sst`, size });
}
