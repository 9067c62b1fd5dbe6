/* The parts of the `rocksdb` addon that Millrace uses. Its own JavaScript layer (abstract-leveldown) is left out: it checks and
   wraps every key of every batch, which costs more than the write. */

/** A native database, iterator or batch. */
export type NativeHandle = object & { readonly native: unique symbol };

export interface NativeOpenOptions {
  readonly createIfMissing: boolean;
  readonly errorIfExists: boolean;
  readonly readOnly: boolean;
  readonly compression: boolean;
  /** Bytes of the block cache. */
  readonly cacheSize: number;
  readonly writeBufferSize: number;
  readonly blockSize: number;
  readonly maxOpenFiles: number;
}

export interface NativeIteratorOptions {
  readonly reverse: boolean;
  readonly gte?: Buffer;
  readonly gt?: Buffer;
  readonly lt?: Buffer;
  readonly lte?: Buffer;
  /** Bytes after which one `iterator_next` returns. */
  readonly highWaterMark: number;
}

type Callback<T extends readonly unknown[] = []> = (error: Error | null, ...results: T) => void;

/**
 * Using a database that is not open crashes the process, so callers keep track of that.
 * Keys and values are copied by the call that takes them. An empty key is skipped by `db_get_many`.
 */
export interface NativeBinding {
  db_init(): NativeHandle;
  db_open(database: NativeHandle, location: string, options: NativeOpenOptions, callback: Callback): void;
  /** Waits for operations under way and ends open iterators. */
  db_close(database: NativeHandle, callback: Callback): void;
  db_get_many(
    database: NativeHandle,
    keys: readonly Buffer[],
    options: object,
    callback: Callback<[(Buffer | undefined)[]]>,
  ): void;
  db_get_property(database: NativeHandle, name: string): string;
  db_compact_range(database: NativeHandle, start: Buffer, end: Buffer, callback: Callback): void;
  batch_init(database: NativeHandle): NativeHandle;
  batch_put(batch: NativeHandle, key: Buffer, value: Buffer): void;
  batch_del(batch: NativeHandle, key: Buffer): void;
  batch_clear(batch: NativeHandle): void;
  batch_write(batch: NativeHandle, options: { readonly sync: boolean }, callback: Callback): void;
  iterator_init(database: NativeHandle, options: NativeIteratorOptions): NativeHandle;
  /** Gives [value n, key n, ..., value 1, key 1], the first entry last, and whether that was the end. */
  iterator_next(iterator: NativeHandle, callback: Callback<[Buffer[], boolean]>): void;
  iterator_end(iterator: NativeHandle, callback: Callback): void;
}

// The file has no types of its own, and is CommonJS.
// eslint-disable-next-line @typescript-eslint/no-require-imports
export const binding = require('rocksdb/binding') as NativeBinding;
