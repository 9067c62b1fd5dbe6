import { binding, type NativeHandle, type NativeOpenOptions } from './rocksdb-binding';
import { stateFailure } from './rocksdb-failure';

/* The binding's callbacks as promises, its errors as Millrace's. */

/** A block is what is read at once. Twice the size was measured to read slower, and to save 0.1 bytes of index for each entry only. */
const BLOCK_BYTES = 4096;

/** State is small values mostly, and Kafka Streams leaves it uncompressed too; so blocks need not be unpacked to be checked. */
const COMPRESSION = false;

export type OpenOptions = Omit<NativeOpenOptions, 'blockSize' | 'compression'>;

export async function openNative(directory: string, options: OpenOptions): Promise<NativeHandle> {
  const native = binding.db_init();
  await settled(directory, (callback) =>
    binding.db_open(native, directory, { ...options, blockSize: BLOCK_BYTES, compression: COMPRESSION }, callback),
  );
  return native;
}

/** Waits for what is under way, and ends open iterators. */
export function closeNative(directory: string, native: NativeHandle): Promise<void> {
  return settled(directory, (callback) => binding.db_close(native, callback));
}

export function writeNative(directory: string, batch: NativeHandle): Promise<void> {
  // Without fsync: the operating system has the write then, so it outlives the process.
  return settled(directory, (callback) => binding.batch_write(batch, { sync: false }, callback));
}

/** @param store - says in errors whose keys they are */
export function readNative(
  directory: string,
  native: NativeHandle,
  keys: readonly Buffer[],
  store?: string,
): Promise<(Buffer | undefined)[]> {
  return new Promise((resolve, reject) => {
    binding.db_get_many(native, keys, {}, (error, values) => {
      if (error === null) resolve(values);
      else reject(stateFailure(directory, error, store));
    });
  });
}

function settled(
  directory: string,
  start: (callback: (error: Error | null | undefined) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error === null || error === undefined) resolve();
      else reject(stateFailure(directory, error));
    });
  });
}
