import { randomFillSync } from 'node:crypto';
import type { ObjectContent, SnapshotStore, StoredObject } from '../../src/checkpoint/snapshot-store';

/** Bytes that no two calls share. */
export function randomContent(size: number): Buffer {
  return randomFillSync(Buffer.alloc(size));
}

/** The bytes in pieces of these sizes, in turn. */
export async function* inPieces(bytes: Uint8Array, ...sizes: number[]): AsyncGenerator<Uint8Array, void> {
  for (let from = 0, turn = 0; from < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(from, from + size);
    from += size;
  }
}

export async function read(store: SnapshotStore, name: string): Promise<Buffer> {
  return collect(store.get(name));
}

export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

export async function listed(store: SnapshotStore, prefix: string): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of store.list(prefix)) objects.push(object);
  return objects.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export async function namesIn(store: SnapshotStore, prefix = ''): Promise<string[]> {
  return (await listed(store, prefix)).map(({ name }) => name);
}

/** Puts several objects, some at a time. */
export async function putAll(store: SnapshotStore, names: readonly string[], content: ObjectContent): Promise<void> {
  for (let from = 0; from < names.length; from += 32) {
    await Promise.all(names.slice(from, from + 32).map((name) => store.put(name, content)));
  }
}

/** What `pieces` gave before it failed, and the error. Fails when it does not. */
export async function failureOf(pieces: AsyncIterable<Uint8Array>): Promise<{ error: unknown; before: Buffer }> {
  const before: Uint8Array[] = [];
  try {
    for await (const piece of pieces) before.push(piece);
  } catch (error) {
    return { error, before: Buffer.concat(before) };
  }
  throw new Error('it did not fail');
}

/** Reads the first piece, and no more. */
export async function firstPiece(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined> {
  for await (const piece of pieces) return piece;
  return undefined;
}

/** Reads all pieces, and has something happen after each. */
export async function afterEachPiece(pieces: AsyncIterable<Uint8Array>, happen: () => unknown): Promise<void> {
  let read = 0;
  for await (const piece of pieces) {
    read += piece.length;
    await happen();
  }
  if (read === 0) throw new Error('there were no pieces');
}
