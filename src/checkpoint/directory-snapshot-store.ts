import { type Dirent } from 'node:fs';
import { type FileHandle, open, readdir, rm, rmdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { DurableDirectories, isOneOf, syncDirectory, writeNewFile } from './durable-files';
import { SnapshotDamagedError, SnapshotMissingError, SnapshotStoreError } from './errors';
import { checkName, checkPrefix, isLegalPart } from './legal-names';
import { piecesOf } from './object-content';
import type { ObjectContent, SnapshotStore, StoredObject } from './snapshot-store';
import { UnfinishedFiles } from './unfinished-files';

const PIECE_BYTES = 256 * 1024;
const DELETED_AT_ONCE = 16;
const HOUR_MS = 3_600_000;

export interface DirectorySnapshotStoreOptions {
  /** Absolute. Made when something is written, if it is not there. */
  readonly directory: string;
  /** Milliseconds without growth after which a file that is being written counts as left behind. Default: an hour. */
  readonly abandonedAfterMs?: number | undefined;
}

/**
 * Keeps objects as files below a directory, on a local disk or a network file system that all instances share.
 *
 * An object is written to a file of another name, synced, renamed, and then the directory is synced: it is there whole or not at all,
 * also after a power cut. An operation of a file system that hangs, as a hard mount of NFS may, cannot be aborted.
 */
export class DirectorySnapshotStore implements SnapshotStore {
  readonly description: string;
  private readonly root: string;
  private readonly directories: DurableDirectories;
  private readonly unfinished: UnfinishedFiles;

  constructor({ directory, abandonedAfterMs = HOUR_MS }: DirectorySnapshotStoreOptions) {
    this.root = path.resolve(directory);
    this.description = `the directory ${this.root}`;
    this.directories = new DurableDirectories(this.root);
    this.unfinished = new UnfinishedFiles(this.root, abandonedAfterMs);
  }

  async put(name: string, content: ObjectContent, signal?: AbortSignal): Promise<void> {
    const file = this.fileOf(name, 'Writing');
    const unfinished = this.unfinished.next();
    try {
      signal?.throwIfAborted();
      await this.directories.make(this.unfinished.directory);
      await this.unfinished.sweepNowAndThen();
      await writeNewFile(unfinished, piecesOf(content, signal));
      signal?.throwIfAborted();
      await this.directories.move(unfinished, file);
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => undefined);
      throw new SnapshotStoreError(this.description, name, 'Writing', error);
    }
  }

  async *get(name: string, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const file = this.fileOf(name, 'Reading');
    let handle: FileHandle | undefined;
    try {
      signal?.throwIfAborted();
      handle = await open(file, 'r');
      const status = await handle.stat();
      if (!status.isFile()) throw new SnapshotMissingError(this.description, name);
      for (let position = 0; position < status.size;) {
        const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, status.size - position));
        const { bytesRead } = await handle.read(piece, 0, piece.length, position);
        if (bytesRead === 0) {
          throw new SnapshotDamagedError(this.description, name, `it ends after ${position} of ${status.size} bytes`);
        }
        signal?.throwIfAborted();
        yield piece.subarray(0, bytesRead);
        position += bytesRead;
      }
      signal?.throwIfAborted();
    } catch (error) {
      if (error instanceof SnapshotDamagedError || error instanceof SnapshotMissingError) throw error;
      if (isOneOf(error, 'ENOENT', 'ENOTDIR')) throw new SnapshotMissingError(this.description, name);
      throw new SnapshotStoreError(this.description, name, 'Reading', error);
    } finally {
      await handle?.close();
    }
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<StoredObject, void> {
    checkPrefix(this.description, prefix);
    try {
      yield* this.walk(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, signal);
      signal?.throwIfAborted();
    } catch (error) {
      throw new SnapshotStoreError(this.description, prefix, 'Listing', error);
    }
  }

  async delete(names: readonly string[], signal?: AbortSignal): Promise<void> {
    const files = names.map((name) => ({ name, file: this.fileOf(name, 'Deleting') }));
    for (let from = 0; from < files.length; from += DELETED_AT_ONCE) {
      await Promise.all(files.slice(from, from + DELETED_AT_ONCE).map((object) => this.deleteOne(object, signal)));
    }
    for (const directory of new Set(files.map(({ file }) => path.dirname(file)))) await this.tidy(directory);
  }

  close(): void {}

  /** @param directory what all names in it begin with, with a slash at the end; empty for the root */
  private async *walk(
    directory: string,
    prefix: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StoredObject, void> {
    for (const entry of await this.entriesOf(directory)) {
      signal?.throwIfAborted();
      const name = `${directory}${entry.name}`;
      if (!isLegalPart(entry.name) || !name.startsWith(prefix)) continue;
      if (entry.isDirectory()) yield* this.walk(`${name}/`, prefix, signal);
      if (entry.isFile()) {
        const status = await stat(path.join(this.root, name)).catch(nullWhenGone);
        if (status !== null) yield { name, sizeInBytes: status.size, modifiedAt: status.mtimeMs };
      }
    }
  }

  private async entriesOf(directory: string): Promise<readonly Dirent[]> {
    return (await readdir(path.join(this.root, directory), { withFileTypes: true }).catch(nullWhenGone)) ?? [];
  }

  private async deleteOne(object: { name: string; file: string }, signal: AbortSignal | undefined): Promise<void> {
    try {
      signal?.throwIfAborted();
      await unlink(object.file);
    } catch (error) {
      // A directory is no object either.
      if (isOneOf(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return;
      throw new SnapshotStoreError(this.description, object.name, 'Deleting', error);
    }
  }

  /** Removes a directory, and those above it, as far as they are empty; makes durable what was deleted. */
  private async tidy(directory: string): Promise<void> {
    try {
      for (; directory !== this.root; directory = path.dirname(directory)) {
        this.directories.forget(directory);
        await rmdir(directory).catch((error: unknown) => {
          if (!isOneOf(error, 'ENOENT')) throw error;
        });
      }
    } catch (error) {
      if (!isOneOf(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) throw this.deletingFailed(directory, error);
    }
    await syncDirectory(directory).catch((error: unknown) => {
      if (!isOneOf(error, 'ENOENT', 'ENOTDIR')) throw this.deletingFailed(directory, error);
    });
  }

  private deletingFailed(directory: string, cause: unknown): SnapshotStoreError {
    return new SnapshotStoreError(this.description, path.relative(this.root, directory), 'Deleting', cause);
  }

  private fileOf(name: string, what: string): string {
    checkName(this.description, what, name);
    return path.join(this.root, name);
  }
}

function nullWhenGone(error: unknown): null {
  if (isOneOf(error, 'ENOENT', 'ENOTDIR')) return null;
  throw error;
}
