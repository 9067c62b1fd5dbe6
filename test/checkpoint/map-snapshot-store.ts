import { SnapshotMissingError } from '../../src/checkpoint/errors';
import type { ObjectContent, SnapshotStore, StoredObject } from '../../src/checkpoint/snapshot-store';

/** Objects in memory, to be looked at and changed by tests. */
export class MapSnapshotStore implements SnapshotStore {
  readonly description = 'memory';
  readonly objects = new Map<string, Buffer>();

  /** @param pieceBytes - in pieces of what size objects are read */
  constructor(private readonly pieceBytes = 64 * 1024) {}

  async put(name: string, content: ObjectContent): Promise<void> {
    const pieces: Uint8Array[] = [];
    if (content instanceof Uint8Array) pieces.push(content);
    else for await (const piece of content) pieces.push(piece);
    this.objects.set(name, Buffer.concat(pieces));
  }

  async *get(name: string): AsyncGenerator<Uint8Array> {
    const content = this.objects.get(name);
    if (content === undefined) throw new SnapshotMissingError(this.description, name);
    for (let at = 0; at < content.length; at += this.pieceBytes) yield content.subarray(at, at + this.pieceBytes);
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    for (const [name, { length }] of this.objects)
      if (name.startsWith(prefix)) yield { name, sizeInBytes: length, modifiedAt: 0 };
  }

  async delete(names: readonly string[]): Promise<void> {
    for (const name of names) this.objects.delete(name);
  }

  close(): void {}
}
