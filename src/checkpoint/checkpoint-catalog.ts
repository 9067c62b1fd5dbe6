import type { Logger } from '../logging/logger';
import { CheckpointExistsError, CheckpointNotFoundError, CheckpointSupersededError } from './catalog-errors';
import { listEntries, listMetadata, readEntry, readMetadata, type CatalogEntry } from './catalog-entries';
import { checkpointId, checkSavepointId, isPossibleId, kindOfId, numberOfCheckpointId } from './checkpoint-id';
import { FailedCheckpoints, type FailedCheckpoint } from './failed-checkpoints';
import { filesOf } from './checkpoint-files';
import type { CheckpointMetadata } from './checkpoint-metadata';
import { SnapshotMissingError } from './errors';
import { deleteUnlisted, type Deletion, type StoredFile } from './file-deletion';
import { encodeMetadata } from './metadata-codec';
import { filesPrefix, metadataObject, numberOfFile, restoringObject } from './object-names';
import { readObject } from './read-object';
import { decodeRestoreMark, encodeRestoreMark, type RestoreMark } from './restore-mark';
import type { SnapshotStore } from './snapshot-store';
import { verifyCheckpoint, type Verification, type VerifyOptions } from './verify-checkpoint';

/** What the catalog may delete by itself. */
export interface CleanUp {
  /** How many complete checkpoints are kept; at least 1. */
  readonly keep: number;
  /** No checkpoint with a lower number is under way or will be begun: files that were written for one are deleted if none lists them. */
  readonly below: number;
  /**
   * The checkpoint that one under way shares files with. They stay, though its metadata may be deleted by hand meanwhile. Undefined when there
   * is none.
   */
  readonly inUse: CheckpointMetadata | undefined;
}

/**
 * The checkpoints and savepoints of one application in a snapshot store.
 *
 * Metadata is written after all its files and deleted before any of them. So whatever is interrupted, metadata that is there has its
 * files; files without metadata are orphans, which {@link cleanUp} finds.
 */
export class CheckpointCatalog {
  constructor(
    private readonly store: SnapshotStore,
    readonly applicationId: string,
    private readonly logger: Logger,
  ) {}

  /** Where it is, for messages. */
  get description(): string {
    return this.store.description;
  }

  /**
   * Checkpoints and savepoints, newest first. Damaged ones are among them, those whose number is not known at the end.
   *
   * @throws {SnapshotStoreError}
   */
  list(): Promise<CatalogEntry[]> {
    return listEntries(this.store, this.applicationId);
  }

  /**
   * @throws {CheckpointNotFoundError}
   * @throws {SnapshotDamagedError}
   * @throws {SnapshotStoreError}
   */
  async read(id: string): Promise<CheckpointMetadata> {
    if (!isPossibleId(id)) throw this.notFound(id);
    try {
      return await readMetadata(this.store, this.applicationId, kindOfId(id), id);
    } catch (error) {
      if (error instanceof SnapshotMissingError) throw this.notFound(id);
      throw error;
    }
  }

  /**
   * What a recovery may use, newest first; savepoints too, being complete checkpoints. Each is read when it is asked for. Damaged ones
   * are left out and logged.
   *
   * @throws {SnapshotStoreError} through the iteration
   */
  async *latestCheckpoints(): AsyncGenerator<CheckpointMetadata, void, undefined> {
    const documents = await listMetadata(this.store, this.applicationId);
    // The number of a savepoint is known only by its content.
    const savepoints: CheckpointMetadata[] = [];
    for (const document of documents.filter(({ kind }) => kind === 'savepoint')) {
      const savepoint = this.usable(await readEntry(this.store, this.applicationId, document));
      if (savepoint !== undefined) savepoints.push(savepoint);
    }
    savepoints.sort((a, b) => b.number - a.number);
    const checkpoints = documents
      .flatMap((document) => ({ document, number: numberOfCheckpointId(document.id) }))
      .filter((each): each is typeof each & { number: number } => each.number !== undefined)
      .sort((a, b) => b.number - a.number);
    for (const { document, number } of checkpoints) {
      while ((savepoints[0]?.number ?? -1) > number) yield savepoints.shift()!;
      const checkpoint = this.usable(await readEntry(this.store, this.applicationId, document));
      if (checkpoint !== undefined) yield checkpoint;
    }
    yield* savepoints;
  }

