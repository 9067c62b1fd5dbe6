import { createHash } from 'node:crypto';
import { filesOf, sizeOf } from './checkpoint-files';
import type { CheckpointMetadata, SnapshotFile } from './checkpoint-metadata';
import { concurrently } from './concurrently';
import { SnapshotDamagedError, SnapshotMissingError } from './errors';
import { filesPrefix } from './object-names';
import type { SnapshotStore } from './snapshot-store';

/** How far a verification is. */
export interface VerifyProgress {
  readonly files: number;
  readonly filesDone: number;
  readonly bytes: number;
  readonly bytesDone: number;
}

export interface VerifyOptions {
  /** Reads every file and compares its SHA-256. Default false: only whether it is there and has its size. */
  readonly deep?: boolean;
  readonly onProgress?: (progress: VerifyProgress) => void;
  readonly signal?: AbortSignal;
}

/** A file that a restore could not use. */
export interface FileProblem {
  readonly object: string;
  /** In the database of its task, or of the channel's records. */
  readonly name: string;
  /** Completes a sentence that begins with the file. */
  readonly problem: string;
}

/** What a verification found. The checkpoint is sound when there are no problems. */
export interface Verification {
  readonly files: number;
  readonly bytes: number;
  readonly problems: readonly FileProblem[];
}

const PARALLEL_READS = 4;

/**
 * Looks whether all files of a checkpoint are in the store and, with `deep`, whether they hold what was written. All are looked at,
 * whatever is found.
 *
 * @throws {SnapshotStoreError} when the store does not answer, which says nothing about the checkpoint
 */
export async function verifyCheckpoint(
  store: SnapshotStore,
  metadata: CheckpointMetadata,
  { deep = false, onProgress, signal }: VerifyOptions = {},
): Promise<Verification> {
  const files = filesOf(metadata);
  const bytes = sizeOf(files);
  const stored = new Map<string, number>();
  for await (const { name, sizeInBytes } of store.list(filesPrefix(metadata.applicationId), signal))
    stored.set(name, sizeInBytes);
  let filesDone = 0;
  let bytesDone = 0;
  const verifyOne = async (file: SnapshotFile, either: AbortSignal): Promise<FileProblem[]> => {
    const problem =
      sizeProblem(file, stored.get(file.object)) ?? (deep ? await contentProblem(store, file, either) : undefined);
    filesDone++;
    bytesDone += file.sizeInBytes;
    onProgress?.({ files: files.length, filesDone, bytes, bytesDone });
    return problem === undefined ? [] : [{ object: file.object, name: file.name, problem }];
  };
  const found = await concurrently(files, PARALLEL_READS, verifyOne, signal);
  return { files: files.length, bytes, problems: found.flat() };
}

/** What is stored may be more than was put, as with encryption, and never less. */
function sizeProblem({ sizeInBytes }: SnapshotFile, stored: number | undefined): string | undefined {
  if (stored === undefined) return 'is missing';
  return stored < sizeInBytes ? `has ${stored} bytes instead of ${sizeInBytes}` : undefined;
}

async function contentProblem(
  store: SnapshotStore,
  { object, sizeInBytes, sha256 }: SnapshotFile,
  signal: AbortSignal,
): Promise<string | undefined> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const piece of store.get(object, signal)) {
      hash.update(piece);
      size += piece.byteLength;
    }
  } catch (error) {
    if (error instanceof SnapshotMissingError) return 'is missing';
    if (error instanceof SnapshotDamagedError) return `cannot be used: ${error.damage}`;
    throw error;
  }
  if (size !== sizeInBytes) return `has ${size} bytes instead of ${sizeInBytes}`;
  return hash.digest('hex') === sha256 ? undefined : 'has other content than was written';
}
