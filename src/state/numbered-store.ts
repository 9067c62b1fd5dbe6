import type { StoreHandle } from './state-database';

/** Bytes of a store's number, big endian, that a stored key begins with. 0 is no store's number. */
export const PREFIX_LENGTH = 2;

/** A store's number as the prefix of its keys. */
export class NumberedStore implements StoreHandle {
  readonly prefixLength = PREFIX_LENGTH;
  /** The least stored key that a store of this number can have. */
  readonly first: Buffer;
  /** Greater than every stored key of this store. */
  readonly end: Buffer;

  constructor(
    readonly name: string,
    readonly number: number,
  ) {
    this.first = prefix(number);
    this.end = prefix(number + 1);
  }

  prefixed(key: Uint8Array): Buffer {
    const stored = Buffer.allocUnsafe(PREFIX_LENGTH + key.length);
    stored[0] = this.number >>> 8;
    stored[1] = this.number;
    stored.set(key, PREFIX_LENGTH);
    return stored;
  }
}

function prefix(number: number): Buffer {
  const bytes = Buffer.alloc(PREFIX_LENGTH);
  bytes.writeUInt16BE(number);
  return bytes;
}
