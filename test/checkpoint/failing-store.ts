import { SnapshotMissingError, SnapshotStoreError } from '../../src/checkpoint/errors';
import type { ObjectContent, SnapshotStore, StoredObject } from '../../src/checkpoint/snapshot-store';

/**
 * A snapshot store in memory that can break off: after `failAfter` writes and deletions of single objects every call fails, as if the
 * process had been killed there.
 */
export class FailingStore implements SnapshotStore {
  readonly description = 'memory';
  readonly objects = new Map<string, Buffer>();
  /** `put <name>` and `delete <name>`, in order. */
  readonly changes: string[] = [];
  /** `list <prefix>` and `get <name>`, in order. */
  readonly reads: string[] = [];
  failAfter = Infinity;
  private clock = 1_000;

  async put(name: string, content: ObjectContent): Promise<void> {
    const pieces: Uint8Array[] = [];
    if (content instanceof Uint8Array) pieces.push(content);
    else for await (const piece of content) pieces.push(piece);
    this.change('put', name);
    this.objects.set(name, Buffer.concat(pieces));
  }

  async *get(name: string): AsyncGenerator<Uint8Array> {
    this.reads.push(`get ${name}`);
    await this.answer(name);
    const content = this.objects.get(name);
    if (content === undefined) throw new SnapshotMissingError(this.description, name);
    const middle = content.length >> 1;
    yield content.subarray(0, middle);
    yield content.subarray(middle);
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    this.reads.push(`list ${prefix}`);
    await this.answer(prefix);
    for (const [name, content] of [...this.objects].reverse()) {
      if (name.startsWith(prefix)) yield { name, sizeInBytes: content.length, modifiedAt: this.clock++ };
    }
  }

  async delete(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.answer(name);
      this.change('delete', name);
      this.objects.delete(name);
    }
  }

  close(): void {
    // Nothing is open.
  }

  private change(what: string, name: string): void {
    if (this.failAfter <= 0) throw new SnapshotStoreError(this.description, name, 'Changing');
    this.failAfter--;
    this.changes.push(`${what} ${name}`);
  }

  private async answer(name: string): Promise<void> {
    await Promise.resolve();
    if (this.failAfter <= 0) throw new SnapshotStoreError(this.description, name, 'Reading');
  }
}
