import { SnapshotMissingError, SnapshotStoreError } from '../../src/checkpoint/errors';
import type { ObjectContent, SnapshotStore, StoredObject } from '../../src/checkpoint/snapshot-store';

/** Objects in memory, open to whoever wants to damage them, with a count of what is under way. */
export class TestSnapshotStore implements SnapshotStore {
  readonly description = 'test store';
  readonly objects = new Map<string, Buffer>();
  /** Called for each piece that is written or read. */
  onPiece: (object: string, piece: Uint8Array) => void | Promise<void> = () => undefined;
  underWay = 0;
  mostUnderWay = 0;

  async put(name: string, content: ObjectContent, signal?: AbortSignal): Promise<void> {
    await this.counted(async () => {
      const pieces: Uint8Array[] = [];
      try {
        for await (const piece of content instanceof Uint8Array ? [content] : content) {
          await this.onPiece(name, piece);
          signal?.throwIfAborted();
          pieces.push(Buffer.from(piece));
        }
        signal?.throwIfAborted();
      } catch (error) {
        throw new SnapshotStoreError(this.description, name, 'Writing', error);
      }
      this.objects.set(name, Buffer.concat(pieces));
    });
  }

  async *get(name: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const bytes = this.objects.get(name);
    if (bytes === undefined) throw new SnapshotMissingError(this.description, name);
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    try {
      for (let start = 0; start < bytes.length; start += 50_000) {
        const piece = bytes.subarray(start, start + 50_000);
        await this.onPiece(name, piece);
        if (signal?.aborted === true)
          throw new SnapshotStoreError(this.description, name, 'Reading', signal.reason as unknown);
        yield piece;
      }
    } finally {
      this.underWay--;
    }
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    for (const [name, bytes] of this.objects)
      if (name.startsWith(prefix)) yield { name, sizeInBytes: bytes.length, modifiedAt: 0 };
  }

  async delete(names: readonly string[]): Promise<void> {
    for (const name of names) this.objects.delete(name);
  }

  close(): void {
    return;
  }

  private async counted(work: () => Promise<void>): Promise<void> {
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    try {
      await work();
    } finally {
      this.underWay--;
    }
  }
}
