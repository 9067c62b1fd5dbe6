import { SnapshotMissingError, SnapshotStoreError } from './errors';
import { checkName, checkPrefix } from './legal-names';
import { bytesOf } from './object-content';
import type { ObjectContent, SnapshotStore, StoredObject } from './snapshot-store';

const PIECE_BYTES = 64 * 1024;

/** Keeps objects in memory: for tests, the TopologyTestDriver and the simulation. Waits for nothing but what it is given. */
export class MemorySnapshotStore implements SnapshotStore {
  readonly description = 'memory';
  private readonly objects = new Map<string, { readonly bytes: Buffer; readonly modifiedAt: number }>();

  /** @param now milliseconds since 1970 */
  constructor(private readonly now: () => number = Date.now) {}

  async put(name: string, content: ObjectContent, signal?: AbortSignal): Promise<void> {
    checkName(this.description, 'Writing', name);
    try {
      this.objects.set(name, { bytes: await bytesOf(content, signal), modifiedAt: this.now() });
    } catch (error) {
      throw new SnapshotStoreError(this.description, name, 'Writing', error);
    }
  }

  async *get(name: string, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
    checkName(this.description, 'Reading', name);
    const bytes = this.objects.get(name)?.bytes;
    if (bytes === undefined) throw new SnapshotMissingError(this.description, name);
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
      this.check(signal, 'Reading', name);
      // A copy: who gets it may do with it what it likes.
      yield Buffer.from(bytes.subarray(from, from + PIECE_BYTES));
    }
    this.check(signal, 'Reading', name);
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<StoredObject, void> {
    checkPrefix(this.description, prefix);
    for (const [name, { bytes, modifiedAt }] of [...this.objects]) {
      this.check(signal, 'Listing', prefix);
      if (name.startsWith(prefix)) yield { name, sizeInBytes: bytes.length, modifiedAt };
    }
    this.check(signal, 'Listing', prefix);
  }

  async delete(names: readonly string[], signal?: AbortSignal): Promise<void> {
    for (const name of names) checkName(this.description, 'Deleting', name);
    for (const name of names) {
      this.check(signal, 'Deleting', name);
      this.objects.delete(name);
    }
  }

  close(): void {}

  private check(signal: AbortSignal | undefined, what: string, name: string): void {
    if (signal?.aborted === true) throw new SnapshotStoreError(this.description, name, what, signal.reason);
  }
}
