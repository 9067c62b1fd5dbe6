import { checkpointId, numberOfCheckpointId, type CheckpointKind } from './checkpoint-id';
import type { CheckpointMetadata } from './checkpoint-metadata';
import { concurrently } from './concurrently';
import { SnapshotDamagedError, SnapshotMissingError } from './errors';
import { decodeMetadata } from './metadata-codec';
import { metadataObject, metadataPrefix } from './object-names';
import { readObject } from './read-object';
import type { SnapshotStore } from './snapshot-store';

/** A document in the store that should be the metadata of a checkpoint or savepoint. */
export interface MetadataDocument {
  readonly kind: CheckpointKind;
  readonly id: string;
  readonly object: string;
}

/** A checkpoint or savepoint, as far as its metadata says. */
export type CatalogEntry = CompleteEntry | DamagedEntry;

export interface CompleteEntry extends MetadataDocument {
  readonly status: 'complete';
  readonly number: number;
  readonly metadata: CheckpointMetadata;
}

/** Its metadata cannot be read. */
export interface DamagedEntry extends MetadataDocument {
  readonly status: 'damaged';
  /** Undefined for a savepoint, whose id does not say it. */
  readonly number: number | undefined;
  readonly damage: string;
  readonly metadata?: undefined;
}

const PARALLEL_READS = 8;
const SUFFIX = '.json';

/** Everything that looks like metadata, in no order. */
export async function listMetadata(store: SnapshotStore, applicationId: string): Promise<MetadataDocument[]> {
  const documents: MetadataDocument[] = [];
  for (const kind of ['checkpoint', 'savepoint'] as const) {
    const prefix = metadataPrefix(applicationId, kind);
    for await (const { name } of store.list(prefix)) {
      const id = name.slice(prefix.length, -SUFFIX.length);
      const isCheckpoint = numberOfCheckpointId(id) !== undefined;
      if (name.endsWith(SUFFIX) && !id.includes('/') && isCheckpoint === (kind === 'checkpoint'))
        documents.push({ kind, id, object: name });
    }
  }
  return documents;
}

/** Newest first, those without a number last. */
export async function listEntries(store: SnapshotStore, applicationId: string): Promise<CatalogEntry[]> {
  const documents = await listMetadata(store, applicationId);
  const entries = await concurrently(documents, PARALLEL_READS, (each, signal) =>
    readEntry(store, applicationId, each, signal),
  );
  return entries
    .filter((entry) => entry !== undefined)
    .sort((a, b) => (b.number ?? -1) - (a.number ?? -1) || (a.id < b.id ? -1 : 1));
}

/** Undefined when it was deleted meanwhile. */
export async function readEntry(
  store: SnapshotStore,
  applicationId: string,
  document: MetadataDocument,
  signal?: AbortSignal,
): Promise<CatalogEntry | undefined> {
  try {
    const metadata = await readMetadata(store, applicationId, document.kind, document.id, signal);
    return { ...document, status: 'complete', number: metadata.number, metadata };
  } catch (error) {
    if (error instanceof SnapshotMissingError) return undefined;
    if (!(error instanceof SnapshotDamagedError)) throw error;
    return { ...document, status: 'damaged', number: numberOfCheckpointId(document.id), damage: error.damage };
  }
}

/**
 * @throws {SnapshotMissingError}
 * @throws {SnapshotDamagedError} also when it is sound, and of something else
 * @throws {SnapshotStoreError}
 */
export async function readMetadata(
  store: SnapshotStore,
  applicationId: string,
  kind: CheckpointKind,
  id: string,
  signal?: AbortSignal,
): Promise<CheckpointMetadata> {
  const object = metadataObject(applicationId, kind, id);
  const origin = { store: store.description, object };
  const metadata = decodeMetadata(await readObject(store, object, signal), origin);
  const isOfThis = metadata.applicationId === applicationId && metadata.kind === kind && metadata.id === id;
  const fitsNumber = kind === 'savepoint' || id === checkpointId(metadata.number);
  if (!isOfThis || !fitsNumber) {
    const found = `${metadata.kind} '${metadata.id}' of application '${metadata.applicationId}'`;
    throw new SnapshotDamagedError(origin.store, object, `it is the metadata of ${found}, under another name`);
  }
  return metadata;
}
