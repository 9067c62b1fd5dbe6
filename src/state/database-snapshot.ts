import { rm } from 'node:fs/promises';

/** A file of a snapshot. */
export interface DatabaseFile {
  readonly name: string;
  /**
   * How much of the file belongs to the snapshot, from its beginning on. The database still writes to some of its files, so there
   * may be more in it.
   */
  readonly sizeInBytes: number;
}

/**
 * A task's state as it was at one moment, in files of its own: hard links, so it costs no space but for what the database deletes
 * later. It must be released.
 */
export interface DatabaseSnapshot {
  readonly directory: string;
  /**
   * The files, once all are written: those of stores in memory are written after the cut, beside the processing.
   *
   * @throws {StateDirectoryError} they cannot be written
   */
  files(): Promise<readonly DatabaseFile[]>;
  /** Deletes the files. Calling it again does nothing. */
  release(): Promise<void>;
}

/** Deletes a snapshot's directory, once nothing is written to it any more. */
export async function releaseDirectory(directory: string, written: Promise<unknown>): Promise<void> {
  await written.catch(() => undefined);
  await rm(directory, { recursive: true, force: true });
}
