import { DeserializationError } from './errors';
import type { Serde } from './serde';
import { varintLength, writeVarint } from './varint';

const NO_BYTES = Buffer.alloc(0);

/*
 * Serialized values with their times, in the order in which they came. In memory a list is what is stored, so that a list which was
 * read or written costs one object, and adding to it copies bytes only:
 *
 *     varint chunks: how many full lists were put aside under the same key
 *     then for each record: varint length of the value * 2 + flag, varint time, value
 *
 * Times count from wherever the user of the list says. A list is never changed: a commit may be writing it.
 */

/** Hands lists on as they are. */
export function timedRecords(name: string): Serde<Buffer> {
  return {
    name,
    serialize: (list) => list,
    deserialize: (bytes) => bytes,
  };
}

/** Reads the records of one list after another. */
export class TimedRecordReader {
  private bytes: Buffer = NO_BYTES;
  private position = 0;
  /** How many full lists were put aside. */
  chunks = 0;
  /* Of the record that `next` came to. */
  time = 0;
  flag = false;
  /** Where it begins: what `withoutFlag` wants. */
  at = 0;
  /** Where its value begins, and ends. */
  start = 0;
  end = 0;

  /** @param format - names the list's format in errors */
  constructor(private readonly format: string) {}

  open(list: Buffer): void {
    this.bytes = list;
    this.position = 0;
    this.chunks = this.varint();
  }

  /** Goes on to the next record. False at the end. */
  next(): boolean {
    if (this.position >= this.bytes.length) return false;
    this.at = this.position;
    const lengthAndFlag = this.varint();
    this.flag = lengthAndFlag % 2 === 1;
    this.time = this.varint();
    this.start = this.position;
    this.end = this.start + Math.floor(lengthAndFlag / 2);
    if (this.end > this.bytes.length) throw new DeserializationError(this.format, 'it ends in the middle of a value');
    this.position = this.end;
    return true;
  }

  private varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) throw new DeserializationError(this.format, 'it ends in the middle of a number');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
  }
}

/** A list of no records behind so many that were put aside. */
export function emptyRecords(chunks: number): Buffer {
  const bytes = Buffer.allocUnsafe(varintLength(chunks));
  writeVarint(bytes, 0, chunks);
  return bytes;
}

/** The list with one more record. */
export function withRecord(list: Buffer, time: number, value: Uint8Array, flag: boolean): Buffer {
  const lengthAndFlag = value.length * 2 + (flag ? 1 : 0);
  const bytes = Buffer.allocUnsafe(list.length + varintLength(lengthAndFlag) + varintLength(time) + value.length);
  bytes.set(list, 0);
  const at = writeVarint(bytes, writeVarint(bytes, list.length, lengthAndFlag), time);
  bytes.set(value, at);
  return bytes;
}

/** The list with the flag of one record cleared. All records stay where they are. */
export function withoutFlag(list: Buffer, at: number): Buffer {
  const bytes = Buffer.from(list);
  bytes[at]! &= 0xfe;
  return bytes;
}

/** The list as one that was put aside: it says nothing of others. */
export function asChunk(list: Buffer, chunks: number): Buffer {
  return Buffer.concat([emptyRecords(0), list.subarray(varintLength(chunks))]);
}

/** Whether the flag of the record that begins at `at` is set. */
export function isFlagged(list: Buffer, at: number): boolean {
  return (list[at]! & 1) === 1;
}