  private usable(entry: CatalogEntry | undefined): CheckpointMetadata | undefined {
    if (entry?.status === 'damaged') {
      this.logger.warn(
        { event: 'checkpoint_damaged', checkpoint: entry.id, object: entry.object, damage: entry.damage },
        `The metadata of ${entry.id} cannot be used: ${entry.damage}`,
      );
    }
    return entry?.metadata;
  }

  /**
   * Makes a checkpoint visible. Its last step: all its files are there. Doing it again is no error.
   *
   * @throws {SavepointIdError}
   * @throws {CheckpointExistsError} when there is another one of that id
   * @throws {CheckpointSupersededError} when a later checkpoint is complete
   * @throws {SnapshotStoreError}
   */
  async write(metadata: CheckpointMetadata, signal?: AbortSignal): Promise<void> {
    const { kind, id, number } = metadata;
    if (kind === 'savepoint') checkSavepointId(id);
    else if (id !== checkpointId(number)) throw new RangeError(`Checkpoint ${number} must not have the id '${id}'.`);
    if (metadata.applicationId !== this.applicationId)
      throw new RangeError(`'${id}' is of application '${metadata.applicationId}', not '${this.applicationId}'.`);
    const document = encodeMetadata(metadata);
    const object = metadataObject(this.applicationId, kind, id);
    const documents = await listMetadata(this.store, this.applicationId);
    if (documents.some((each) => each.object === object)) {
      // Who wrote it may not have heard of it.
      const there = await readObject(this.store, object, signal);
      if (there.equals(document)) return;
      throw new CheckpointExistsError(id, this.applicationId, this.store.description);
    }
    const later = documents.find((each) => (numberOfCheckpointId(each.id) ?? 0) > number);
    if (later !== undefined)
      throw new CheckpointSupersededError(id, later.id, this.applicationId, this.store.description);
    await this.store.put(object, document, signal);
  }

  /** The last that failed, oldest first. */
  failures(): Promise<readonly FailedCheckpoint[]> {
    return new FailedCheckpoints(this.store, this.applicationId, this.logger).list();
  }

  /** Whether an id is taken, by something readable or not. */
  async isTaken(id: string): Promise<boolean> {
    return isPossibleId(id) && this.has(metadataObject(this.applicationId, kindOfId(id), id));
  }

  private async has(object: string): Promise<boolean> {
    for await (const { name } of this.store.list(object)) if (name === object) return true;
    return false;
  }

  /** The highest number that any metadata or file has; 0 when there is nothing. Also of checkpoints that were begun only. */
  async highestNumber(): Promise<number> {
    let highest = 0;
    for (const document of await listMetadata(this.store, this.applicationId)) {
      const number =
        numberOfCheckpointId(document.id) ?? (await readEntry(this.store, this.applicationId, document))?.number;
      highest = Math.max(highest, number ?? 0);
    }
    for await (const { name } of this.store.list(filesPrefix(this.applicationId)))
      highest = Math.max(highest, numberOfFile(this.applicationId, name) ?? 0);
    return highest;
  }

  /** The number for the next checkpoint: above `number`, the highest that the caller knows of, and above all in the store. */
  async nextNumberAfter(number: number): Promise<number> {
    return Math.max(number, await this.highestNumber()) + 1;
  }

  /**
   * Looks whether the files of a checkpoint are there; see {@link verifyCheckpoint}.
   *
   * @throws {SnapshotStoreError}
   */
  verify(metadata: CheckpointMetadata, options: VerifyOptions = {}): Promise<Verification> {
    return verifyCheckpoint(this.store, metadata, options);
  }

  /**
   * Deletes a checkpoint or a savepoint, by hand. Files that others list stay. Those of the newest one stay too, unless the application
   * is stopped: a checkpoint under way may be going to list them. They are swept when that has completed.
   *
   * @param options.applicationStopped - default false
   * @throws {CheckpointNotFoundError}
   * @throws {SnapshotStoreError}
   */
  async delete(id: string, { applicationStopped = false }: { applicationStopped?: boolean } = {}): Promise<Deletion> {
    if (!isPossibleId(id)) throw this.notFound(id);
    const object = metadataObject(this.applicationId, kindOfId(id), id);
    const entry = await readEntry(this.store, this.applicationId, { kind: kindOfId(id), id, object });
    if (entry === undefined) throw this.notFound(id);
    await this.store.delete([object]);
    const others = await this.list();
    if (entry.metadata === undefined)
      return {
        ids: [id],
        files: 0,
        bytes: 0,
        left: 'its metadata, which lists them, cannot be read',
        unreadable: [id],
      };
    const { metadata } = entry;
    if (!applicationStopped && others.every(({ number = 0 }) => number < metadata.number)) {
      const left = 'it was the newest, and a checkpoint that is being taken now may share them';
      return { ids: [id], files: 0, bytes: 0, left, unreadable: [] };
    }
    return this.deleteFiles([id], filesOf(metadata), others, []);
  }

