import type { CatalogEntry } from './catalog-entries';
import { filesOf, sizeOf } from './checkpoint-files';
import type { CheckpointMetadata } from './checkpoint-metadata';
import { numberOfFile } from './object-names';
import type { SnapshotStore } from './snapshot-store';

/** What was deleted. */
export interface Deletion {
  /** Of checkpoints and savepoints. */
  readonly ids: readonly string[];
  readonly files: number;
  readonly bytes: number;
  /** Why files were left in the store; undefined when all that could go are gone. */
  readonly left: string | undefined;
  /** Ids whose metadata cannot be read and may list what was left. */
  readonly unreadable: readonly string[];
}

export interface StoredFile {
  readonly object: string;
  readonly sizeInBytes: number;
}

/** Deletes those of `files` that nothing in `kept` or `inUse` lists, or none when something in `kept` cannot be read. */
export async function deleteUnlisted(
  store: SnapshotStore,
  applicationId: string,
  deletable: {
    /** What was deleted already, for the result. */
    readonly ids: readonly string[];
    readonly files: readonly StoredFile[];
    readonly kept: readonly CatalogEntry[];
    readonly inUse: readonly CheckpointMetadata[];
  },
): Promise<Deletion> {
  const { ids, files, kept, inUse } = deletable;
  const listed = new Set<string>();
  const list = (metadata: CheckpointMetadata): void => {
    for (const { object } of filesOf(metadata)) listed.add(object);
  };
  inUse.forEach(list);
  const unreadable: string[] = [];
  for (const { id, metadata } of kept) {
    if (metadata === undefined) unreadable.push(id);
    else list(metadata);
  }
  const byObject = new Map(files.map((file) => [file.object, file]));
  const deleted = [...byObject.values()].filter(
    ({ object }) => !listed.has(object) && numberOfFile(applicationId, object) !== undefined,
  );
  if (deleted.length > 0 && unreadable.length > 0) {
    const left = `the metadata of ${unreadable.join(', ')} cannot be read, and may list them`;
    return { ids, files: 0, bytes: 0, left, unreadable };
  }
  if (deleted.length > 0) await store.delete(deleted.map(({ object }) => object));
  return { ids, files: deleted.length, bytes: sizeOf(deleted), left: undefined, unreadable: [] };
}
