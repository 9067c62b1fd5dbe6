import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, type BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseFile, DatabaseSnapshot } from '../state/database-snapshot';
import { guardDirectory } from '../state/rocksdb-failure';
import { checkTableBlocks } from '../state/rocksdb-tables';
import { StateCorruptedError } from '../state/state-database-errors';
import type { SnapshotFile } from './checkpoint-metadata';
import { concurrently } from './concurrently';
import { KnownContents } from './known-contents';
import { fileObject } from './object-names';
import type { SnapshotStore } from './snapshot-store';

const CONCURRENT_FILES = 4;
const READ_BYTES = 1 << 18;

export interface TaskUpload {
  readonly store: SnapshotStore;
  readonly applicationId: string;
  /** Of the checkpoint. */
  readonly number: number;
  /** `<subtopology>_<partition>` */
  readonly task: string;
  readonly snapshot: DatabaseSnapshot;
  /** The task's files in the last completed checkpoint, whose objects may be used again. */
  readonly shared: readonly SnapshotFile[];
  /** Of earlier uploads of this task by this process; is brought up to date. Without it each table file is read. */
  readonly known?: KnownContents | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called when a file is in the store that was not. */
  readonly onFileStored?: (() => void) | undefined;
  /** Files read and sent at a time. Default 4. */
  readonly concurrency?: number | undefined;
}

export interface UploadedTask {
  readonly files: readonly SnapshotFile[];
  /** Of the files that were not in the store yet. */
  readonly uploadedBytes: number;
}

/**
 * Puts what belongs to a task's snapshot into a store, each file as an object. Files whose very content the last checkpoint has are
 * not sent again, unless they were encrypted with another key than the current one, which may be removed some day. Table files are checked before they are sent first, so that damage on this disk does not get into checkpoints.
 *
 * When it fails, objects that were written are left to whoever sweeps orphans.
 *
 * @throws {SnapshotStoreError} the store cannot be written, or `signal` is aborted
 * @throws {StateCorruptedError} the task's files are damaged
 * @throws {StateDirectoryError} they cannot be read
 */
export async function uploadTaskSnapshot(upload: TaskUpload): Promise<UploadedTask> {
  const { snapshot, known = new KnownContents(), concurrency = CONCURRENT_FILES } = upload;
  const send = (file: DatabaseFile, signal: AbortSignal): ReturnType<FileUpload['run']> =>
    new FileUpload(upload, known, file, signal).run();
  const found = await concurrently(await snapshot.files(), concurrency, send, upload.signal);
  known.replace(found.flatMap(({ stats, file }) => (isTable(file.name) ? [[stats, file.sha256] as const] : [])));
  return {
    files: found.map(({ file }) => file),
    uploadedBytes: found.reduce((sum, { uploadedBytes }) => sum + uploadedBytes, 0),
  };
}

function isTable(name: string): boolean {
  return name.endsWith('.sst');
}

class FileUpload {
  private readonly path: string;

  constructor(
    private readonly upload: TaskUpload,
    private readonly known: KnownContents,
    private readonly file: DatabaseFile,
    private readonly signal: AbortSignal,
  ) {
    this.path = join(upload.snapshot.directory, file.name);
  }

  async run(): Promise<{ readonly stats: BigIntStats; readonly file: SnapshotFile; readonly uploadedBytes: number }> {
    const { directory } = this.upload.snapshot;
    const { store, shared } = this.upload;
    const { name, sizeInBytes } = this.file;
    const stats = await guardDirectory(directory, () => stat(this.path, { bigint: true }));
    const candidates = shared.filter(
      (file) => file.name === name && file.sizeInBytes === sizeInBytes && file.keyId === store.keyId,
    );
    let sha256 = isTable(name) ? this.known.get(stats) : undefined;
    if (sha256 === undefined && candidates.length > 0) sha256 = await this.hash();
    const same = candidates.find((file) => file.sha256 === sha256);
    if (same !== undefined) return { stats, file: same, uploadedBytes: 0 };
    if (isTable(name))
      await guardDirectory(directory, () => checkTableBlocks(directory, [{ name, size: sizeInBytes }]));
    return { stats, file: await this.send(), uploadedBytes: sizeInBytes };
  }

  private async hash(): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of this.content()) hash.update(chunk);
    return hash.digest('hex');
  }

  private async send(): Promise<SnapshotFile> {
    const { store, applicationId, number, task } = this.upload;
    const { name, sizeInBytes } = this.file;
    const object = fileObject(applicationId, number, task, randomUUID());
    const hash = createHash('sha256');
    const content = this.content();
    let readFailure: { readonly error: unknown } | undefined;
    async function* hashed(): AsyncGenerator<Uint8Array> {
      try {
        for await (const chunk of content) {
          hash.update(chunk);
          yield chunk;
        }
      } catch (error) {
        readFailure = { error };
        throw error;
      }
    }
    try {
      await store.put(object, hashed(), this.signal);
    } catch (error) {
      // To the store it is a failure of its own.
      throw readFailure === undefined ? error : readFailure.error;
    }
    this.upload.onFileStored?.();
    return { name, object, sizeInBytes, sha256: hash.digest('hex'), keyId: store.keyId };
  }

  /** The bytes that belong to the snapshot, piece by piece. */
  private async *content(): AsyncGenerator<Buffer> {
    const { directory } = this.upload.snapshot;
    const { name, sizeInBytes } = this.file;
    let bytes = 0;
    if (sizeInBytes > 0) {
      const stream = createReadStream(this.path, { end: sizeInBytes - 1, highWaterMark: READ_BYTES });
      try {
        const chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
        for (;;) {
          const chunk = await guardDirectory(directory, () => chunks.next());
          if (chunk.done === true) break;
          bytes += chunk.value.length;
          yield chunk.value;
        }
      } finally {
        stream.destroy();
      }
    }
    if (bytes !== sizeInBytes)
      throw new StateCorruptedError(directory, `the file ${name} has ${bytes} bytes instead of ${sizeInBytes}`);
  }
}
