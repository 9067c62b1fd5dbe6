import type { SnapshotStore } from './snapshot-store';

/** A small object as a whole. Throws what {@link SnapshotStore.get} throws. */
export async function readObject(store: SnapshotStore, name: string, signal?: AbortSignal): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of store.get(name, signal)) pieces.push(piece);
  return Buffer.concat(pieces);
}
