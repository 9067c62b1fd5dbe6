import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { guardDirectory } from '../state/rocksdb-failure';
import type { SnapshotFile } from './checkpoint-metadata';
import { concurrently } from './concurrently';
import { SnapshotDamagedError, SnapshotStoreError } from './errors';
import type { SnapshotStore } from './snapshot-store';

const CONCURRENT_FILES = 4;
/** Of one file. Without it one connection that breaks would cost a whole checkpoint, the likelier the larger that is. */
const ATTEMPTS = 3;
/** As those of a database: nothing that leads out of a directory. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Files read at a time. Default 4. */
  readonly concurrency?: number | undefined;
  /** Hears of each piece, with its size; of what has to be read again, with its size below zero. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** The store failed in the middle of a file, which is read again from its beginning. */
  readonly onRepeat?: ((file: SnapshotFile, error: SnapshotStoreError) => void) | undefined;
}

/**
 * Writes the files of a task's snapshot into a directory, and checks each against its size and SHA-256. A file that the store fails at is
 * read up to three times.
 *
 * When it fails the directory has some of the files, which must not be used.
 *
 * @throws {SnapshotDamagedError} a file is not what was uploaded
 * @throws {SnapshotMissingError} a file is not in the store any more
 * @throws {SnapshotStoreError} the store cannot be read, or `signal` is aborted
 * @throws {StateDirectoryError} the directory cannot be written
 */
export async function downloadTaskSnapshot(
  store: SnapshotStore,
  files: readonly SnapshotFile[],
  directory: string,
  options: DownloadOptions = {},
): Promise<void> {
  await eachFile(store, files, options, async (file, content) => {
    const path = join(directory, file.name);
    const output = await guardDirectory(directory, () => open(path, 'wx', 0o600));
    try {
      for await (const chunk of content) await guardDirectory(directory, () => output.writeFile(chunk));
    } catch (error) {
      await guardDirectory(directory, () => rm(path));
      throw error;
    } finally {
      await guardDirectory(directory, () => output.close());
    }
  });
}

/**
 * Reads the files of a task's snapshot, and checks each as a download does.
 *
 * @throws what {@link downloadTaskSnapshot} throws
 */
export async function verifyTaskSnapshot(
  store: SnapshotStore,
  files: readonly SnapshotFile[],
  options: DownloadOptions = {},
): Promise<void> {
  await eachFile(store, files, options, async (_file, content) => {
    for await (const chunk of content) void chunk;
  });
}

async function eachFile(
  store: SnapshotStore,
  files: readonly SnapshotFile[],
  { signal, concurrency = CONCURRENT_FILES, onProgress, onRepeat }: DownloadOptions,
  consume: (file: SnapshotFile, content: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const readOne = async (file: SnapshotFile, either: AbortSignal): Promise<void> => {
    if (!FILE_NAME.test(file.name))
      throw new SnapshotDamagedError(store.description, file.object, `'${file.name}' is no name of a file`);
    for (let attempt = 1; ; attempt++) {
      let bytes = 0;
      const counted = (more: number): void => {
        bytes += more;
        onProgress?.(more);
      };
      try {
        return await consume(file, checkedContent(store, file, either, counted));
      } catch (error) {
        if (attempt === ATTEMPTS || either.aborted || !(error instanceof SnapshotStoreError)) throw error;
        onProgress?.(-bytes);
        onRepeat?.(file, error);
      }
    }
  };
  await concurrently(files, concurrency, readOne, signal);
}

async function* checkedContent(
  store: SnapshotStore,
  { object, sizeInBytes, sha256 }: SnapshotFile,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of store.get(object, signal)) {
    bytes += chunk.length;
    if (bytes > sizeInBytes)
      throw new SnapshotDamagedError(store.description, object, `it has more than its ${sizeInBytes} bytes`);
    hash.update(chunk);
    onProgress(chunk.length);
    yield chunk;
  }
  if (bytes !== sizeInBytes)
    throw new SnapshotDamagedError(store.description, object, `it has ${bytes} bytes instead of ${sizeInBytes}`);
  if (hash.digest('hex') !== sha256)
    throw new SnapshotDamagedError(store.description, object, 'its SHA-256 is not the one that was recorded');
}
