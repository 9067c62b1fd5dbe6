import type { CheckpointMetadata, SnapshotFile } from './checkpoint-metadata';

/** Every file that a checkpoint lists, each object once, whichever checkpoint it was written for. */
export function filesOf(metadata: CheckpointMetadata): SnapshotFile[] {
  const byObject = new Map<string, SnapshotFile>();
  for (const file of [
    ...metadata.tasks.flatMap(({ files }) => files),
    ...metadata.channels.flatMap(({ records }) => (records === undefined ? [] : [records])),
  ])
    byObject.set(file.object, file);
  return [...byObject.values()];
}

/** Bytes of all that a checkpoint lists, shared files included: what a restore reads. */
export function fullBytes(metadata: CheckpointMetadata): number {
  return sizeOf(filesOf(metadata));
}

export function sizeOf(files: readonly { readonly sizeInBytes: number }[]): number {
  return files.reduce((sum, { sizeInBytes }) => sum + sizeInBytes, 0);
}