  /**
   * Deletes all complete checkpoints but the newest `keep`, damaged ones that are older than these, and all files that no metadata lists
   * then: theirs, those of checkpoints that were aborted, and of deletions that were interrupted. Savepoints stay. While there is metadata
   * that cannot be read no file is deleted: it may list them.
   *
   * @throws {SnapshotStoreError}
   */
  async cleanUp({
    keep,
    below,
    inUse,
  }: CleanUp): Promise<{ readonly deletion: Deletion; readonly kept: CatalogEntry[] }> {
    if (!Number.isInteger(keep) || keep < 1) throw new RangeError(`At least 1 checkpoint must be kept, not ${keep}.`);
    const written: StoredFile[] = [];
    for await (const { name, sizeInBytes } of this.store.list(filesPrefix(this.applicationId)))
      if ((numberOfFile(this.applicationId, name) ?? Infinity) < below) written.push({ object: name, sizeInBytes });
    // Looked at after the files: what completes in between lists its own.
    const entries = await this.list();
    const oldestKept = entries.filter(({ kind, status }) => kind === 'checkpoint' && status === 'complete')[keep - 1];
    const isExpired = ({ kind, number }: CatalogEntry): boolean =>
      kind === 'checkpoint' && number! < (oldestKept?.number ?? -1);
    const expired = entries.filter(isExpired);
    const kept = entries.filter((entry) => !isExpired(entry));
    if (expired.length > 0) await this.store.delete(expired.map(({ object }) => object));
    const ids = expired.map(({ id }) => id);
    const deletion = await this.deleteFiles(ids, written, kept, inUse === undefined ? [] : [inUse]);
    this.logCleanUp(deletion, keep);
    return { deletion, kept };
  }

  private logCleanUp({ ids, files, bytes }: Deletion, keep: number): void {
    if (ids.length > 0)
      this.logger.info(
        { event: 'checkpoints_expired', checkpoints: ids, files, bytes },
        `Deleted ${ids.length} checkpoints that are older than the newest ${keep}, and ${files} files that no other lists`,
      );
    else if (files > 0)
      this.logger.info(
        { event: 'orphans_swept', files, bytes },
        `Deleted ${files} files in the snapshot store that no checkpoint lists`,
      );
  }

  private async deleteFiles(
    ids: readonly string[],
    files: readonly StoredFile[],
    kept: readonly CatalogEntry[],
    inUse: readonly CheckpointMetadata[],
  ): Promise<Deletion> {
    const deletion = await deleteUnlisted(this.store, this.applicationId, { ids, files, kept, inUse });
    if (deletion.left !== undefined) {
      this.logger.warn(
        { event: 'snapshot_files_left', unreadable: deletion.unreadable },
        `Files that no checkpoint lists are left in the snapshot store: ${deletion.left}. Delete what is damaged`,
      );
    }
    return deletion;
  }

  /**
   * Says that the application is being rewound. Said again it replaces what was said before: another restore ends whatever a former one
   * left half done.
   *
   * @throws {SnapshotStoreError}
   */
  async markRestoring(mark: RestoreMark): Promise<void> {
    await this.store.put(restoringObject(this.applicationId), encodeRestoreMark(mark));
  }

  /**
   * What is being restored, or was and did not come to its end; undefined when nothing is.
   *
   * @throws {SnapshotDamagedError}
   * @throws {SnapshotStoreError}
   */
  async restoring(): Promise<RestoreMark | undefined> {
    const object = restoringObject(this.applicationId);
    try {
      return decodeRestoreMark(await readObject(this.store, object), { store: this.store.description, object });
    } catch (error) {
      if (error instanceof SnapshotMissingError) return undefined;
      throw error;
    }
  }

  /** @throws {SnapshotStoreError} */
  async clearRestoring(): Promise<void> {
    await this.store.delete([restoringObject(this.applicationId)]);
  }

  private notFound(id: string): CheckpointNotFoundError {
    return new CheckpointNotFoundError(id, this.applicationId, this.store.description);
  }
}
